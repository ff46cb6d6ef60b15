// A whole Debian 12: systemd as its init, its own DHCP client, and nginx from the image.
import * as bothy from "bothy";

const web = new bothy.Container("web", {
  name: "debian-web",
  image: "template:debian/12-nginx",
  config: { "limits.memory": "512MiB" },
  files: { "/var/www/html/index.html": { content: "Hello from Debian.\n" } },
  // Ready when systemd has started everything, nginx among it; a failed unit makes this fail, too.
  wait: { command: ["systemctl", "is-system-running", "--wait"], timeoutSeconds: 120 },
  // The first container of a template waits for the image to be built.
  timeouts: { createSeconds: 1200 },
});

export const address = web.ipv4Address;
export const status = web.status;
