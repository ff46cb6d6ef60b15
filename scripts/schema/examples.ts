/** Examples: one program for each kind, by its name in programs. */
import { type Example, type ExampleMap, type ExampleResource, ref } from "./example";

const of = (type: string, name: string, inputs: ExampleMap, ...after: string[]): ExampleResource =>
  after.length === 0 ? { name, type, inputs } : { name, type, inputs, after };

const lan = of("Network", "lan", { config: { "ipv4.address": "10.77.0.1/24", "ipv6.address": "none" } });
const web = of("Container", "web", { image: "images:debian/12" });
const data = of("StorageVolume", "data", { pool: "default", config: { size: "1GiB" } });
const zone = of("NetworkZone", "zone", { name: "lab.example" });
const bucket = of("StorageBucket", "files", { pool: "s3", config: { size: "1GiB" } });

export const examples: Readonly<Record<string, Example>> = {
  Backup: [
    web,
    of("Backup", "nightly", { instance: ref("web"), expiresAt: "2030-01-31T12:00:00Z", file: "/srv/web.tar.gz" }),
  ],
  Certificate: [
    of("Project", "lab", { config: { "features.images": "false" } }),
    of("Certificate", "laptop", {
      certificate: "-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n",
      restricted: true,
      projects: [ref("lab")],
    }),
  ],
  ClusterGroup: [of("ClusterGroup", "fast", { members: ["node1", "node2"], description: "Machines with NVMe." })],
  Container: [
    lan,
    data,
    of("Container", "web", {
      image: "images:debian/12",
      limits: { memory: "512MiB", cpus: "2" },
      nics: [{ network: ref("lan"), ipv4Address: "10.77.0.9" }],
      disks: [{ path: "/srv/data", pool: "default", volume: ref("data") }],
      ports: [{ host: 8080, container: 80 }],
      files: { "/etc/motd": { content: "Welcome.\n" } },
      restartPolicy: "unless-stopped",
      wait: { command: ["systemctl", "is-system-running", "--wait"], timeoutSeconds: 300 },
    }),
  ],
  Device: [
    web,
    data,
    of("Device", "srv", {
      instance: ref("web"),
      name: "srv",
      type: "disk",
      properties: { pool: "default", source: ref("data"), path: "/srv" },
    }),
  ],
  Exec: [
    web,
    of("Exec", "packages", {
      instance: ref("web"),
      create: ["apt-get", "install", "--yes", "nginx"],
      delete: ["apt-get", "remove", "--yes", "nginx"],
      environment: { DEBIAN_FRONTEND: "noninteractive" },
      timeoutSeconds: 600,
    }),
  ],
  File: [web, of("File", "motd", { instance: ref("web"), path: "/etc/motd", content: "Welcome.\n", mode: "0644" })],
  Image: [
    of("Image", "base", { template: "busybox", aliases: ["base"] }),
    of("Container", "web", { image: ref("base", "fingerprint") }),
  ],
  Network: [
    of("Network", "lan", {
      config: { "ipv4.address": "10.77.0.1/24", "ipv4.nat": "true", "ipv6.address": "none" },
      description: "Where the shop's containers are.",
    }),
    of("Container", "web", { image: "images:debian/12", nics: [{ network: ref("lan") }] }),
  ],
  NetworkAcl: [
    of("NetworkAcl", "judge", {
      ingress: [{ action: "allow", protocol: "tcp", destinationPort: "80,443", description: "Web." }],
      egress: [{ action: "reject", destination: "10.0.0.0/8" }],
    }),
    of("Network", "lan", { config: { "security.acls": ref("judge") } }),
  ],
  NetworkAddressSet: [
    of("NetworkAddressSet", "offices", { name: "offices", addresses: ["192.0.2.0/24", "2001:db8::/32"] }),
    of(
      "NetworkAcl",
      "judge",
      { ingress: [{ action: "allow", source: "$offices", protocol: "tcp", destinationPort: "22" }] },
      "offices",
    ),
  ],
  NetworkForward: [
    lan,
    of("NetworkForward", "door", {
      network: ref("lan"),
      listenAddress: "192.0.2.10",
      ports: [{ listenPort: "80,443", targetAddress: "10.77.0.9" }],
    }),
  ],
  NetworkLoadBalancer: [
    of("NetworkLoadBalancer", "balancer", {
      network: "ovn1",
      listenAddress: "192.0.2.20",
      backends: [
        { name: "one", targetAddress: "10.88.0.2", targetPort: "80" },
        { name: "two", targetAddress: "10.88.0.3", targetPort: "80" },
      ],
      ports: [{ listenPort: "80", targetBackends: ["one", "two"] }],
    }),
  ],
  NetworkPeer: [
    of("NetworkPeer", "bridge", { network: "ovn1", name: "to-lab", targetNetwork: "ovn2", targetProject: "lab" }),
  ],
  NetworkZone: [
    of("NetworkZone", "zone", { name: "lab.example", config: { "dns.nameservers": "ns1.lab.example" } }),
    of("Network", "lan", { config: { "dns.zone.forward": ref("zone") } }),
  ],
  NetworkZoneRecord: [
    zone,
    of("NetworkZoneRecord", "mail", {
      zone: ref("zone"),
      name: "@",
      entries: [{ type: "MX", value: "10 mail.example.org.", ttl: 3600 }],
    }),
  ],
  Profile: [
    of("Profile", "small", {
      config: { "limits.memory": "128MiB", "limits.cpu": "1" },
      devices: { eth0: { type: "nic", network: "bothybr0" }, root: { type: "disk", path: "/", pool: "default" } },
    }),
    of("Container", "web", { image: "images:debian/12", profiles: [ref("small")] }),
  ],
  Project: [
    of("Project", "lab", {
      config: { "features.images": "false", "features.profiles": "true", "limits.containers": "10" },
      description: "For whoever tries something.",
    }),
  ],
  ServerConfig: [of("ServerConfig", "server", { config: { "core.https_address": ":8443" } })],
  Snapshot: [
    web,
    of("Snapshot", "before", { instance: ref("web"), name: "before", expiresAt: "2030-01-31T12:00:00Z" }),
    of("Container", "copy", { source: { instance: ref("web"), snapshot: ref("before") } }),
  ],
  StorageBucket: [bucket],
  StorageBucketKey: [bucket, of("StorageBucketKey", "reader", { pool: "s3", bucket: ref("files"), role: "read-only" })],
  StoragePool: [
    of("StoragePool", "fast", { driver: "btrfs", config: { size: "20GiB" } }),
    of("Container", "web", { image: "images:debian/12", disks: [{ path: "/", pool: ref("fast"), size: "5GiB" }] }),
  ],
  StorageVolume: [
    data,
    of("Container", "web", {
      image: "images:debian/12",
      disks: [{ path: "/srv", pool: "default", volume: ref("data") }],
    }),
  ],
  TrustToken: [
    of("ServerConfig", "server", { config: { "core.https_address": ":8443" } }),
    of("TrustToken", "laptop", { name: "laptop", restricted: true, projects: ["default"] }, "server"),
  ],
};
