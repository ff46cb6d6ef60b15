/** What a stored configuration refers to changes or goes: nothing stands in the way of the rest, and the start says what is missing. */
import assert from "node:assert/strict";
import { mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0);
const folder = mkdtempSync(path.join(tmpdir(), "bothy-references-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const image = { source: { type: "image", alias: "template:busybox" } };
const shared = shareDaemon({ bare: false }, async ({ client }) => {
  // So that the template is built once.
  await (await client.createInstance({ name: "first", ...image })).wait();
  await (await client.deleteInstance("first")).wait();
});

async function does(method: string, url: string, body?: object): Promise<void> {
  const told = await shared.outcome(method, url, body);
  assert.ok(told.status < 400, `${method} ${url}: ${told.error}`);
}

const make = (name: string, more: object = {}) => does("POST", "/1.0/instances", { name, ...image, ...more });
const snapshot = (name: string, snap: string) => does("POST", `/1.0/instances/${name}/snapshots`, { name: snap });
const restore = (name: string, snap: string) => does("PUT", `/1.0/instances/${name}`, { restore: snap });
const act = (name: string, action: string) =>
  shared.outcome("PUT", `/1.0/instances/${name}/state`, { action, force: true });
const profilesOf = async (name: string) => (await shared.client.getInstance(name)).value.profiles;
const snapshotProfiles = async (name: string, snap: string) =>
  (await shared.client.getSnapshot(name, snap)).value.profiles;

test("a renamed profile is followed by instances, snapshots and images, a deleted one is taken off the latter", {
  skip,
}, async () => {
  const { client } = shared;
  await client.createProfile({ name: "old", config: { "user.kept": "yes" } });
  await make("web", { profiles: ["default", "old"] });
  await snapshot("web", "s0");
  const [{ fingerprint = "" } = {}] = await client.listImages();
  await does("PATCH", `/1.0/images/${fingerprint}`, { profiles: ["default", "old"] });
  await client.renameProfile("old", "new");
  assert.deepEqual(await profilesOf("web"), ["default", "new"]);
  assert.deepEqual(await snapshotProfiles("web", "s0"), ["default", "new"]);
  assert.deepEqual((await client.getImage(fingerprint)).value.profiles, ["default", "new"]);
  await restore("web", "s0");
  assert.equal((await client.getInstance("web")).value.expanded_config["user.kept"], "yes");

  await does("PATCH", "/1.0/instances/web", { profiles: ["default"] });
  await client.deleteProfile("new");
  assert.deepEqual(await snapshotProfiles("web", "s0"), ["default"]);
  assert.deepEqual((await client.getImage(fingerprint)).value.profiles, ["default"]);
  await restore("web", "s0");
  await does("POST", "/1.0/instances", { name: "copy", source: { type: "copy", source: "web/s0" } });
  for (const name of ["web", "copy"]) {
    assert.deepEqual(await profilesOf(name), ["default"]);
    assert.equal((await act(name, "start")).status, 200);
    await act(name, "stop");
    await does("DELETE", `/1.0/instances/${name}`);
  }
  await does("PATCH", `/1.0/images/${fingerprint}`, { profiles: ["default"] });
});

/** Settings that fitted once. Each leaves an instance "web" whose snapshot "s0" has them, and itself not. */
const misfits: Record<string, { make: () => Promise<void>; start: RegExp }> = {
  "a network that was deleted": {
    make: async () => {
      await shared.client.createNetwork({ name: "gone9", config: { "ipv4.address": "none" } });
      await make("web", { devices: { eth0: { type: "nic", network: "gone9" } } });
      await snapshot("web", "s0");
      await does("PUT", "/1.0/instances/web", { ...(await shared.client.getInstance("web")).value, devices: {} });
      await shared.client.deleteNetwork("gone9");
    },
    start: /Failed start validation for device "eth0": Failed to load network "gone9".*Network not found/,
  },
  "a host folder that was removed": {
    make: async () => {
      const source = mkdtempSync(path.join(folder, "source-"));
      await make("web", { devices: { data: { type: "disk", source, path: "/data" } } });
      await snapshot("web", "s0");
      rmdirSync(source);
    },
    start: /Failed start validation for device "data": Missing source path/,
  },
  "a key that this version does not know": {
    make: () => altered({ config: { "future.key": "1" } }),
    start: /Unknown configuration key: future\.key/,
  },
  "a device of a type that this version does not know": {
    make: () => altered({ devices: { odd: { type: "teapot" } } }),
    start: /Unsupported device type "teapot" of device "odd"/,
  },
  "a profile that nobody knows": {
    make: () => altered({ profiles: ["default", "lost"] }),
    start: /Requested profile "lost" doesn't exist/,
  },
};

/** Writes settings into the database as another version may have left them. */
async function altered(settings: Record<string, object>): Promise<void> {
  await make("web");
  await snapshot("web", "s0");
  const { daemon } = shared;
  await daemon.stop();
  const database = new DatabaseSync(path.join(daemon.dir, "database", "bothy.db"));
  const row = database.prepare("SELECT settings FROM snapshots WHERE instance = 'web'").get();
  const before = JSON.parse(String(row?.settings)) as Record<string, object>;
  const merged = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, Array.isArray(value) ? value : { ...before[key], ...value }]),
  );
  database
    .prepare("UPDATE snapshots SET settings = ? WHERE instance = 'web'")
    .run(JSON.stringify({ ...before, ...merged }));
  database.close();
  await daemon.start();
}

