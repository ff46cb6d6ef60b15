/** A state folder of an earlier version opens: its objects are those of the default project, and what was running runs on. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { instanceSchema } from "../../daemon/kinds/instance/store";
import { profileSchema } from "../../daemon/kinds/profile/store";
import { snapshotSchema } from "../../daemon/kinds/snapshot/store";
import type { Schema } from "../../daemon/platform/database/database";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { databaseFile } from "../support/database";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

/** The tables as their first version had them, which knew no projects. */
const first: readonly (readonly [schema: Schema, table: string])[] = [
  [profileSchema, "profiles"],
  [instanceSchema, "instances"],
  [snapshotSchema, "snapshots"],
];

/** Puts the tables back to their first version, rows included. */
function downgrade(daemon: TestDaemon, more: (database: DatabaseSync) => void = () => undefined): void {
  const database = new DatabaseSync(databaseFile(daemon));
  for (const [{ kind, versions }, table] of first) {
    database.exec(`ALTER TABLE ${table} RENAME TO newer; ${versions[0]}`);
    const columns = database
      .prepare(`PRAGMA table_info(${table})`)
      .all()
      .map(({ name }) => String(name));
    database.exec(`INSERT INTO ${table} SELECT ${columns.join(", ")} FROM newer; DROP TABLE newer`);
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
