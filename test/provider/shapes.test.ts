import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import * as bothy from "../../provider";
import type { Props } from "../../provider/core/engine/values";
import { cores } from "../../provider/core/kinds/cores";
import { makeIdentity } from "../support/https";
import { isLong } from "../support/long";
import { DynamicProcess } from "./support/dynamic-process";

let provider: DynamicProcess;
const registered = new Map<string, Props>();

// The runtime keeps a stack for each promise that it makes, dozens a resource: three quarters of the time of the thousands made here.
Error.stackTraceLimit = 0;

before(async () => {
  provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: "unix:///nonexistent/unix.socket" } });
  await pulumi.runtime.setMocks({
    newResource: ({ name, inputs }) => {
      registered.set(name, inputs as Props);
      return { id: name, state: inputs as Props };
    },
    call: ({ inputs }) => inputs as Props,
  });
});
after(() => provider[Symbol.asyncDispose]());

/** Right inputs of each kind, with every property. */
const right: Readonly<Record<string, Props>> = {
  backup: {
    instance: "web",
    volume: "v",
    pool: "p",
    name: "nightly",
    expiresAt: "2030-01-31T12:00:00Z",
    snapshots: false,
    compression: "none",
    file: "/tmp/a.tar",
    adopt: false,
  },
  certificate: {
    name: "one",
    certificate: makeIdentity().cert,
    type: "client",
    description: "d",
    restricted: true,
    projects: ["lab"],
    adopt: false,
  },
  "cluster-group": { name: "fast", description: "d", members: ["n1"], adopt: false },
  container: {
    name: "web",
    image: "i",
    source: { instance: "base", snapshot: "s" },
    profiles: ["default"],
    config: { "user.a": "1" },
    devices: { eth1: { type: "nic", network: "n" } },
    limits: { cpus: "2" },
    nics: [{ network: "n" }],
    disks: [{ path: "/", pool: "p" }],
    mounts: [{ source: "/srv", path: "/srv" }],
    ports: [{ host: 8080, container: 80 }],
    cloudInit: { userData: "#cloud-config" },
    restartPolicy: "always",
    description: "d",
    ephemeral: false,
    running: true,
    allowRestart: false,
    wait: { any: [{ for: "http", nic: "eth0", port: 80 }], timeoutSeconds: 1 },
    type: "container",
    files: { "/a": { content: "c", mode: "0644", uid: 0, gid: 0 } },
    adopt: false,
    endpoint: "unix:///a",
    timeouts: { createSeconds: 1, updateSeconds: 1, deleteSeconds: 1 },
  },
  exec: {
    instance: "web",
    create: ["true"],
    update: ["true"],
    delete: ["true"],
    triggers: ["1"],
    stdin: "x",
    environment: { A: "b" },
    user: 1,
    group: 1,
    cwd: "/",
    timeoutSeconds: 1,
    exitCodes: [0],
  },
  device: {
    instance: "web",
    profile: "p",
    name: "data",
    type: "disk",
    properties: { source: "v", path: "/srv" },
    adopt: false,
  },
  file: {
    instance: "web",
    path: "/srv/a",
    content: "c",
    contentBase64: "Yw==",
    source: "package.json",
    mode: "0644",
    uid: 0,
    gid: 0,
  },
  image: {
    sourceFile: "package.json",
    aliases: ["a"],
    properties: { a: "b" },
    public: true,
    template: "busybox",
    adopt: false,
  },
  network: { name: "net0", description: "d", config: { "user.a": "1" }, type: "bridge", adopt: false },
  "network-acl": {
    name: "web",
    description: "d",
    ingress: [
      {
        action: "allow",
        state: "logged",
        source: "10.0.0.1",
        destination: "10.0.0.2",
        protocol: "tcp",
        sourcePort: "1",
        destinationPort: "2",
        description: "d",
      },
    ],
    egress: [{ action: "drop", protocol: "icmp4", icmpType: "8", icmpCode: "0" }],
    config: { "user.a": "1" },
    adopt: false,
  },
  "network-address-set": {
    name: "offices",
    description: "d",
    addresses: ["192.0.2.0/24"],
    config: { "user.a": "1" },
    adopt: false,
  },
  "network-forward": {
    network: "net0",
    listenAddress: "192.0.2.10",
    description: "d",
    ports: [{ listenPort: "80", targetAddress: "10.0.0.2", targetPort: "8080", protocol: "tcp", description: "d" }],
    config: { target_address: "10.0.0.3", "user.a": "1" },
    adopt: false,
  },
  "network-load-balancer": {
    network: "net0",
    listenAddress: "192.0.2.10",
    description: "d",
    backends: [{ name: "a", targetAddress: "10.0.0.2", targetPort: "8080", description: "d" }],
    ports: [{ listenPort: "80", targetBackends: ["a"], protocol: "tcp", description: "d" }],
    config: { "user.a": "1" },
    adopt: false,
  },
  "network-peer": {
    network: "net0",
    name: "p",
    targetNetwork: "net1",
    targetProject: "lab",
    type: "local",
    targetIntegration: "ic",
    description: "d",
    config: { "user.a": "1" },
    adopt: false,
  },
  "network-zone": { name: "lab.example", description: "d", config: { "user.a": "1" }, adopt: false },
  "network-zone-record": {
    zone: "lab.example",
    name: "www",
    description: "d",
    entries: [{ type: "A", value: "192.0.2.5", ttl: 60 }],
    config: { "user.a": "1" },
    adopt: false,
  },
  profile: {
    name: "p",
    description: "d",
    config: { "user.a": "1" },
    devices: { eth0: { type: "none" } },
    adopt: false,
  },
  project: { name: "lab", description: "d", config: { "user.a": "1" }, adopt: false },
  "server-config": { config: { "user.a": "1" }, adopt: false },
  snapshot: { name: "s", instance: "web", expiresAt: "2030-01-31T12:00:00Z", adopt: false },
  "storage-bucket": { pool: "p", name: "data", description: "d", config: { "user.a": "1" }, adopt: false },
  "storage-bucket-key": {
    pool: "p",
    bucket: "data",
    name: "k",
    role: "admin",
    description: "d",
    adopt: false,
  },
  "storage-pool": { name: "p", driver: "dir", description: "d", config: { "user.a": "1" }, adopt: false },
  "storage-volume": {
    name: "v",
    pool: "p",
    contentType: "block",
    description: "d",
    config: { "user.a": "1" },
    adopt: false,
  },
  "trust-token": { name: "guest", type: "client", restricted: true, projects: ["lab"], trigger: "always" },
};

