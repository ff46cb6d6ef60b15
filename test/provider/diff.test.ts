import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Props } from "../../provider/core/engine/values";
import { DynamicProcess, unknown } from "./support/dynamic-process";

let provider: DynamicProcess;

before(async () => {
  // No daemon listens there: check and diff must not need one.
  provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: "unix:///nonexistent/unix.socket" } });
});
after(() => provider[Symbol.asyncDispose]());

const container: Props = {
  name: "web",
  image: "alpine",
  profiles: ["default"],
  config: { "limits.memory": "1GiB" },
  devices: { eth0: { type: "nic", network: "net0" } },
  description: "",
  ephemeral: false,
  running: true,
  files: { "/etc/motd": { content: "hello", mode: "0644", uid: 0, gid: 0 } },
};
/** What a create would have left in the state. */
const containerState: Props = {
  ...container,
  status: "Running",
  ipv4Address: "10.1.2.3",
  createdAt: "2030-01-01T00:00:00Z",
};
const inherited = {
  config: { "limits.memory": "1GiB" },
  devices: { eth0: { type: "nic", network: "net0" } },
  profiles: ["small"],
  description: "base",
  said: [],
};
const copy: Props = {
  name: "copy",
  source: { instance: "base" },
  config: {},
  devices: {},
  ephemeral: false,
  running: true,
};
const copyState: Props = { ...copy, profiles: ["small"], status: "Running", __inherited: inherited };
const pool: Props = { name: "p", driver: "dir", config: {}, description: "" };
const network: Props = { name: "net0", type: "bridge", config: { "ipv4.nat": "true" }, description: "" };
const profile: Props = { name: "p", config: { "limits.cpu": "1" }, devices: {}, description: "" };
const snapshot: Props = { instance: "web", name: "before", __instanceCreatedAt: "2030-01-01T00:00:00Z" };
const exec: Props = { instance: "web", create: ["true"], __instanceId: "web" };
const execState: Props = { ...exec, exitCodes: [0], stdout: "", stderr: "", exitCode: 0, __madeIn: "2030" };
const file: Props = {
  instance: "web",
  path: "/a",
  content: "x",
  uid: 0,
  gid: 0,
  __manifest: { "": "file 0644 0:0 aa" },
};
const image: Props = { sourceFile: "a.tar", fingerprint: "aa", aliases: ["one"], properties: {}, public: false };

interface Case {
  readonly title: string;
  readonly kind: string;
  readonly olds: Props;
  readonly news: Props;
  readonly expect: "same" | "update" | { readonly replace: string[]; readonly deleteBefore: boolean };
}

