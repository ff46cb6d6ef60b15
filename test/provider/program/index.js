// The program of engine.test.ts: every kind once, steered by stack configuration.
const pulumi = require("@pulumi/pulumi");
const bothy = require("bothy");

const config = new pulumi.Config();
const password = config.requireSecret("password");

const pool = new bothy.StoragePool("pool", { driver: "dir" });
const acl = new bothy.NetworkAcl("acl", {
  ingress: [{ action: "allow", protocol: "tcp", destinationPort: "80, 443" }],
});
const zone = new bothy.NetworkZone("zone", { name: "lab.example" });
new bothy.NetworkZoneRecord("record", { zone, name: "www", entries: [{ type: "A", value: "192.0.2.10", ttl: 60 }] });
const network = new bothy.Network("net", {
  config: { "ipv4.address": "10.88.0.1/24", "security.acls": acl.name, "dns.zone.forward": zone.name },
});
new bothy.NetworkForward("forward", {
  network,
  listenAddress: "192.0.2.10",
  ports: [{ listenPort: "80, 443", targetAddress: "10.88.0.200" }],
});
const base = new bothy.Profile("base", {
  config: { "limits.memory": config.require("memory"), "user.password": password },
  devices: {
    root: { type: "disk", path: "/", pool },
    eth0: { type: "nic", name: "eth0", network },
  },
});
const image = new bothy.Image("busybox", { template: "busybox", aliases: ["engine-test"] });
const web = new bothy.Container("web", {
  name: config.require("name"),
  image,
  profiles: [base],
  config: { "user.password": password },
  files: { "/etc/password": { content: pulumi.interpolate`password=${password}\n`, mode: "0600" } },
  wait: { command: ["test", "-e", config.require("awaited")], timeoutSeconds: 2 },
});
const before = new bothy.Snapshot("before", { instance: web });
const seen = bothy.Network.get("seen", network.name);

const server = new bothy.ServerConfig("server", { config: { "core.https_address": "127.0.0.1:8443" } });
new bothy.Certificate("trusted", { certificate: config.require("certificate") });
new bothy.TrustToken("token", { restricted: true, projects: ["default"] }, { dependsOn: [server] });

exports.address = web.ipv4Address;
exports.container = web.name;
exports.image = image.fingerprint;
exports.seen = seen.ipv4Address;
exports.snapshot = before.name;
