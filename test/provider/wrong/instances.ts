/** Wrong inputs of containers. */
import type { WrongInput } from "./wrong-input";

export const wrongInstances: readonly WrongInput[] = [
  {
    kind: "container",
    inputs: { name: "web", imge: "i" },
    failures: { imge: /Did you mean "image"/, image: /is required/ },
  },
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
    inputs: { name: "web", image: "i", type: "virtual-machine", files: { "/etc/motd": { content: "x" } } },
    failures: { files: /a virtual machine takes files only while its agent runs/ },
  },
  { kind: "container", inputs: { name: "web", image: "i", type: "vm" }, failures: { type: /must be one of/ } },
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
