/** Wrong inputs of networks, and what belongs to them. */
import type { WrongInput } from "./wrong-input";

export const wrongNetworks: readonly WrongInput[] = [
  { kind: "network", inputs: { name: "a-name-of-20-letters" }, failures: { name: /at most 15 characters/ } },
  {
    kind: "network",
    inputs: { name: "net0", type: "ovn" },
    failures: { type: /must be one of bridge, macvlan, physical, sriov\. LXD's "ovn" is not here yet/ },
  },
  {
    kind: "network",
    inputs: { name: "net0", config: { "ipv4.address": "10.0.0.1" } },
    failures: { 'config["ipv4.address"]': /prefix length/ },
  },
  ...(
    [
      ["10.0.0.0/24", /own address.*Did you mean "10\.0\.0\.1\/24"/],
      ["10.0.0.255/24", /broadcast/],
      ["127.0.0.1/24", /not an address that a host can have/],
      ["10.0.0.1/33", /prefix length/],
      ["10.0.0.256/24", /prefix length/],
      ["10.0.0.1/31", /prefix length/],
    ] as const
  ).map(([address, reason]) => ({
    kind: "network",
    inputs: { name: "net0", config: { "ipv4.address": address } },
    failures: { 'config["ipv4.address"]': reason },
  })),
  {
    kind: "network",
    inputs: {
      name: "net0",
      config: {
        "ipv4.address": "10.0.0.1/24",
        "ipv4.dhcp.ranges": "10.0.0.9-10.0.0.2,10.0.1.2-10.0.1.9,10.0.0.2-10.0.0.9",
      },
    },
    failures: { 'config["ipv4.dhcp.ranges"]': /10\.0\.1\.2-10\.0\.1\.9 is not a range inside 10\.0\.0\.0\/24/ },
  },
  {
    kind: "network-acl",
    inputs: {
      name: "1a",
      ingress: [
        { action: "alow", state: "on" },
        { action: "allow-stateless" },
        { action: "allow", source: "10.0.0.0/33" },
        { action: "allow", protocol: "tcp", destinationPort: "80-70" },
        { action: "drop", icmpType: "8" },
        { action: "drop" },
        { action: "drop", state: "enabled" },
        "drop",
      ],
      egress: [{ source: "10.0.0.1", destination: "fd00::1", action: "drop" }, { action: "drop", speed: "1" }, {}],
      config: { speed: "1" },
    },
    failures: {
      name: /must not start with a number/,
      "ingress[0].action": /must be one of allow, drop, reject\. Did you mean "allow"/,
      "ingress[0].state": /must be one of enabled, disabled, logged/,
      "ingress[1].action": /LXD's "allow-stateless" is not here yet/,
      "ingress[2].source": /Invalid subject "10\.0\.0\.0\/33"/,
      "ingress[3].destinationPort": /Start port 80 must be lower/,
      "ingress[4].icmpType": /cannot be used without specifying protocol/,
      "ingress[6]": /is the same as ingress\[5\]/,
      "ingress[7]": /must be a map/,
      "egress[0].destination": /Conflicting IP family/,
      "egress[1].speed": /is not a property here/,
      "egress[2].action": /is required/,
      "config.speed": /Unknown configuration key/,
    },
  },
  {
    kind: "network-address-set",
    inputs: {
      name: "$a",
      addresses: ["10.0.0.1", "10.0.0.0/33", " 10.0.0.1", 7],
      config: { speed: "1" },
    },
    failures: {
      name: /cannot start with reserved character/i,
      "addresses[1]": /must be an address or a subnet/,
      "addresses[2]": /is the same as addresses\[0\]/,
      "addresses[3]": /must be text/,
      "config.speed": /Unknown configuration key/,
    },
  },
  { kind: "network-forward", inputs: {}, failures: { network: /is required/, listenAddress: /is required/ } },
  {
    kind: "network-forward",
    inputs: {
      network: "net0",
      listenAddress: "192.0.2.10",
      ports: [
        { listenPort: "80,90-95", targetAddress: "10.0.0.2" },
        { listenPort: 91, targetAddress: "fd00::2" },
        { listenPort: 91, targetAddress: "web", protocol: "udp" },
        { listenPort: "0", targetAddress: "10.0.0.2", targetPort: "1-", protocol: "sctp" },
        { listenPort: "1-3", targetAddress: "10.0.0.2", targetPort: "4,5" },
        { targetAddress: "10.0.0.2" },
      ],
      config: { target_address: "fd00::3", target: "x" },
    },
    failures: {
      "ports[1].targetAddress": /same family as "listenAddress"/,
      "ports[1].listenPort": /has port 91, which is in ports\[0\] already/,
      "ports[2].targetAddress": /must be an address of IPv4 or IPv6/,
      "ports[3].listenPort": /holds no ports: Port 0 is not one from 1 to 65535/,
      "ports[3].targetPort": /holds no ports/,
      "ports[3].protocol": /must be one of tcp, udp/,
      "ports[4].targetPort": /has 2 ports for the 3 that it listens on/,
      "ports[5].listenPort": /is required/,
      "config.target_address": /same family/,
      "config.target": /Unknown configuration key/,
    },
  },
  {
    kind: "network-forward",
    inputs: { network: "net0", listenAddress: "192.0.2.0/24" },
    failures: { listenAddress: /must be an address/ },
  },
  { kind: "network-zone", inputs: {}, failures: { name: /^is required$/ } },
  {
    kind: "network-zone",
    inputs: {
      name: "lab..example",
      config: { "network.nat": "perhaps", "dns.nameserver": "ns1", "peers.a.b.key": "x" },
    },
    failures: {
      name: /Invalid zone name "lab\.\.example"/,
      'config["network.nat"]': /true or false/,
      'config["dns.nameserver"]': /Did you mean "dns\.nameservers"/,
      'config["peers.a.b.key"]': /Unknown|peer/,
    },
  },
  { kind: "network-zone-record", inputs: {}, failures: { zone: /is required/, name: /^is required$/ } },
  {
    kind: "network-zone-record",
    inputs: {
      zone: "lab.example",
      name: "",
      entries: [
        { type: "A", value: "fd00::1" },
        { type: "AAA", value: "fd00::1" },
        { type: "TXT", value: "a", ttl: -1 },
        { type: "TXT", value: "a", ttl: 60 },
        { type: "A" },
      ],
    },
    failures: {
      name: /Invalid name: Name is required; that of the zone itself is "@"/,
      "entries[0].value": /is no value of type A\. Write it as a zone file has it/,
      "entries[1].type": /must be one of .*\. Did you mean "AAAA"/,
      "entries[2].ttl": /must be 0 or more/,
      "entries[3]": /is the same as entries\[2\]/,
      "entries[4].value": /is required/,
    },
  },
  { kind: "network-peer", inputs: { name: "p" }, failures: { network: /is required/, targetNetwork: /is required/ } },
  {
    kind: "network-load-balancer",
    inputs: {
      network: "net0",
      listenAddress: "here",
      backends: [{ name: "a", targetAddress: "web" }, { targetAddress: "10.0.0.2" }],
      ports: [{ listenPort: "0", targetBackends: ["b"] }],
    },
    failures: {
      listenAddress: /must be an address/,
      "backends[0].targetAddress": /must be an address/,
      "backends[1].name": /is required/,
      "ports[0].listenPort": /holds no ports/,
      "ports[0].targetBackends[0]": /./,
    },
  },
];
