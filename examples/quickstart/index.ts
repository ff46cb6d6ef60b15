// A web server and a client of it, each a machine container, on a pool, a network and a profile of their own.
import * as pulumi from "@pulumi/pulumi";
import * as bothy from "bothy";

const memory = new pulumi.Config().require("memory");

const pool = new bothy.StoragePool("pool", { name: "quickstart", driver: "overlay" });

const network = new bothy.Network("network", { name: "quickstart0" });

const small = new bothy.Profile("small", {
  name: "quickstart-small",
  config: { "limits.memory": memory, "limits.processes": "100" },
  devices: {
    root: { type: "disk", path: "/", pool },
    eth0: { type: "nic", name: "eth0", network },
  },
});

const web = new bothy.Container("web", {
  name: "web",
  image: "template:busybox",
  profiles: [small],
  files: {
    "/etc/rc.local": { mode: "0755", content: "#!/bin/sh\nhttpd -h /var/www\n" },
    "/var/www/index.html": { content: "Hello from a machine container.\n" },
  },
});

// Ready when it has fetched the page by the name that the network's DNS gives to the other container.
const probe = new bothy.Container("probe", {
  name: "probe",
  image: "template:busybox",
  profiles: [small],
  wait: {
    command: ["wget", "-q", "-O", "/root/page", pulumi.interpolate`http://${web.name}/`],
    timeoutSeconds: 60,
  },
});

const before = new bothy.Snapshot("before", { instance: web, name: "before" });

export const gateway = network.ipv4Address;
export const webAddress = web.ipv4Address;
export const probeAddress = probe.ipv4Address;
export const snapshot = before.name;