const cases: Case[] = [
  { title: "equal inputs", kind: "container", olds: containerState, news: container, expect: "same" },
  { title: "equal inputs", kind: "exec", olds: execState, news: exec, expect: "same" },
  { title: "a command", kind: "exec", olds: execState, news: { ...exec, create: ["false"] }, expect: "update" },
  {
    title: "the same content in other words",
    kind: "file",
    olds: { ...file, hash: "bb" },
    news: { ...file, content: undefined, contentBase64: "eA==" },
    expect: "same",
  },
  {
    title: "content that somebody changed",
    kind: "file",
    olds: { ...file, __manifest: { "": "file 0644 0:0 cc" } },
    news: file,
    expect: "update",
  },
  {
    title: "content that is not known yet",
    kind: "file",
    olds: file,
    news: { ...file, content: unknown, __manifest: unknown },
    expect: "update",
  },
  {
    title: "a path",
    kind: "file",
    olds: file,
    news: { ...file, path: "/b" },
    expect: { replace: ["path"], deleteBefore: true },
  },
  {
    title: "triggers",
    kind: "exec",
    olds: { ...execState, triggers: ["1"] },
    news: { ...exec, triggers: ["2"] },
    expect: { replace: ["triggers"], deleteBefore: true },
  },
  {
    title: "a container that is made anew",
    kind: "exec",
    olds: execState,
    news: { ...exec, __instanceId: unknown },
    expect: { replace: ["__instanceId"], deleteBefore: true },
  },
  {
    title: "limits",
    kind: "container",
    olds: containerState,
    news: { ...container, config: { "limits.memory": "2GiB" } },
    expect: "update",
  },
  {
    title: "a config key taken out",
    kind: "container",
    olds: containerState,
    news: { ...container, config: {} },
    expect: "update",
  },
  {
    title: "an empty config value beside none",
    kind: "container",
    olds: containerState,
    news: { ...container, config: { ...(container.config as Props), "user.x": "" } },
    expect: "same",
  },
  {
    title: "the order of profiles",
    kind: "container",
    olds: { ...containerState, profiles: ["a", "b"] },
    news: { ...container, profiles: ["b", "a"] },
    expect: "update",
  },
  { title: "a device", kind: "container", olds: containerState, news: { ...container, devices: {} }, expect: "update" },
  {
    title: "file content",
    kind: "container",
    olds: containerState,
    news: { ...container, files: { "/etc/motd": { content: "bye" } } },
    expect: "update",
  },
  {
    title: "the defaults of a file spelled out",
    kind: "container",
    olds: containerState,
    news: { ...container, files: { "/etc/motd": { content: "hello" } } },
    expect: "same",
  },
  {
    title: "a container stopped by hand",
    kind: "container",
    olds: { ...containerState, running: false, status: "Stopped" },
    news: container,
    expect: "update",
  },
  {
    title: "a name that the user chose",
    kind: "container",
    olds: containerState,
    news: { ...container, name: "web2" },
    expect: { replace: ["name"], deleteBefore: true },
  },
  {
    title: "the image, with a name that the user chose",
    kind: "container",
    olds: containerState,
    news: { ...container, image: "debian" },
    expect: { replace: ["image"], deleteBefore: true },
  },
  {
    title: "the image, with a made name",
    kind: "container",
    olds: { ...containerState, __logicalName: "web" },
    news: { ...container, __logicalName: "web", image: "debian" },
    expect: { replace: ["image"], deleteBefore: false },
  },
  {
    title: "ephemeral",
    kind: "container",
    olds: containerState,
    news: { ...container, ephemeral: true },
    expect: { replace: ["ephemeral"], deleteBefore: true },
  },
  {
    title: "another daemon",
    kind: "container",
    olds: { ...containerState, endpoint: "unix:///a" },
    news: { ...container, endpoint: "unix:///b" },
    expect: { replace: ["endpoint"], deleteBefore: true },
  },
  {
    title: "an unknown image",
    kind: "container",
    olds: containerState,
    news: { ...container, image: unknown },
    expect: { replace: ["image"], deleteBefore: true },
  },
  {
    title: "an unknown name",
    kind: "container",
    olds: containerState,
    news: { ...container, name: unknown },
    expect: { replace: ["name"], deleteBefore: true },
  },
  {
    title: "an unknown inside of source",
    kind: "container",
    olds: { ...containerState, image: undefined, source: { instance: "a" } },
    news: { ...container, image: undefined, source: { instance: unknown } },
    expect: { replace: ["source"], deleteBefore: true },
  },
  ...["name", "image", "ephemeral", "endpoint"].map(
    (property): Case => ({
      title: `an unknown ${property} of a state that has one`,
      kind: "container",
      olds: { ...containerState, endpoint: "unix:///a" },
      news: { ...container, endpoint: "unix:///a", [property]: unknown },
      expect: { replace: [property], deleteBefore: true },
    }),
  ),
  {
    title: "an unknown image, with a made name",
    kind: "container",
    olds: { ...containerState, __logicalName: "web" },
    news: { ...container, __logicalName: "web", image: unknown },
    expect: { replace: ["image"], deleteBefore: false },
  },
  {
    title: "a source that is not known at all",
    kind: "container",
    olds: { ...copyState },
    news: { ...copy, source: unknown },
    expect: { replace: ["source"], deleteBefore: true },
  },
  {
    title: "a source that the engine deletes to make it anew",
    kind: "container",
    olds: { ...copyState, __sourceOf: { source: { instance: "base" } } },
    news: { ...copy, source: unknown, __sourceOf: unknown },
    expect: "same",
  },
  ...["description", "running", "profiles", "config", "files", "wait"].map(
    (property): Case => ({
      title: `an unknown ${property}, which never needs another container`,
      kind: "container",
      olds: { ...containerState, wait: { for: "nothing" } },
      news: { ...container, wait: { for: "nothing" }, [property]: unknown },
      expect: "update",
    }),
  ),
  {
    title: "an unknown network of a nic",
    kind: "container",
    olds: containerState,
    news: { ...container, devices: { eth0: { type: "nic", network: unknown } } },
    expect: "update",
  },
  {
    title: "another pool of the root disk",
    kind: "container",
    olds: { ...containerState, devices: { root: { type: "disk", path: "/", pool: "a" } } },
    news: { ...container, devices: { root: { type: "disk", path: "/", pool: "b" } } },
    expect: { replace: ["devices"], deleteBefore: true },
  },
  {
    title: "an unknown pool of the root disk",
    kind: "container",
    olds: { ...containerState, devices: { root: { type: "disk", path: "/", pool: "a" } } },
    news: { ...container, devices: { root: { type: "disk", path: "/", pool: unknown } } },
    expect: { replace: ["devices"], deleteBefore: true },
  },
  {
    title: "devices with a root disk that are not known at all",
    kind: "container",
    olds: { ...containerState, devices: { root: { type: "disk", path: "/", pool: "a" } } },
    news: { ...container, devices: unknown },
    expect: { replace: ["devices"], deleteBefore: true },
  },
  {
    title: "devices without a root disk that are not known at all",
    kind: "container",
    olds: containerState,
    news: { ...container, devices: unknown },
    expect: "update",
  },
  {
    title: "an empty option of a device beside none",
    kind: "container",
    olds: containerState,
    news: { ...container, devices: { eth0: { type: "nic", network: "net0", mtu: "" } } },
    expect: "same",
  },
  {
    title: "what it inherited",
    kind: "container",
    olds: copyState,
    news: copy,
    expect: "same",
  },
  {
    title: "what a copy inherited, in a state from before that was kept apart",
    kind: "container",
    olds: {
      ...copyState,
      __inherited: undefined,
      config: inherited.config,
      devices: inherited.devices,
      description: "base",
    },
    news: copy,
    expect: "same",
  },
  {
    title: "a key that the copy inherited, changed by somebody else",
    kind: "container",
    olds: { ...copyState, config: { "limits.memory": "2GiB" } },
    news: copy,
    expect: "update",
  },
  {
    title: "a nic that the copy inherited, removed by somebody else",
    kind: "container",
    olds: { ...copyState, devices: { eth0: {} } },
    news: copy,
    expect: "update",
  },
  {
    title: "a key over the one that the copy inherited",
    kind: "container",
    olds: copyState,
    news: { ...copy, config: { "limits.memory": "2GiB" } },
    expect: "update",
  },
  {
    title: "the profiles that the copy inherited, said",
    kind: "container",
    olds: copyState,
    news: { ...copy, profiles: ["small"] },
    expect: "same",
  },
  {
    title: "other profiles than the copy inherited",
    kind: "container",
    olds: copyState,
    news: { ...copy, profiles: ["default"] },
    expect: "update",
  },
  {
    title: "an image that the state does not know",
    kind: "container",
    olds: { ...containerState, image: undefined },
    news: container,
    expect: "update",
  },
  {
    title: "a container whose start failed",
    kind: "container",
    olds: { ...containerState, __unfinished: true },
    news: container,
    expect: "update",
  },
  { title: "equal inputs", kind: "storage-pool", olds: { ...pool, status: "Created" }, news: pool, expect: "same" },
  {
    title: "the driver",
    kind: "storage-pool",
    olds: pool,
    news: { ...pool, driver: "overlay" },
    expect: { replace: ["driver"], deleteBefore: true },
  },
  {
    title: "an unknown driver",
    kind: "storage-pool",
    olds: pool,
    news: { ...pool, driver: unknown },
    expect: { replace: ["driver"], deleteBefore: true },
  },
  { title: "the description", kind: "storage-pool", olds: pool, news: { ...pool, description: "x" }, expect: "update" },
  {
    title: "equal inputs",
    kind: "network",
    olds: { ...network, ipv4Address: "10.0.0.1/24" },
    news: network,
    expect: "same",
  },
  {
    title: "a config key",
    kind: "network",
    olds: network,
    news: { ...network, config: { "ipv4.nat": "false" } },
    expect: "update",
  },
  {
    title: "the name",
    kind: "network",
    olds: network,
    news: { ...network, name: "net1" },
    expect: { replace: ["name"], deleteBefore: false },
  },
  {
    title: "the name",
    kind: "profile",
    olds: profile,
    news: { ...profile, name: "p2" },
    expect: { replace: ["name"], deleteBefore: false },
  },
  {
    title: "the name",
    kind: "storage-pool",
    olds: pool,
    news: { ...pool, name: "p2" },
    expect: { replace: ["name"], deleteBefore: false },
  },
  {
    title: "the name, in a folder that two pools cannot share",
    kind: "storage-pool",
    olds: { ...pool, config: { source: "/srv/pool" } },
    news: { ...pool, name: "p2", config: { source: "/srv/pool" } },
    expect: { replace: ["name"], deleteBefore: true },
  },
  {
    title: "the name and the folder",
    kind: "storage-pool",
    olds: { ...pool, config: { source: "/srv/pool" } },
    news: { ...pool, name: "p2", config: { source: "/srv/other" } },
    expect: { replace: ["name"], deleteBefore: false },
  },
  {
    title: "another daemon",
    kind: "profile",
    olds: { ...profile, endpoint: "unix:///a" },
    news: { ...profile, endpoint: "unix:///b" },
    expect: { replace: ["endpoint"], deleteBefore: false },
  },
  ...(
    [
      [["config"], { config: { "limits.memory": "2GiB" } }, ["config"]],
      [['config["limits.memory"]'], { config: { "limits.memory": "2GiB" } }, ["config"]],
      [["config.limits.memory"], { config: { "limits.memory": "2GiB" } }, ["config"]],
      [["config"], { config: {} }, ["config"]],
      [["*"], { description: "x", profiles: ["a"] }, ["profiles", "description"]],
      [["devices.eth0.network"], { devices: { eth0: { type: "nic", network: "net1" } } }, ["devices"]],
      [["devices[*].network"], { devices: { eth0: { type: "nic", network: "net1" } } }, ["devices"]],
      [["profiles[0]"], { profiles: ["other"] }, ["profiles"]],
      [['files["/etc/motd"].content'], { files: { "/etc/motd": { content: "bye" } } }, ["files"]],
    ] as const
  ).map(
    ([paths, changed, replace]): Case => ({
      title: `replaceOnChanges ${JSON.stringify(paths)} and a change of it`,
      kind: "container",
      olds: containerState,
      news: { ...container, ...changed, __replaceOnChanges: paths },
      expect: { replace: [...replace], deleteBefore: true },
    }),
  ),
  ...(
    [
      [["config"], { description: "x" }],
      [['config["limits.cpu"]'], { config: { "limits.memory": "2GiB" } }],
      [["devices.eth0.mtu"], { devices: { eth0: { type: "nic", network: "net1" } } }],
      [["profiles[0]"], { profiles: ["default", "other"] }],
    ] as const
  ).map(
    ([paths, changed]): Case => ({
      title: `replaceOnChanges ${JSON.stringify(paths)} and a change of something else`,
      kind: "container",
      olds: containerState,
      news: { ...container, ...changed, __replaceOnChanges: paths },
      expect: "update",
    }),
  ),
  {
    title: "a made name under which the object was not found again",
    kind: "profile",
    olds: { ...profile, name: "p-1111111", __logicalName: "p" },
    news: { ...profile, name: "p-2222222", __logicalName: "p" },
    expect: "same",
  },
  { title: "equal inputs", kind: "profile", olds: profile, news: profile, expect: "same" },
  {
    title: "an unknown config",
    kind: "profile",
    olds: profile,
    news: { ...profile, config: unknown },
    expect: "update",
  },
  { title: "equal inputs", kind: "snapshot", olds: { ...snapshot, createdAt: "x" }, news: snapshot, expect: "same" },
  {
    title: "when it expires",
    kind: "snapshot",
    olds: snapshot,
    news: { ...snapshot, expiresAt: "2030-01-01T00:00:00Z" },
    expect: "update",
  },
  {
    title: "the instance",
    kind: "snapshot",
    olds: snapshot,
    news: { ...snapshot, instance: "db" },
    expect: { replace: ["instance"], deleteBefore: true },
  },
  {
    title: "a replaced instance of the same name",
    kind: "snapshot",
    olds: snapshot,
    news: { ...snapshot, __instanceCreatedAt: "2031-01-01T00:00:00Z" },
    expect: { replace: ["__instanceCreatedAt"], deleteBefore: true },
  },
  {
    title: "an unknown instance",
    kind: "snapshot",
    olds: snapshot,
    news: { ...snapshot, instance: unknown },
    expect: { replace: ["instance"], deleteBefore: true },
  },
  {
    title: "an instance that is about to be made anew",
    kind: "snapshot",
    olds: { ...snapshot, __instanceId: "web" },
    news: { ...snapshot, __instanceCreatedAt: unknown, __instanceId: unknown },
    expect: { replace: ["__instanceId"], deleteBefore: true },
  },
  {
    title: "an instance that is about to change",
    kind: "snapshot",
    olds: { ...snapshot, __instanceId: "web" },
    news: { ...snapshot, __instanceCreatedAt: unknown, __instanceId: "web" },
    expect: "same",
  },
  {
    title: "an unknown template",
    kind: "image",
    olds: { ...image, sourceFile: undefined, template: "busybox" },
    news: { ...image, sourceFile: undefined, fingerprint: undefined, template: unknown },
    expect: { replace: ["template"], deleteBefore: true },
  },
  ...(["network", "profile", "snapshot", "storage-pool"] as const).map(
    (kind): Case => ({
      title: "an unknown name",
      kind,
      olds: { network, profile, snapshot, "storage-pool": pool }[kind],
      news: { ...{ network, profile, snapshot, "storage-pool": pool }[kind], name: unknown },
      expect: { replace: ["name"], deleteBefore: true },
    }),
  ),
  {
    title: "an unknown type",
    kind: "network",
    olds: network,
    news: { ...network, type: unknown },
    expect: { replace: ["type"], deleteBefore: true },
  },
  {
    title: "the path of the same file",
    kind: "image",
    olds: image,
    news: { ...image, sourceFile: "b.tar" },
    expect: "update",
  },
  {
    title: "the content of the file",
    kind: "image",
    olds: image,
    news: { ...image, fingerprint: "bb" },
    expect: { replace: ["sourceFile"], deleteBefore: true },
  },
  {
    title: "the content of the file, with other aliases",
    kind: "image",
    olds: image,
    news: { ...image, fingerprint: "bb", aliases: ["two"] },
    expect: { replace: ["sourceFile"], deleteBefore: false },
  },
  {
    title: "a template in place of a file",
    kind: "image",
    olds: image,
    news: { template: "busybox", aliases: [], properties: {}, public: false },
    expect: { replace: ["template"], deleteBefore: false },
  },
  { title: "an alias", kind: "image", olds: image, news: { ...image, aliases: ["two"] }, expect: "update" },
  {
    title: "an unknown file",
    kind: "image",
    olds: image,
    news: { ...image, sourceFile: unknown, fingerprint: undefined },
    expect: { replace: ["sourceFile"], deleteBefore: true },
  },
];

const withoutUndefined = (props: Props): Props =>
  Object.fromEntries(Object.entries(props).filter(([, value]) => value !== undefined));

for (const { title, kind, olds, news, expect } of cases)
  test(`${kind}: ${title} -> ${typeof expect === "string" ? expect : `replace, ${expect.deleteBefore ? "the old one deleted first" : "beside the old one"}`}`, async () => {
    const answer = await provider.diff(kind, "id", withoutUndefined(olds), withoutUndefined(news));
    if (typeof expect === "string") {
      assert.deepEqual(answer, { changes: expect === "update", replaces: [], deleteBeforeReplace: false });
      return;
    }
    assert.deepEqual(answer, { changes: true, replaces: expect.replace, deleteBeforeReplace: expect.deleteBefore });
  });
