/** Wrong inputs of profiles, devices, projects, certificates and the server. */
import type { WrongInput } from "./wrong-input";

export const wrongServer: readonly WrongInput[] = [
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
  { kind: "cluster-group", inputs: { name: "a/b", members: "n1" }, failures: { name: /./, members: /must be a list/ } },
];
