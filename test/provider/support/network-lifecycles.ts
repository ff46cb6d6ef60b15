/** Network lifecycles: what networks and all that is about them go through. */
import { found, type Lifecycle, lastOf } from "./lifecycle";

/** @param reverse name of a zone that is made and taken away */
export const networkLifecycles = (reverse: string): Lifecycle[] => [
  {
    kind: "network",
    inputs: () => ({ name: "net1", config: { "ipv4.address": "10.99.1.1/24" } }),
    update: { config: { "ipv4.address": "10.99.1.1/24", "ipv4.dhcp.expiry": "2h" } },
    replace: () => ({ name: "net2" }),
    replacing: ["name"],
    drift: (client, id) => client.patchNetwork(id, { config: { "ipv4.address": "10.99.7.1/24" } }),
    remove: (client, id) => client.deleteNetwork(id),
    isThere: (client, id) => found(client.getNetwork(id)),
    output: "ipv4Address",
    refused: { inputs: () => ({ name: "net1" }), error: /Cannot create network "net1": name: .*exists/i },
  },
  {
    kind: "network-acl",
    inputs: () => ({
      name: "web",
      ingress: [
        { action: "allow", protocol: "tcp", destinationPort: "80, 443", source: "10.0.0.0/8, 192.0.2.1" },
        { action: "reject", state: "logged" },
      ],
      config: { "user.note": "a" },
    }),
    update: {
      ingress: [{ action: "allow", state: "enabled", protocol: "tcp", destinationPort: 22, source: "" }],
      egress: [{ action: "drop", destination: "192.0.2.0/24", description: "not there" }],
      description: "two",
    },
    replace: () => ({ name: "web2" }),
    replacing: ["name"],
    drift: async (client, id) => {
      const { value } = await client.getNetworkAcl(id);
      await client.updateNetworkAcl(id, { config: value.config, description: "by hand" });
    },
    remove: (client, id) => client.deleteNetworkAcl(id),
    isThere: (client, id) => found(client.getNetworkAcl(id)),
    output: "name",
    refused: { inputs: () => ({ name: "web" }), error: /Cannot create network acl "web": name: .*already exists/i },
  },
  {
    kind: "network-address-set",
    inputs: () => ({ name: "offices", addresses: [" 192.0.2.1", "10.1.2.0/24", "2001:db8::/32"], description: "one" }),
    update: { addresses: ["192.0.2.7"], description: "two", config: { "user.note": "x" } },
    replace: () => ({ name: "offices2" }),
    replacing: ["name"],
    drift: async (client, id) => {
      const { config } = (await client.getNetworkAddressSet(id)).value;
      await client.updateNetworkAddressSet(id, { config, addresses: ["192.0.2.9"] });
    },
    remove: (client, id) => client.deleteNetworkAddressSet(id),
    isThere: (client, id) => found(client.getNetworkAddressSet(id)),
    output: "name",
    refused: {
      inputs: () => ({ name: "offices" }),
      error: /Cannot create network address set "offices": name: .*already exists/i,
    },
  },
  {
    kind: "network-forward",
    prepare: async (client) => {
      await client.createNetwork({ name: "fwd0", config: { "ipv4.address": "10.99.2.1/24" } });
      return () => client.deleteNetwork("fwd0");
    },
    missingId: "fwd0/192.0.2.99",
    inputs: () => ({
      network: "fwd0",
      listenAddress: "192.0.2.10",
      ports: [
        { listenPort: "80, 443", targetAddress: "10.99.2.20", targetPort: "8080, 8443" },
        { listenPort: 53, targetAddress: "10.99.2.20", protocol: "udp", description: "names" },
      ],
    }),
    update: {
      ports: [{ listenPort: "90-95", targetAddress: "10.99.2.21", protocol: "tcp" }],
      config: { target_address: "10.99.2.22", "user.note": "x" },
      description: "two",
    },
    replace: () => ({ listenAddress: "192.0.2.11" }),
    replacing: ["network", "listenAddress"],
    // LXD 5.0.2 dies of a PATCH that names no config.
    drift: async (client, id) => {
      const { config } = (await client.getNetworkForward("fwd0", lastOf(id))).value;
      await client.updateNetworkForward("fwd0", lastOf(id), { config, description: "by hand" });
    },
    remove: (client, id) => client.deleteNetworkForward("fwd0", lastOf(id)),
    isThere: (client, id) => found(client.getNetworkForward("fwd0", lastOf(id))),
    output: "listenAddress",
    refused: {
      inputs: () => ({
        network: "fwd0",
        listenAddress: "192.0.2.12",
        ports: [{ listenPort: "80", targetAddress: "10.98.0.1" }],
      }),
      error:
        /Cannot create network forward "192\.0\.2\.12": ports\[0\]\.targetAddress: .*not within the network subnet/,
    },
  },
  {
    kind: "network-zone",
    inputs: () => ({ name: "lab.example", config: { "dns.nameservers": "ns1.example.org" } }),
    update: {
      description: "two",
      config: {
        "network.nat": false,
        "peers.one.address": "192.0.2.53",
        "peers.one.key": "c2VjcmV0",
        "user.note": "x",
      },
    },
    replace: () => ({ name: "lab2.example" }),
    replacing: ["name"],
    drift: (client, id) => client.patchNetworkZone(id, { config: { "dns.nameservers": "ns2.example.org" } }),
    remove: (client, id) => client.deleteNetworkZone(id),
    isThere: (client, id) => found(client.getNetworkZone(id)),
    output: "name",
    refused: {
      inputs: () => ({ name: "lab.example" }),
      error: /Cannot create network zone "lab\.example": name: .*already exists/i,
    },
  },
  {
    kind: "network-zone-record",
    prepare: async (client) => {
      await client.createNetworkZone({ name: reverse });
      return () => client.deleteNetworkZone(reverse);
    },
    missingId: "nowhere.example/none",
    inputs: () => ({
      zone: reverse,
      name: "1",
      entries: [
        { type: "PTR", value: "web.lab.example.", ttl: 0 },
        { type: "TXT", value: "one two", ttl: 60 },
      ],
    }),
    update: {
      entries: [{ type: "PTR", value: "web.lab.example.", ttl: 3600 }],
      description: "two",
      config: { "user.note": "x" },
    },
    replace: () => ({ name: "@" }),
    replacing: ["zone", "name"],
    drift: (client, id) => client.patchNetworkZoneRecord(reverse, lastOf(id), { entries: [] }),
    remove: (client, id) => client.deleteNetworkZoneRecord(reverse, lastOf(id)),
    isThere: (client, id) => found(client.getNetworkZoneRecord(reverse, lastOf(id))),
    output: "zone",
    refused: {
      inputs: () => ({ zone: "nowhere.example", name: "www" }),
      error: /Cannot create network zone record "www": zone: .*not found/i,
    },
  },
];
