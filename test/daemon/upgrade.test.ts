/** A state folder of an earlier version opens: its objects are those of the default project, and what was running runs on. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { imageSchema } from "../../daemon/kinds/image/schema";
import { instanceSchema } from "../../daemon/kinds/instance/store";
import { profileSchema } from "../../daemon/kinds/profile/store";
import { snapshotSchema } from "../../daemon/kinds/snapshot/store";
import type { Schema } from "../../daemon/platform/database/database";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { databaseFile } from "../support/database";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

/** The tables as their first version had them, which knew no projects. */
const first: readonly (readonly [schema: Schema, tables: readonly string[]])[] = [
  [profileSchema, ["profiles"]],
  [instanceSchema, ["instances"]],
  [snapshotSchema, ["snapshots"]],
  [imageSchema, ["images", "image_aliases"]],
];

/** Puts the tables back to their first version, rows included. */
function downgrade(daemon: TestDaemon, more: (database: DatabaseSync) => void = () => undefined): void {
  const database = new DatabaseSync(databaseFile(daemon), { enableForeignKeyConstraints: false });
  for (const [{ kind, versions, tables: all = [] }, tables] of first) {
    for (const { table } of all) if (!tables.includes(table)) database.exec(`DROP TABLE ${table}`);
    for (const table of tables) database.exec(`ALTER TABLE ${table} RENAME TO newer_${table}`);
    database.exec(versions[0] ?? "");
    for (const table of tables) {
      const columns = database.prepare(`PRAGMA table_info(${table})`).all();
      const names = columns.map(({ name }) => String(name)).join(", ");
      database.exec(`INSERT INTO ${table} (${names}) SELECT ${names} FROM newer_${table}; DROP TABLE newer_${table}`);
    }
    database.prepare("UPDATE schema_versions SET version = 1 WHERE kind = ?").run(kind);
  }
  more(database);
  database.close();
}

async function prepare(daemon: TestDaemon): Promise<number> {
  const { client } = daemon;
  await preparePool(daemon, "dir");
  await client.createProfile({ name: "dev", config: { "user.note": "kept" }, devices: {} });
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name: "web", source, profiles: ["default", "dev"] })).wait();
  const [built] = await client.listImages();
  await client.createImageAlias({ name: "mine/one", target: built?.fingerprint ?? "" });
  await (await client.createSnapshot("web", { name: "before" })).wait();
  await (await client.setInstanceState("web", { action: "start" })).wait();
  return (await client.getInstanceState("web")).pid;
}

test(
  "objects of an earlier version are there, a running container runs on, and a copy is kept as it was",
  { skip },
  () =>
    withDaemon({}, async (daemon) => {
      const { client } = daemon;
      const pid = await prepare(daemon);
      await daemon.stop();
      downgrade(daemon);
      await daemon.start();
      assert.equal((await client.getInstanceState("web")).pid, pid);
      const { value: web } = await client.getInstance("web");
      assert.deepEqual([web.project, web.status, web.profiles], ["default", "Running", ["default", "dev"]]);
      assert.equal(web.expanded_config["user.note"], "kept");
      const { value: alias } = await client.getImageAlias("mine/one");
      assert.deepEqual(
        (await client.listImages()).map(({ fingerprint }) => fingerprint),
        [alias.target],
      );
      assert.deepEqual((await client.getProfile("dev")).value.used_by, ["/1.0/instances/web"]);
      assert.equal(String((await client.execOutput("web", { command: ["echo", "up"] })).stdout), "up\n");
      assert.deepEqual(
        (await client.listSnapshots("web")).map(({ name }) => name),
        ["before"],
      );
      await (await client.restoreSnapshot("web", "before")).wait();
      const folder = path.join(path.dirname(databaseFile(daemon)), "copies");
      const [kept = ""] = readdirSync(folder).filter((name) => name.startsWith("before-upgrade-"));
      assert.ok(
        readdirSync(folder).includes(kept.replace("before-upgrade", "bothy")),
        "an older daemon finds it as well",
      );
      const copy = new DatabaseSync(path.join(folder, kept), { readOnly: true });
      const columns = copy
        .prepare("PRAGMA table_info(instances)")
        .all()
        .map(({ name }) => String(name));
      copy.close();
      assert.deepEqual([columns.includes("name"), columns.includes("project")], [true, false]);
      await (await client.setInstanceState("web", { action: "stop", force: true })).wait();
    }),
);

test("a damaged row of an earlier version hinders no upgrade: it is told of, and the rest is there", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const { client } = daemon;
    for (const name of ["hurt", "sound"]) await client.createProfile({ name, config: {}, devices: {} });
    await daemon.stop();
    downgrade(daemon, (database) => {
      database.exec("PRAGMA ignore_check_constraints = ON; UPDATE profiles SET config = '[[' WHERE name = 'hurt'");
      database.exec("INSERT INTO profiles VALUES ('../odd', '', '{}', '{}')");
    });
    await daemon.start();
    assert.deepEqual((await client.listProfiles()).map(({ name }) => name).sort(), ["default", "hurt", "sound"]);
    const told = (await client.listWarnings()).filter(({ type }) => type === "Stored object damaged");
    assert.deepEqual(told.map(({ entity_url }) => entity_url).sort(), ["/1.0/profiles/..%2Fodd", "/1.0/profiles/hurt"]);
  }),
);
