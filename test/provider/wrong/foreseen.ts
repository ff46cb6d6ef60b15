/** Wrong programs that only a server can tell: what a preview says of each, with the property that is wrong where the server's words tell it. */
import type { Props } from "../../../provider/core/engine/values";

export interface Foreseen {
  readonly kind: string;
  readonly inputs: Props;
  /** What the preview tells. */
  readonly told: RegExp;
  /** What up says, where that is said otherwise. */
  readonly up?: RegExp;
}

const busybox = "template:busybox";
const taken = (kind: string, name: string) => ({
  told: new RegExp(`the server has a ${kind} "${name}" already\\. Choose another name`),
  up: /already (exists|in use)/i,
});

/**
 * On a daemon with pools `default` and `pool0`, networks `net1` and `net2`, a zone, a stopped container `plain`, and one of each that is `taken`. What lies in
 * another object is not planned after that one in the same process: there it would come.
 */
export const foreseenHere: readonly Foreseen[] = [
  { kind: "container", inputs: { name: "web", image: "nosuch" }, told: /image: .*not found/i },
  {
    kind: "container",
    inputs: { name: "web", image: busybox, type: "virtual-machine" },
    told: /type: Bothy makes containers only/,
  },
  {
    kind: "container",
    inputs: { name: "web", image: busybox, profiles: ["nosuch"] },
    told: /profiles: .*"?nosuch"?/i,
  },
  {
    kind: "container",
    inputs: { name: "web", image: busybox, nics: [{ network: "nosuch" }] },
    told: /devices: .*"nosuch" of device "eth0"/,
  },
  {
    kind: "container",
    inputs: { name: "web", image: busybox, disks: [{ path: "/", pool: "nosuch" }] },
    told: /devices: .*pool not found/i,
  },
  { kind: "container", inputs: { name: "taken", image: busybox }, ...taken("container", "taken") },
  { kind: "storage-pool", inputs: { name: "pool0", driver: "dir" }, ...taken("storage pool", "pool0") },
  { kind: "profile", inputs: { name: "taken" }, ...taken("profile", "taken") },
  {
    kind: "profile",
    inputs: { name: "new", devices: { eth0: { type: "nic", network: "net1", "security.acls": "nosuch" } } },
    told: /eth0.*nosuch/i,
  },
  { kind: "project", inputs: { name: "taken" }, ...taken("project", "taken") },
  { kind: "network", inputs: { name: "net3", config: { "ipv4.address": "10.181.9.129/25" } }, told: /10\.181\.9\./ },
  {
    kind: "network",
    inputs: { name: "net3", config: { "security.acls": "nosuch" } },
    told: /ACL "nosuch" does not exist/,
  },
  {
    kind: "network",
    inputs: { name: "net3", config: { "dns.zone.forward": "nowhere.example" } },
    told: /nowhere\.example/,
  },
  {
    kind: "network",
    inputs: { name: "net3", type: "macvlan", config: { parent: "nosuch0" } },
    told: /Parent interface "nosuch0" not found/,
  },
  { kind: "network-acl", inputs: { name: "taken" }, ...taken("network acl", "taken") },
  {
    kind: "network-acl",
    inputs: { name: "web", ingress: [{ action: "allow", source: "$nosuch" }] },
    told: /set "nosuch" does not exist/,
  },
  { kind: "network-address-set", inputs: { name: "taken" }, ...taken("network address set", "taken") },
  {
    kind: "network-forward",
    inputs: { network: "nowhere", listenAddress: "192.0.2.11" },
    told: /network: .*not found/i,
  },
  {
    kind: "network-forward",
    inputs: { network: "net1", listenAddress: "10.181.9.7" },
    told: /"10\.181\.9\.7\/32" overlaps with another network/,
  },
  {
    kind: "network-forward",
    inputs: { network: "net1", listenAddress: "192.0.2.10" },
    told: /the server has a network forward "192\.0\.2\.10" already/,
    up: /already exists/,
  },
  {
    kind: "network-forward",
    inputs: { network: "net1", listenAddress: "192.0.2.12", config: { target_address: "10.9.9.9" } },
    told: /target/i,
  },
  { kind: "network-zone", inputs: { name: "lab.example" }, ...taken("network zone", "lab.example") },
  { kind: "network-zone-record", inputs: { zone: "nowhere.example", name: "a" }, told: /zone: .*not found/i },
  { kind: "storage-volume", inputs: { pool: "nosuch", name: "v" }, told: /pool: .*not found/i },
  { kind: "storage-volume", inputs: { pool: "default", name: "taken" }, ...taken("storage volume", "taken") },
  { kind: "snapshot", inputs: { instance: "nosuch", name: "s" }, told: /instance: .*not found/i },
  { kind: "snapshot", inputs: { instance: "plain", name: "taken" }, ...taken("snapshot", "taken") },
  { kind: "network", inputs: { name: "net2" }, ...taken("network", "net2") },
  { kind: "image", inputs: { template: "nosuch" }, told: /template: .*nosuch/ },
  ...(
    [
      ["storage-bucket", { pool: "default", name: "data" }, "storage_buckets"],
      ["storage-bucket-key", { pool: "default", bucket: "data", name: "k" }, "storage_buckets"],
      ["network-load-balancer", { network: "net1", listenAddress: "192.0.2.20" }, "network_load_balancer"],
      ["cluster-group", { name: "fast", members: [] }, "clustering_groups"],
    ] as const
  ).map(([kind, inputs, extension]) => ({
    kind,
    inputs,
    told: new RegExp(`has no such ${kind.replaceAll("-", " ")}: it lacks the API extension "${extension}"`),
  })),
  {
    kind: "network-peer",
    inputs: { network: "net1", name: "p", targetNetwork: "net2" },
    told: /does not support peering/,
  },
];

const unknownThere = (property: string, extension: string) =>
  new RegExp(
    `${property.replace(/[[\].]/g, "\\$&")}: the server "far" \\(incus 6\\.0\\.4\\) at ".*" does not know that: it lacks the API extension "${extension}"`,
  );

/** What Bothy's own servers alone have, on a server of somebody else. */
export const foreseenElsewhere: readonly Foreseen[] = (
  [
    [
      "profile",
      { name: "p", config: { "security.syscalls.permit": "io_uring" } },
      'config["security.syscalls.permit"]',
      "bothy_syscalls_permit",
    ],
    [
      "network",
      { name: "net0", config: { "bridge.isolated": "true" } },
      'config["bridge.isolated"]',
      "bothy_network_isolated",
    ],
    ["project", { name: "l", config: { "expiry.at": "2030-01-31T12:00:00Z" } }, 'config["expiry.at"]', "bothy_expiry"],
    ["image", { template: "busybox" }, "template", "bothy_templates"],
    ["container", { name: "web", image: busybox }, "image", "bothy_templates"],
    [
      "container",
      {
        name: "web",
        image: "i",
        devices: { lan: { type: "nic", network: "n", "security.egress.allow": "registry.example.org:443" } },
      },
      'devices.lan["security.egress.allow"]',
      "bothy_network_egress",
    ],
    [
      "container",
      { name: "web", image: "i", restartPolicy: "unless-stopped" },
      "restartPolicy",
      "instance_auto_restart",
    ],
  ] as const
).map(([kind, inputs, property, extension]) => ({ kind, inputs, told: unknownThere(property, extension) }));
