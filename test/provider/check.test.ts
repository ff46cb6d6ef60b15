import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { holdsUnknown, type Props } from "../../provider/core/engine/values";
import { DynamicProcess, unknown } from "./support/dynamic-process";
import { PluginProcess } from "./support/plugin-process";

let provider: DynamicProcess;
let plugin: PluginProcess;

before(async () => {
  // No daemon listens there: check and diff must not need one.
  const env = { BOTHY_ENDPOINT: "unix:///nonexistent/unix.socket" };
  [provider, plugin] = await Promise.all([DynamicProcess.start({ env }), PluginProcess.start({ env })]);
});
after(() => Promise.all([provider[Symbol.asyncDispose](), plugin[Symbol.asyncDispose]()]));

/** Both doors; a plugin knows the resource, and makes a name that the program does not give. */
const doors = () => [
  { door: provider, makesNames: false },
  { door: plugin, makesNames: true },
];

interface WrongInput {
  readonly kind: string;
  readonly inputs: Props;
  /** Property and what its reason says. */
  readonly failures: Record<string, RegExp>;
}

const wrong: WrongInput[] = [
  { kind: "profile", inputs: {}, failures: { name: /is required/ } },
  { kind: "profile", inputs: { name: "a/b" }, failures: { name: /must not contain/ } },
  { kind: "profile", inputs: { name: "default" }, failures: { name: /always exists/ } },
  { kind: "profile", inputs: { name: "p", colour: "red" }, failures: { colour: /is not a property here\. Known are/ } },
  {
    kind: "profile",
    inputs: { name: "p", config: { "limits.memory": "lots", "limits.mem": "1GiB" } },
    failures: {
      'config["limits.memory"]': /must be a size/,
      'config["limits.mem"]': /Unknown configuration key: limits\.mem\. Did you mean "limits\.memory"\?/,
    },
  },
  {
    kind: "profile",
    inputs: { name: "p", config: { "limits.cpu": ["2"], "user.a": {} } },
    failures: { 'config["limits.cpu"]': /must be text/, 'config["user.a"]': /must be text/ },
  },
  {
    kind: "profile",
    inputs: { name: "p", devices: { eth0: { type: "nic", nictype: "bridged" }, root: { type: "disk", path: "/" } } },
    failures: { "devices.eth0.parent": /needs "parent"/, "devices.root.pool": /needs "pool"/ },
  },
  {
    kind: "profile",
    inputs: { name: "p", devices: { gpu: { type: "warp" } } },
    failures: { "devices.gpu.type": /Unsupported/ },
  },
  { kind: "storage-pool", inputs: { name: "p" }, failures: { driver: /is required/ } },
  { kind: "storage-pool", inputs: { name: "p", driver: "floppy" }, failures: { driver: /must be one of/ } },
  {
    kind: "storage-pool",
    inputs: { name: "p", driver: "dir", config: { size: "1GiB" } },
    failures: { "config.size": /Unknown configuration key/ },
  },
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
  {
    kind: "backup",
    inputs: { volume: "v", name: "a/b", expiresAt: "soon", file: "here.tar", snapshots: "no" },
    failures: {
      pool: /is required beside "volume"/,
      name: /slashes/,
      expiresAt: /must be a time/,
      file: /must be an absolute path/,
      snapshots: /must be true or false/,
    },
  },
  { kind: "backup", inputs: { name: "a" }, failures: { instance: /is required, unless "volume"/ } },
  { kind: "device", inputs: { name: "a", type: "none" }, failures: { instance: /is required, unless "profile"/ } },
  {
    kind: "device",
    inputs: {
      instance: "web",
      profile: "base",
      name: "a/b",
      type: "disk",
      properties: { path: "/srv", source: "/srv", readonly: "perhaps", speed: 1 },
    },
    failures: {
      profile: /cannot be combined with "instance"/,
      name: /must not contain slashes/,
      "properties.readonly": /./,
      "properties.speed": /./,
    },
  },
  {
    kind: "device",
    inputs: { instance: "web", name: "a", type: "dsk", properties: { type: "disk" } },
    failures: { "properties.type": /has a property of its own/ },
  },
  { kind: "device", inputs: { instance: "web", name: "a", type: "dsk" }, failures: { type: /./ } },
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
  { kind: "certificate", inputs: {}, failures: { name: /is required/, certificate: /is required/ } },
  ...["MIIB", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----"].map(
    (certificate) => ({
      kind: "certificate",
      inputs: { name: "one", certificate, type: "admin", projects: ["lab"] },
      failures: {
        certificate: /must be one certificate as PEM text/,
        type: /must be one of client, metrics/,
        restricted: /must be true beside "projects"/,
      },
    }),
  ),
  {
    kind: "trust-token",
    inputs: { name: "guest", trigger: "twice", adopt: true, projects: ["lab"], restricted: false },
    failures: {
      trigger: /must be one of once, always/,
      adopt: /is not a property here/,
      restricted: /must be true beside "projects"/,
    },
  },
  {
    kind: "server-config",
    inputs: {
      config: { "core.https_address": "here:port", "core.https_adress": ":8443", "cluster.offline_threshold": "20" },
    },
    failures: {
      'config["core.https_address"]': /must be an address such as/,
      'config["core.https_adress"]': /Did you mean "core\.https_address"/,
      'config["cluster.offline_threshold"]': /cluster|LXD/,
    },
  },
  ...["https://there:8443/1.0", "ftp://x", "unix://relative", "unix://"].map((endpoint) => ({
    kind: "profile",
    inputs: { name: "p", endpoint },
    failures: { endpoint: /is not an endpoint: .*Use unix:\/\/\/path/ },
  })),
  {
    kind: "container",
    inputs: { name: "web", imge: "i" },
    failures: { imge: /Did you mean "image"/, image: /is required/ },
  },
  {
    kind: "profile",
    inputs: { name: "p", config: { "nvidia.runtime": "true", "enviroment.A": "x" } },
    failures: {
      'config["nvidia.runtime"]': /is a key of LXD that this version does not have yet/,
      'config["enviroment.A"]': /Did you mean "environment\.A"/,
    },
  },
  {
    kind: "profile",
    inputs: {
      name: "p",
      devices: {
        p: { type: "pci" },
        n: { type: "nci" },
        g: { type: "gpu", pci: "first" },
        u: { type: "usb", vendorid: "046D", productid: "c52b" },
        e: { type: "nic", netwrk: "a", nictype: "p2p", nested: "eth1" },
      },
    },
    failures: {
      "devices.p.type": /is a type of LXD that this version does not have yet/,
      "devices.n.type": /Did you mean "nic"/,
      "devices.g.pci": /Invalid PCI address/,
      "devices.u.vendorid": /must be four lower case hex characters/,
      "devices.e.netwrk": /Did you mean "network"/,
      "devices.e.nested": /is an option of LXD that this version does not have yet/,
    },
  },
  { kind: "project", inputs: { name: "default" }, failures: { name: /always exists/ } },
  {
    kind: "project",
    inputs: {
      name: "lab",
      config: { "limits.cpu": "many", "features.image": "true", "restricted.devices.pci": "allow" },
    },
    failures: {
      'config["limits.cpu"]': /whole number/,
      'config["features.image"]': /Did you mean "features.images"/,
      'config["restricted.devices.pci"]': /is a key of LXD that this version does not have yet/,
    },
  },
  { kind: "storage-pool", inputs: { name: "p", driver: "btfrs" }, failures: { driver: /Did you mean "btrfs"/ } },
  { kind: "storage-pool", inputs: { name: "p", driver: "ceph" }, failures: { driver: /LXD's "ceph" is not here yet/ } },
  {
    kind: "exec",
    inputs: {
      instance: "a/b",
      create: "true",
      update: [],
      cwd: "tmp",
      user: -1,
      timeoutSeconds: 0,
      exitCodes: [256],
      environment: { A: {} },
      shell: true,
    },
    failures: {
      instance: /Invalid instance/,
      create: /must be a list/,
      update: /must name a command/,
      cwd: /must be an absolute path/,
      user: /must be 0 or more/,
      timeoutSeconds: /must be more than 0/,
      "exitCodes[0]": /must be at most 255/,
      "environment.A": /must be text/,
      shell: /is not a property here/,
    },
  },
  {
    kind: "file",
    inputs: { instance: "web", path: "srv/a", mode: "rw", uid: -1, source: { path: "a" } },
    failures: {
      path: /absolute path/,
      mode: /octal/,
      uid: /must be 0 or more/,
      source: /must be an asset, an archive/,
    },
  },
  { kind: "file", inputs: { instance: "web", path: "/srv/a" }, failures: { content: /is required, unless/ } },
  {
    kind: "file",
    inputs: { instance: "web", path: "/srv/a", content: "x", contentBase64: "no base64!" },
    failures: { contentBase64: /must be base64|cannot be combined/ },
  },
  {
    kind: "file",
    inputs: { instance: "web", path: "/srv/a", source: "nosuch.txt" },
    failures: { source: /cannot be read: ENOENT.*Relative paths begin at/ },
  },
  { kind: "snapshot", inputs: { name: "s" }, failures: { instance: /is required/ } },
  { kind: "storage-volume", inputs: { name: "v" }, failures: { pool: /is required/ } },
  {
    kind: "storage-volume",
    inputs: { name: "v/w", pool: "p", contentType: "files" },
    failures: { name: /slashes/, contentType: /must be one of filesystem, block/ },
  },
  {
    kind: "storage-volume",
    inputs: { name: "v", pool: "p", contentType: "block", config: { "security.shifted": "true", size: "much" } },
    failures: { 'config["security.shifted"]': /Unknown|key/, "config.size": /size/ },
  },
  {
    kind: "snapshot",
    inputs: { name: "s", instance: "web", expiresAt: "soon" },
    failures: { expiresAt: /must be a time/ },
  },
  { kind: "image", inputs: {}, failures: { sourceFile: /is required, unless "template"/ } },
  { kind: "image", inputs: { sourceFile: "missing.tar" }, failures: { sourceFile: /cannot be read: ENOENT/ } },
  { kind: "image", inputs: { template: "busybox", aliases: ["ok", "not/../ok"] }, failures: { "aliases[1]": /parts/ } },
  { kind: "container", inputs: { name: "web" }, failures: { image: /is required, unless "source"/ } },
  {
    kind: "container",
    inputs: { name: "web_1", image: "i" },
    failures: { name: /alphanumeric and hyphen characters/ },
  },
  { kind: "container", inputs: { name: "a".repeat(64), image: "i" }, failures: { name: /at most 63/ } },
  {
    kind: "container",
    inputs: { name: "web", image: "i", source: { instance: "other" } },
    failures: { source: /cannot be combined with "image"/ },
  },
  {
    kind: "container",
    inputs: { name: "web", source: { snapshot: "s" } },
    failures: { "source.instance": /is required/ },
  },
  {
    kind: "container",
    inputs: { name: "web", image: "i", profiles: ["default", "default"] },
    failures: { "profiles[1]": /stands in the list already/ },
  },
  {
    kind: "container",
    inputs: { name: "web", image: "i", devices: { eth0: { type: "nic", network: "n", parent: "b" } } },
    failures: { "devices.eth0.network": /cannot be combined/ },
  },
  {
    kind: "container",
    inputs: { name: "web", image: "i", wait: { for: "luck", seconds: 1 } },
    failures: { "wait.for": /must be one of/, "wait.seconds": /Known are all, any, command, file, for, nic/ },
  },
  {
    kind: "container",
    inputs: { name: "web", image: "i", wait: { for: "command" } },
    failures: { "wait.command": /is required/ },
  },
  {
    kind: "container",
    inputs: {
      name: "web",
      image: "i",
      wait: {
        all: [
          { for: "port", path: "/" },
          { for: "http", url: "ftp://there", port: 80 },
          { for: "log", pattern: "(", file: "var/log" },
          { for: "ipv6", status: 200 },
          {},
        ],
        any: [],
        nic: "eth0",
      },
    },
    failures: {
      "wait.all[0].port": /is required when "for" is "port"/,
      "wait.all[0].path": /has no effect when "for" is "port"/,
      "wait.all[1].url": /must be an address such as/,
      "wait.all[1].port": /cannot be combined with "url"/,
      "wait.all[2].pattern": /must be a regular expression: /,
      "wait.all[2].file": /must be an absolute path/,
      "wait.all[3].status": /has no effect when "for" is "ipv6"/,
      "wait.all[4].for": /must be one of ipv4, ipv6, port/,
      "wait.any": /must name a condition/,
      "wait.nic": /cannot be combined with "all": put it into that list/,
    },
  },
  {
    kind: "container",
    inputs: {
      name: "web",
      image: "i",
      config: { "limits.memory": "1GiB", "boot.autostart": true },
      devices: { top: { type: "disk", path: "/", pool: "p" }, eth0: { type: "none" } },
      limits: { memory: "2GiB", cpus: 2, disk: 1 },
      restartPolicy: "always",
      nics: [{ network: "lan" }],
      disks: [{ path: "/", pool: "p" }],
      ports: [
        { host: 80, container: 80 },
        { host: 80, container: 81 },
        { host: 0, container: 1, protocol: "icmp" },
      ],
      mounts: [{ source: "srv", path: "/srv" }],
    },
    failures: {
      "limits.memory": /cannot be combined with config\["limits\.memory"\], which says it too/,
      "limits.disk": /is not a property here/,
      restartPolicy: /cannot be combined with config\["boot\.autostart"\]/,
      "nics[0]": /cannot be combined with devices\.eth0/,
      "disks[0]": /cannot be combined with devices\.top/,
      "ports[1]": /cannot be combined with ports\[0\]/,
      "ports[2].host": /must be 1 or more/,
      "ports[2].protocol": /must be one of tcp, udp/,
      "mounts[0].source": /must be an absolute path/,
    },
  },
  {
    kind: "container",
    inputs: { name: "web", image: "i", limits: { memory: "lots" }, restartPolicy: "on-failure" },
    failures: { restartPolicy: /must be one of no, always/ },
  },
  {
    kind: "container",
    inputs: { name: "web", image: "i", limits: { memory: "lots" }, nics: [{ network: "n", macAddress: "x" }] },
    failures: { "limits.memory": /must be a size/, "nics[0]": /hwaddr/ },
  },
  {
    kind: "container",
    inputs: { name: "web", image: "i", wait: { port: 80 } },
    failures: { "wait.port": /needs "for"/ },
  },
  {
    kind: "container",
    inputs: { name: "web", image: "i", files: { "etc/motd": { content: "x" }, "/a": { content: "x", mode: "rw" } } },
    failures: { 'files["etc/motd"]': /absolute path/, 'files["/a"].mode': /octal/ },
  },
  {
    kind: "container",
    inputs: { name: "web", image: "i", running: "yes", ephemeral: 1 },
    failures: { running: /must be true or false/, ephemeral: /must be true or false/ },
  },
  {
    kind: "container",
    inputs: { name: "web", image: "i", ephemeral: true, running: false },
    failures: { running: /cannot be false for an ephemeral/ },
  },
];

for (const { kind, inputs, failures } of wrong)
  test(`a ${kind} with ${JSON.stringify(inputs).slice(0, 90)} fails at ${Object.keys(failures).join(" and ")}`, async () => {
    for (const { door, makesNames } of doors()) {
      const answer = await door.check(kind, {}, inputs);
      const expected = Object.entries(failures).filter(
        ([property, reason]) =>
          !(makesNames && property === "name" && inputs.name === undefined && reason.source === "is required"),
      );
      const told = JSON.stringify(answer.failures);
      assert.deepEqual(Object.keys(answer.failures).sort(), expected.map(([property]) => property).sort(), told);
      for (const [property, reason] of expected) assert.match(answer.failures[property]!, reason);
    }
  });

const withUnknowns: { kind: string; inputs: Props }[] = [
  {
    kind: "profile",
    inputs: {
      name: unknown,
      description: unknown,
      config: { "limits.memory": unknown },
      devices: { eth0: { type: "nic", network: unknown }, root: { type: unknown, path: "/", pool: unknown } },
    },
  },
  { kind: "profile", inputs: { name: "p", config: unknown, devices: unknown } },
  { kind: "storage-pool", inputs: { name: unknown, driver: unknown, config: { source: unknown } } },
  { kind: "network", inputs: { name: unknown, type: unknown, config: { "ipv4.address": unknown } } },
  {
    kind: "network-acl",
    inputs: {
      name: unknown,
      ingress: [
        { action: unknown, state: unknown, source: unknown, protocol: "tcp", destinationPort: unknown },
        unknown,
      ],
      egress: unknown,
    },
  },
  { kind: "network-address-set", inputs: { name: unknown, addresses: [unknown, "10.0.0.1", unknown] } },
  {
    kind: "network-forward",
    inputs: {
      network: unknown,
      listenAddress: unknown,
      ports: [
        { listenPort: unknown, targetAddress: unknown, targetPort: "1,2" },
        { listenPort: "1", targetAddress: "10.0.0.2", protocol: unknown },
      ],
      config: { target_address: unknown },
    },
  },
  { kind: "network-zone", inputs: { name: unknown, config: { "peers.one.key": unknown } } },
  {
    kind: "network-zone-record",
    inputs: { zone: unknown, name: unknown, entries: [{ type: unknown, value: unknown, ttl: unknown }, unknown] },
  },
  {
    kind: "certificate",
    inputs: { name: unknown, certificate: unknown, type: unknown, restricted: unknown, projects: [unknown] },
  },
  {
    kind: "trust-token",
    inputs: { name: unknown, type: unknown, restricted: unknown, projects: unknown, trigger: unknown },
  },
  { kind: "server-config", inputs: { config: { "core.https_address": unknown, "user.note": "a" } } },
  {
    kind: "exec",
    inputs: { instance: unknown, create: ["sh", unknown], triggers: [unknown], stdin: unknown, environment: unknown },
  },
  { kind: "file", inputs: { instance: unknown, path: unknown, content: unknown, mode: unknown, uid: unknown } },
  { kind: "file", inputs: { instance: "web", path: "/a", source: unknown } },
  { kind: "snapshot", inputs: { instance: unknown, name: unknown, expiresAt: unknown } },
  { kind: "image", inputs: { sourceFile: unknown, aliases: [unknown, "a"], properties: unknown, public: unknown } },
  {
    kind: "container",
    inputs: {
      name: unknown,
      image: unknown,
      profiles: ["default", unknown, unknown],
      running: unknown,
      ephemeral: unknown,
      wait: { for: unknown, command: unknown, timeoutSeconds: unknown, nic: unknown, port: unknown },
      files: { "/etc/motd": { content: unknown, mode: unknown } },
      timeouts: { createSeconds: unknown },
    },
  },
  {
    kind: "container",
    inputs: { name: "c", source: { instance: unknown, snapshot: unknown }, wait: unknown, files: unknown },
  },
  {
    kind: "container",
    inputs: {
      name: "c",
      image: "i",
      limits: { memory: unknown },
      nics: unknown,
      disks: [unknown, { path: unknown, pool: unknown }],
      ports: [{ host: unknown, container: 80, hostAddress: unknown }],
      cloudInit: unknown,
      restartPolicy: unknown,
      wait: { all: [unknown, { for: unknown, url: unknown }], any: [{ for: "log", pattern: unknown }] },
    },
  },
];

for (const { kind, inputs } of withUnknowns)
  test(`a ${kind} passes check with unknown ${Object.keys(inputs).join(", ")}, and they stay unknown`, async () => {
    for (const { door } of doors()) {
      const answer = await door.check(kind, {}, inputs);
      assert.deepEqual(answer.failures, {});
      for (const [name, value] of Object.entries(inputs))
        assert.equal(holdsUnknown(answer.inputs[name]), holdsUnknown(value), name);
    }
  });

test("an unknown value does not hide a wrong key or a wrong neighbour", async () => {
  const { failures } = await provider.check(
    "profile",
    {},
    {
      name: "p",
      config: { "limits.mem": unknown, "limits.cpu": "many" },
      devices: { eth0: { type: "nic", network: unknown, speed: "1" } },
    },
  );
  assert.deepEqual(Object.keys(failures).sort(), [
    'config["limits.cpu"]',
    'config["limits.mem"]',
    "devices.eth0.speed",
  ]);
});

test("a container without a name is named after its resource, and keeps the name", async () => {
  const first = await provider.checked("container", { __logicalName: "my web", image: "i" });
  assert.match(String(first.name), /^my-web-[0-9a-f]{7}$/);
  const again = await provider.checked("container", { __logicalName: "my web", image: "i" }, first);
  assert.equal(again.name, first.name);
  const replacement = await provider.checked("container", { __logicalName: "my web", image: "i" });
  assert.notEqual(replacement.name, first.name);
});

test("a made name fits the kind, whatever the resource is called", async () => {
  const long = "0_A very long name of a résource that goes on and on and on and on and on";
  const { name: network } = await provider.checked("network", { __logicalName: long });
  assert.match(String(network), /^A-very-[0-9a-f]{7}$/);
  const { name: container } = await provider.checked("container", { __logicalName: long, image: "i" });
  assert.ok(String(container).length <= 63);
});

test("check fills in what the program leaves out, so that a preview shows it", async () => {
  const inputs = await provider.checked("container", { name: "web", image: "i", files: { "/a": { content: "x" } } });
  assert.deepEqual(inputs, {
    name: "web",
    image: "i",
    config: {},
    description: "",
    devices: {},
    ephemeral: false,
    files: { "/a": { content: "x", gid: 0, mode: "0644", uid: 0 } },
    profiles: ["default"],
    running: true,
  });
});