/** Inputs that say the same thing in two ways. */
const alternatives: Readonly<Record<string, string>> = {
  image: "source",
  source: "image",
  targetNetwork: "targetIntegration",
  targetIntegration: "targetNetwork",
  sourceFile: "template",
  template: "sourceFile",
};

/** What JavaScript programs pass by mistake. */
const shapes: readonly unknown[] = [
  null,
  "",
  "text",
  7,
  -1.5,
  true,
  [],
  ["text"],
  [null],
  [[]],
  {},
  { a: null },
  { a: 1 },
  { a: {} },
  { a: { b: [] } },
  { a: { type: 1 } },
  { type: null },
  { "": "" },
];

/** Every place inside of inputs: ["config"], ["config", "user.a"], ... */
function places(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  const inside = Object.entries(value).flatMap(([name, member]) => places(member, [...path, name]));
  return path.length === 0 ? inside : [path, ...inside];
}

/** A copy of inputs with another value at one place. */
function withAt(value: unknown, [name, ...rest]: readonly string[], shape: unknown): unknown {
  if (name === undefined) return shape;
  if (Array.isArray(value)) return value.map((item, at) => (String(at) === name ? withAt(item, rest, shape) : item));
  return { ...(value as Props), [name]: withAt((value as Props)[name], rest, shape) };
}

function inputsWith(kind: string, path: readonly string[], shape: unknown): Props {
  const { [alternatives[path[0]!] ?? ""]: _, ...inputs } = right[kind]!;
  // One owner of two.
  const other = kind === "device" ? "profile" : kind === "backup" ? "volume" : "";
  delete inputs[path[0] === other ? "instance" : other];
  const { [alternatives.sourceFile!]: template, ...others } = inputs;
  return withAt(
    path[0] === "template" || template === undefined || kind !== "image" ? inputs : others,
    path,
    shape,
  ) as Props;
}

/** An input has every shape; what is inside of one has a third of them in `npm test`, and what is beside it another third. */
const checkedAt = (path: readonly string[], at: number): unknown[] =>
  isLong || path.length === 1 ? [...shapes] : shapes.filter((_, index) => index % 3 === at % 3);

