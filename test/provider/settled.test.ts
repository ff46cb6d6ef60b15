import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Props } from "../../provider/core/engine/values";
import { withDaemon } from "../support/daemon";
import { DynamicProcess } from "./support/dynamic-process";
import { tinyImage } from "./support/image";
import { lacksContainers } from "./support/lacks";
import { Managed } from "./support/managed";

type Program = readonly (readonly [kind: string, inputs: Props])[];

const busybox = "template:busybox";
const nothing = { wait: { for: "nothing" } };
const nic = { type: "nic", name: "eth0", network: "bothybr0" };
const root = { type: "disk", path: "/", pool: "default" };
const base: Program[number] = [
  "container",
  {
    name: "base",
    image: busybox,
    running: false,
    profiles: ["small", "default"],
    description: "the source",
    config: { "limits.memory": "64MiB", "user.from": "base", "environment.A": "1", "boot.autostart": "false" },
    devices: { eth1: { ...nic, name: "eth1" }, root },
    files: { "/etc/from": { content: "base" } },
  },
];
const small: Program[number] = ["profile", { name: "small", config: { "user.size": "small" } }];
const copyOf = (inputs: Props): Program => [
  small,
  base,
  ["snapshot", { instance: "base", name: "now" }],
  ["container", { name: "copy", source: { instance: "base" }, running: false, ...inputs }],
];

const programsIn = (folder: string): Record<string, Program> => ({
  "a copy of which the program says nothing": copyOf({}),
  "a running copy": copyOf({ running: true }),
  "a copy of a snapshot": copyOf({ source: { instance: "base", snapshot: "now" } }),
  "a copy with one more key and device": copyOf({
    config: { "user.more": "1" },
    devices: { eth2: { ...nic, name: "eth2" } },
  }),
  "a copy with another value and device of a name that the source has": copyOf({
    config: { "limits.memory": "32MiB" },
    devices: { eth1: { ...nic, name: "eth1", hwaddr: "00:16:3E:0A:0b:0c" } },
  }),
  "a copy that unsets a key and masks a device": copyOf({
    config: { "limits.memory": "" },
    devices: { eth1: { type: "none" } },
  }),
  "a copy with profiles and a description of its own": copyOf({ profiles: ["default"], description: "mine" }),
  "a copy with no profiles and an empty description": copyOf({ profiles: [], description: "" }),
  "a copy with files": copyOf({ files: { "/etc/from": { content: "copy" } } }),
  "a copy of a copy": [
    ...copyOf({ config: { "user.more": "1" } }),
    ["container", { name: "third", source: { instance: "copy" }, running: false }],
  ],
  "a container with every default": [["container", { name: "web", image: busybox }]],
  "a container with empty values": [
    [
      "container",
      {
        name: "web",
        image: busybox,
        running: false,
        description: "",
        profiles: [],
        config: { "limits.memory": "", "user.empty": "", "user.kept": "x" },
        devices: { root: { ...root, readonly: "" }, eth0: { ...nic, hwaddr: "", mtu: "" } },
        files: { "/etc/empty": { content: "" } },
      },
    ],
  ],
  "a container with keys of each family": [
    [
      "container",
      {
        name: "web",
        image: busybox,
        running: false,
        config: {
          "limits.memory": "50%",
          "limits.cpu": "0-0",
          "boot.autostart": "True",
          "cloud-init.user-data": "#cloud-config\n{}\n",
          "environment.A": " spaced ",
          "raw.lxc": "lxc.signal.halt = SIGTERM\n",
          "user.text": "ünïcode\n",
        },
      },
    ],
  ],
  "a container with values that are no text": [
    [
      "container",
      {
        name: "web",
        image: busybox,
        running: false,
        config: { "limits.cpu": 1, "security.nesting": true, "limits.processes": 100 },
        devices: { root: { ...root, recursive: false }, eth0: { ...nic, mtu: 1400 } },
      },
    ],
  ],
  "profiles with empty, masking and whole devices": [
    ["profile", { name: "empty" }],
    ["profile", { name: "masks", devices: { eth0: { type: "none" } }, config: { "user.a": "" } }],
    ["profile", { name: "whole", devices: { root, eth0: { ...nic, hwaddr: "" } }, config: { "limits.cpu": 1 } }],
  ],
  "networks with chosen, given and no addresses": [
    ["network", { name: "net-default" }],
    ["network", { name: "net-auto", config: { "ipv4.address": "auto", "ipv4.nat": "" } }],
    ["network", { name: "net-none", config: { "ipv4.address": "none" } }],
    [
      "network",
      { name: "net-given", config: { "ipv4.address": "10.66.1.1/24", "ipv4.nat": true, "bridge.mtu": 1400 } },
    ],
  ],
  "pools with and without configuration": [
    ["storage-pool", { name: "plain", driver: "dir" }],
    ["storage-pool", { name: "described", driver: "dir", description: "x", config: { "user.a": "1", "user.b": "" } }],
  ],
  "images from a file and a template": [
    [
      "image",
      {
        sourceFile: path.join(folder, "one.tar"),
        aliases: ["z", "a"],
        properties: { os: "mine", note: "", count: 2 },
      },
    ],
    ["image", { template: "busybox", public: true }],
  ],
  "snapshots with and without an expiry": [
    ["container", { name: "web", image: busybox, running: false }],
    ["snapshot", { instance: "web", name: "kept" }],
    ["snapshot", { instance: "web", name: "ends", expiresAt: "2040-01-31T12:00:00+02:00" }],
  ],
});

