import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { holdsUnknown, type Props } from "../../provider/core/engine/values";
import { DynamicProcess, unknown } from "./support/dynamic-process";
import { PluginProcess } from "./support/plugin-process";
import { wrongInstances } from "./wrong/instances";
import { wrongNetworks } from "./wrong/networks";
import { wrongServer } from "./wrong/server";
import { wrongStorage } from "./wrong/storage";
import type { WrongInput } from "./wrong/wrong-input";

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

const wrong: readonly WrongInput[] = [...wrongInstances, ...wrongNetworks, ...wrongServer, ...wrongStorage];

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