for (const { kind, inputs } of cores)
  test(`a ${kind} with any input of another shape is refused by the name of that input, and nothing breaks`, async () => {
    assert.deepEqual(
      Object.keys(inputs.shape).filter(
        (name) => right[kind]![name] === undefined && !/^(endpoint|timeouts)$/.test(name),
      ),
      [],
      "the table knows every input",
    );
    for (const [at, path] of places(right[kind]).entries())
      for (const shape of checkedAt(path, at)) {
        const given = inputsWith(kind, path, shape);
        if (given.image !== undefined) delete given.source;
        const what = `${path.join(".")} = ${JSON.stringify(shape)}`;
        const { failures } = await provider.check(kind, {}, given);
        for (const [property, reason] of Object.entries(failures)) {
          assert.ok(
            property.startsWith(path[0]!) ||
              property === alternatives[path[0]!] ||
              /^(image|sourceFile|source|wait|target|type|ports|properties|content|instance|volume|pool)/.test(
                property,
              ),
            `${what}: ${property}: ${reason}`,
          );
          assert.match(
            reason,
            /^(must|is|cannot|has|stands|Invalid|Unknown|Unsupported|holds|needs) ?/,
            `${what}: ${property}`,
          );
          assert.doesNotMatch(reason, /undefined|\[object|NaN|Invalid input|expected/, `${what}: ${property}`);
        }
      }
  });

const kinds: Readonly<Record<string, new (name: string, args: never, options?: object) => pulumi.CustomResource>> = {
  backup: bothy.Backup,
  certificate: bothy.Certificate,
  "cluster-group": bothy.ClusterGroup,
  container: bothy.Container,
  exec: bothy.Exec,
  device: bothy.Device,
  file: bothy.File,
  image: bothy.Image,
  network: bothy.Network,
  "network-acl": bothy.NetworkAcl,
  "network-address-set": bothy.NetworkAddressSet,
  "network-forward": bothy.NetworkForward,
  "network-load-balancer": bothy.NetworkLoadBalancer,
  "network-peer": bothy.NetworkPeer,
  "network-zone": bothy.NetworkZone,
  "network-zone-record": bothy.NetworkZoneRecord,
  profile: bothy.Profile,
  project: bothy.Project,
  "server-config": bothy.ServerConfig,
  snapshot: bothy.Snapshot,
  "storage-bucket": bothy.StorageBucket,
  "storage-bucket-key": bothy.StorageBucketKey,
  "storage-pool": bothy.StoragePool,
  "storage-volume": bothy.StorageVolume,
  "trust-token": bothy.TrustToken,
};

/** The input that takes a resource. */
const referenceOf: Readonly<Record<string, string>> = {
  exec: "instance",
  file: "instance",
  "network-forward": "network",
  "network-load-balancer": "network",
  "network-peer": "network",
  "network-zone-record": "zone",
  snapshot: "instance",
  "storage-bucket": "pool",
  "storage-bucket-key": "pool",
  "storage-volume": "pool",
};

const ways: Readonly<Record<string, (shape: unknown) => unknown>> = {
  "as it is": (shape) => shape,
  "as an output": (shape) => pulumi.output(shape as never),
  "as a promise": (shape) => Promise.resolve(shape),
  "as a secret": (shape) => pulumi.secret(shape as never),
};

/** What Pulumi makes of a value on its way: null is nothing. */
const sent = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, member: unknown) => member ?? undefined) ?? "null");

/**
 * In the long run every shape goes plain for an input, and a few inside of one, since a program looks at inputs alone; of the other ways a few tell enough.
 * Each resource costs the runtime milliseconds: in `npm test` an input has a part of them, and the next one another part.
 * @param at number of the place
 */
function shapesAt(path: readonly string[], at: number, way: string): [number, unknown][] {
  const all = [...shapes.entries()];
  const isInput = path.length === 1;
  const each = (step: number) => all.filter(([index]) => index % step === at % step);
  if (isLong) {
    if (way === "as it is") return isInput ? all : each(4);
    return isInput ? each(5) : each(shapes.length);
  }
  if (way === "as it is" && isInput) return each(5);
  return isInput || at % 4 === 0 ? each(shapes.length) : [];
}

for (const [kind, Kind] of Object.entries(kinds))
  for (const [way, wrap] of Object.entries(ways))
    test(`a program may write any shape into a ${kind}, ${way}, and check is who sees it`, async () => {
      const made: [string, string[], pulumi.CustomResource][] = [];
      for (const [place, path] of places(right[kind]).entries())
        for (const [at, shape] of shapesAt(path, place, way)) {
          const name = `${kind}-${way}-${path.join(".")}-${at}`;
          made.push([name, path, new Kind(name, withAt(right[kind], path, wrap(shape)) as never)]);
        }
      for (const [name, path, resource] of made) {
        await new Promise((resolve) => resource.urn.apply(resolve));
        const inputs = registered.get(name)!;
        assert.ok(inputs, name);
        if (way === "as it is") {
          const given = withAt(right[kind], path, shapes[Number(name.split("-").at(-1))]) as Props;
          const isReference = path[0] === referenceOf[kind];
          if (!isReference) assert.deepEqual(sent(inputs[path[0]!]), sent(given[path[0]!]), name);
        }
        if (way === "as a secret" && path.length === 1 && inputs[path[0]!] !== undefined)
          assert.ok(
            (inputs.__secrets as string[][]).some(([first]) => first === path[0]),
            name,
          );
      }
    });

for (const [what, args] of Object.entries({
  text: "template:busybox",
  "a list": [],
  "an output": pulumi.output({}),
  "a number": 1,
}))
  test(`arguments that are ${what} are refused in one sentence`, () => {
    for (const [kind, Kind] of Object.entries(kinds))
      assert.throws(
        () => new Kind("web", args as never),
        (error: Error) =>
          pulumi.RunError.isInstance(error) &&
          /^Cannot make \w+ "web": its arguments must be a map/.test(error.message),
        kind,
      );
  });