test("a second up of a program finds nothing to do, before and after a refresh", { skip: lacksContainers() }, (t) =>
  withDaemon({ bare: false }, async (daemon) => {
    const folder = path.dirname(daemon.dir);
    writeFileSync(path.join(folder, "one.tar"), await tinyImage({ description: "one", os: "theirs" }));
    await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: `unix://${daemon.socket}` } });
    for (const [title, program] of Object.entries(programsIn(folder)))
      await t.test(title, async () => {
        const made: { resource: Managed; given: Props; what: string }[] = [];
        for (const [kind, inputs] of program) {
          const given = kind === "container" ? { ...nothing, ...inputs } : inputs;
          const resource = new Managed(provider, kind);
          await resource.up(given);
          made.push({ resource, given, what: `${kind} ${resource.id}` });
        }
        const againIsSame = async (when: string) => {
          for (const { resource, given, what } of made)
            assert.equal(await resource.up(given), "same", `${what} ${when}`);
        };
        await againIsSame("at once");
        for (const { resource, what } of made) assert.ok(await resource.refresh(), what);
        await againIsSame("after a refresh");
        for (const { resource } of made.reverse()) await resource.destroy();
      });
  }),
);

test("a copy follows its program and keeps what its source gave", { skip: lacksContainers() }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: `unix://${daemon.socket}` } });
    const others = [];
    for (const [kind, inputs] of [small, base]) {
      const resource = new Managed(provider, kind);
      await resource.up({ ...inputs, ...(kind === "container" ? nothing : {}) });
      others.push(resource);
    }
    const copy = new Managed(provider, "container");
    const given: Props = { name: "copy", source: { instance: "base" }, running: false, ...nothing };
    const live = async () => (await daemon.client.getInstance("copy")).value;
    await copy.up(given);
    const { value: source } = await daemon.client.getInstance("base");
    const first = await live();
    assert.deepEqual(first.devices, source.devices);
    assert.deepEqual(first.profiles, ["small", "default"]);
    assert.equal(first.description, "the source");

    assert.equal(await copy.up({ ...given, config: { "limits.memory": "32MiB", "user.own": "1" } }), "update");
    const changed = await live();
    assert.deepEqual(changed.devices, source.devices, "an update of the configuration leaves the devices");
    assert.equal(changed.config["limits.memory"], "32MiB");
    assert.equal(changed.config["user.from"], "base");

    assert.equal(await copy.up(given), "update");
    const back = await live();
    assert.equal(back.config["limits.memory"], "64MiB", "what the program says no more is the source's again");
    assert.equal(back.config["user.own"], undefined);

    const { eth1: _, ...devices } = back.devices;
    const config = { ...back.config, "user.from": "somebody" };
    await (await daemon.client.updateInstance("copy", { ...back, profiles: [], config, devices })).wait();
    await copy.refresh();
    assert.equal(await copy.up(given), "update", "a drift from the source's values is found");
    const mended = await live();
    assert.deepEqual([mended.devices, mended.profiles], [source.devices, ["small", "default"]]);
    assert.equal(mended.config["user.from"], "base");
    await copy.refresh();
    assert.equal(await copy.up(given), "same");

    for (const resource of [copy, ...others.reverse()]) await resource.destroy();
  }),
);
