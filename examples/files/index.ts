// A web server of busybox: a folder of this program, a command that runs when it changes, and a port of the host.
import * as pulumi from "@pulumi/pulumi";
import * as bothy from "bothy";

const web = new bothy.Container("web", {
  image: "template:busybox",
  limits: { memory: "64MiB", processes: 100 },
  ports: [{ host: 8080, container: 80 }],
  files: { "/etc/rc.local": { mode: "0755", content: "#!/bin/sh\nmkdir -p /srv/www\nhttpd -p 80 -h /srv/www\n" } },
  // Ready when somebody listens; the time-out of one that is not says who does.
  wait: { all: [{ for: "ipv4" }, { for: "port", port: 80 }], timeoutSeconds: 30 },
});

// Files that change here change there, and so does what somebody changes there.
const site = new bothy.File("site", {
  instance: web,
  path: "/srv/www",
  source: new pulumi.asset.FileArchive("site"),
});

// Runs when it is made, and once more for each change of the folder.
const sum = new bothy.Exec("sum", {
  instance: web,
  create: ["sha256sum", "/srv/www/index.html"],
  triggers: [site.hash.apply((hash) => hash ?? "")],
});

export const address = web.ipv4Address;
export const checksum = sum.stdout;