for (const [what, misfit] of Object.entries(misfits))
  test(`${what} keeps nobody from restoring, copying, changing, listing and deleting; the start says it`, {
    skip,
  }, async () => {
    const { client, daemon } = shared;
    await misfit.make();
    await restore("web", "s0");
    for (const source of ["web", "web/s0"])
      await does("POST", "/1.0/instances", {
        name: source === "web" ? "copy" : "fromsnap",
        source: { type: "copy", source },
      });
    const refused = async (name: string) => {
      const told = await act(name, "start");
      assert.equal(told.status >= 400 && misfit.start.test(told.error), true, `${name}: ${told.error}`);
    };
    for (const name of ["web", "copy", "fromsnap"]) await refused(name);
    await does("PATCH", "/1.0/instances/web", { config: { "user.a": "b" }, description: "changed" });
    await does("POST", "/1.0/instances/web", { name: "web2" });
    await snapshot("web2", "s1");
    await daemon.stop();
    await daemon.start();
    assert.equal((await client.listInstancesFull()).length, 3);
    const { value } = await client.getInstanceFull("web2");
    assert.deepEqual(
      value.snapshots?.map(({ name }) => name),
      ["s0", "s1"],
    );
    await refused("web2");
    for (const name of ["web2", "copy", "fromsnap"]) await does("DELETE", `/1.0/instances/${name}`);
  });

const lost = { devices: { root: { type: "disk", path: "/", pool: "lost" } } };
for (const [what, settings] of Object.entries({ "in a pool that is gone": lost, nowhere: { profiles: [] } }))
  test(`a snapshot whose settings have the root ${what} is restored and copied to where the root is`, {
    skip,
  }, async () => {
    await altered(settings);
    await restore("web", "s0");
    await does("POST", "/1.0/instances", { name: "fromsnap", source: { type: "copy", source: "web/s0" } });
    for (const name of ["web", "fromsnap"]) {
      const { status, error } = await act(name, "start");
      assert.equal(status, 200, `${name}: ${error}`);
      await act(name, "stop");
      await does("DELETE", `/1.0/instances/${name}`);
    }
  });

test("a running instance is not stopped for a snapshot that could not start", { skip }, async () => {
  await misfits["a network that was deleted"]?.make();
  assert.equal((await act("web", "start")).status, 200);
  const told = await shared.outcome("PUT", "/1.0/instances/web", { restore: "s0" });
  assert.match(told.error, /Failed to load network "gone9"/);
  assert.equal((await shared.client.getInstanceState("web")).status, "Running");
  await act("web", "stop");
  await restore("web", "s0");
  await does("DELETE", "/1.0/instances/web");
});
