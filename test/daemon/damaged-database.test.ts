/** A database that cannot be used: the daemon says what is wrong and touches nothing, and goes back to a copy when it is asked to. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { stampOf } from "../../daemon/platform/time";
import type { PendingOperation } from "../../sdk/index";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { change, databaseFile } from "../support/database";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
const image = { type: "image", alias: "template:busybox" };
const done = async (operation: Promise<PendingOperation>) => (await operation).wait();

const copiesOf = (daemon: TestDaemon) => path.join(daemon.dir, "database", "copies");

/** What the daemon says on its standard error when it does not start. */
async function refusal(daemon: TestDaemon, args: readonly string[] = []): Promise<string> {
  const error = await daemon.start(args).then(
    () => assert.fail("the daemon starts"),
    (cause: Error) => cause,
  );
  return error.message.split("\n")[0] ?? "";
}

const open = async (daemon: TestDaemon, type: string) =>
  (await daemon.client.listWarnings()).filter((warning) => warning.type === type && warning.status === "new");

const digestOf = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

/** Every file of the database but the lock, with what is in it. */
const contents = (daemon: TestDaemon) =>
  Object.fromEntries(
    readdirSync(path.join(daemon.dir, "database"))
      .filter((name) => name.startsWith("bothy.db"))
      .map((name) => [name, digestOf(path.join(daemon.dir, "database", name))]),
  );

interface Accident {
  readonly what: string;
  readonly happen: (daemon: TestDaemon) => void;
  readonly says: RegExp;
}

/** Moves the log into the file, so that the file is all there is. */
const withoutLog = (daemon: TestDaemon) => change(daemon, "PRAGMA wal_checkpoint(TRUNCATE)");

const accidents: readonly Accident[] = [
  {
    what: "cut in the middle",
    happen: (daemon) => {
      withoutLog(daemon);
      truncateSync(databaseFile(daemon), 20_000);
    },
    says: /it is damaged \(/,
  },
  {
    what: "full of random bytes",
    happen: (daemon) => {
      withoutLog(daemon);
      writeFileSync(databaseFile(daemon), Buffer.from("no database ".repeat(1000)));
    },
    says: /it is not an SQLite database/,
  },
  {
    what: "overwritten in one page",
    happen: (daemon) => {
      withoutLog(daemon);
      const bytes = readFileSync(databaseFile(daemon));
      bytes.fill(0xa5, 4096, 8192);
      writeFileSync(databaseFile(daemon), bytes);
    },
    says: /it is damaged \(/,
  },
  {
    what: "empty",
    happen: (daemon) => {
      withoutLog(daemon);
      writeFileSync(databaseFile(daemon), "");
    },
    says: /it is empty/,
  },
  {
    what: "gone",
    happen: (daemon) => {
      withoutLog(daemon);
      rmSync(databaseFile(daemon));
    },
    says: /it is missing/,
  },
  {
    what: "a folder",
    happen: (daemon) => {
      withoutLog(daemon);
      rmSync(databaseFile(daemon));
      mkdirSync(databaseFile(daemon));
    },
    says: /it is not a file/,
  },
  {
    what: "another program's",
    happen: (daemon) => {
      withoutLog(daemon);
      rmSync(databaseFile(daemon));
      const other = new DatabaseSync(databaseFile(daemon));
      other.exec("CREATE TABLE songs (name TEXT)");
      other.close();
    },
    says: /it is not a database of Bothy/,
  },
  {
    what: "of a newer Bothy",
    happen: (daemon) => {
      change(daemon, "UPDATE schema_versions SET version = 99 WHERE kind = 'instance'");
    },
    says: /its tables of kind "instance" are of a newer Bothy\. The last good copy .* Start that version, or start bothyd once/,
  },
];

test("a database that cannot be used is named with its last good copy and left as it is, until the daemon may go back to that", {
  skip,
}, async (t) => {
  await withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await client.createProfile({ name: "kept", config: { "user.note": "kept" }, devices: {} });
    for (const { what, happen, says } of accidents)
      await t.test(what, async () => {
        await daemon.stop();
        happen(daemon);
        const isFolder = what === "a folder";
        const before = isFolder ? undefined : contents(daemon);
        const said = await refusal(daemon);
        assert.match(said, says);
        assert.match(
          said,
          /Cannot open the database ".*\/database\/bothy\.db": it.* copy is of \d{4}-\d\d-\d\dT[\d:]+Z\..*--restore-database/,
        );
        if (!isFolder) assert.deepEqual(contents(daemon), before, "nothing is touched");

        await daemon.start(["--restore-database"]);
        assert.equal((await client.getProfile("kept")).value.config["user.note"], "kept");
        const [told] = await open(daemon, "Database restored from a copy");
        assert.match(told?.last_message ?? "", /is as it was at \d{4}-/);
        const kept = /The file of before is "([^"]*)"/.exec(told?.last_message ?? "")?.[1] ?? "";
        assert.match(path.basename(kept), /^bothy\.db\.unusable-/);
        if (before?.["bothy.db"] !== undefined)
          assert.equal(digestOf(kept), before["bothy.db"], "the file of before is kept whole");
        if (existsSync(kept)) rmSync(kept, { recursive: true });
        await client.deleteWarning(told?.uuid ?? "");
      });
  });
});

test("a good database is not taken back, and that one was is told until somebody deletes it", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await daemon.stop();
    withoutLog(daemon);
    writeFileSync(databaseFile(daemon), "");
    await daemon.start(["--restore-database"]);
    await client.createProfile({ name: "later", config: {}, devices: {} });
    await daemon.stop();
    await daemon.start(["--restore-database"]);
    assert.equal((await client.getProfile("later")).value.name, "later");
    assert.equal((await open(daemon, "Database restored from a copy")).length, 1);
  }),
);

test("without a good copy the daemon does not begin anew by itself", { skip }, () =>
  withDaemon({}, async (daemon) => {
    await daemon.client.createProfile({ name: "kept", config: {}, devices: {} });
    await daemon.stop();
    withoutLog(daemon);
    const good = readFileSync(databaseFile(daemon));
    const copies = readdirSync(copiesOf(daemon));
    assert.ok(copies.length > 0);
    for (const name of copies) writeFileSync(path.join(copiesOf(daemon), name), "damaged too");
    writeFileSync(databaseFile(daemon), "");
    for (const args of [[], ["--restore-database"]])
      assert.match(
        await refusal(daemon, args),
        /it is empty\. There is no good copy of it\. Bring the file back from a backup/,
      );
    writeFileSync(databaseFile(daemon), good);
    await daemon.start();
    assert.equal((await daemon.client.getProfile("kept")).value.name, "kept");
  }),
);

test("an older copy is taken where the newest is damaged, and copies are few", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await client.createProfile({ name: "first", config: {}, devices: {} });
    await daemon.stop();
    const [made = "", ...others] = readdirSync(copiesOf(daemon)).sort().reverse();
    for (const name of others) rmSync(path.join(copiesOf(daemon), name));
    // As if it were made on other days.
    for (let day = 1; day < 10; day += 1)
      copyFileSync(
        path.join(copiesOf(daemon), made),
        path.join(copiesOf(daemon), `bothy-2020-01-0${day}T00-00-00Z.db`),
      );
    rmSync(path.join(copiesOf(daemon), made));
    await daemon.start();
    await client.createProfile({ name: "last", config: {}, devices: {} });
    await daemon.stop();
    const copies = readdirSync(copiesOf(daemon)).sort().reverse();
    assert.ok(copies.length <= 7, copies.join());
    assert.ok(
      copies.every((name) => /^bothy-[\dT-]+Z\.db$/.test(name)),
      copies.join(),
    );
    const [newest = "", older = ""] = copies;
    assert.match(newest, /^bothy-20[2-9]\d/);
    writeFileSync(
      path.join(copiesOf(daemon), newest),
      readFileSync(path.join(copiesOf(daemon), newest)).subarray(0, 9000),
    );
    withoutLog(daemon);
    truncateSync(databaseFile(daemon), 9000);
    const at = older.slice(6, 16);
    assert.match(await refusal(daemon), new RegExp(`The last good copy is of ${at}`));
    await daemon.start(["--restore-database"]);
    assert.ok((await client.listProfiles()).some(({ name }) => name === "first"));
  }),
);

test("a lost log is told, and a daemon that ended well needs none", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await client.createProfile({ name: "kept", config: {}, devices: {} });
    await daemon.stop();
    rmSync(`${databaseFile(daemon)}-wal`);
    await daemon.start();
    assert.equal((await client.getProfile("kept")).value.name, "kept");
    assert.deepEqual(await open(daemon, "Log of the database missing"), []);
    await daemon.kill();
    rmSync(`${databaseFile(daemon)}-wal`);
    await daemon.start();
    const [told] = await open(daemon, "Log of the database missing");
    assert.match(told?.last_message ?? "", /bothy\.db-wal" is missing/);
    await client.getProfile("kept");
  }),
);

test("what is newer than the copy stays: volumes, image files, running containers and their host ids", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    await daemon.stop();
    await daemon.start();
    await done(client.createInstance({ name: "newer", source: image }));
    await done(client.setInstanceState("newer", { action: "start" }));
    const base = (await client.getInstance("newer")).value.config["volatile.idmap.base"];
    const [built] = await client.listImages();
    const { pid } = await client.getInstanceState("newer");
    await daemon.kill();
    for (const tail of ["", "-wal"]) rmSync(databaseFile(daemon) + tail);
    assert.match(await refusal(daemon), /it is missing/);
    await daemon.start(["--restore-database"]);
    assert.deepEqual(await client.listInstances(), []);
    assert.ok(existsSync(path.join(daemon.dir, "storage-pools", "default", "containers", "newer", "rootfs", "bin")));
    assert.ok(existsSync(path.join(daemon.dir, "images", built?.fingerprint ?? "none")));
    const [stray] = await open(daemon, "Unknown container runs");
    assert.match(stray?.last_message ?? "", new RegExp(`"newer" runs .* kill process ${pid}\\b`));
    assert.match(
      (await open(daemon, "Storage volume belongs to nobody"))[0]?.last_message ?? "",
      /"containers\/newer"/,
    );
    await done(client.createInstance({ name: "next", source: image }));
    assert.notEqual((await client.getInstance("next")).value.config["volatile.idmap.base"], base);
    await daemon.stop();
    await daemon.start();
    assert.ok(
      existsSync(path.join(daemon.dir, "images", built?.fingerprint ?? "none")),
      "nor does a later start remove it",
    );
    process.kill(pid, "SIGKILL");
    await done(client.deleteInstance("next"));
  }),
);

test("a record of versions that does not fit the tables is an unusable database, with its copy named", { skip }, () =>
  withDaemon({}, async (daemon) => {
    await preparePool(daemon, "dir");
    await daemon.stop();
    const [kept] = change(daemon, "SELECT version FROM schema_versions WHERE kind = 'instance'");
    const copies = () =>
      Object.fromEntries(
        readdirSync(copiesOf(daemon)).map((name) => [name, digestOf(path.join(copiesOf(daemon), name))]),
      );
    // A copy of this very second, as by a daemon that has just ended, and one that an earlier upgrade left.
    const [newest = ""] = readdirSync(copiesOf(daemon)).sort().reverse();
    const good = readFileSync(path.join(copiesOf(daemon), newest));
    const soon = Array.from({ length: 30 }, (_, ahead) => `bothy-${stampOf(new Date(Date.now() + ahead * 1000))}.db`);
    for (const name of [...soon, "before-upgrade-2025-01-01T00-00-00Z.db"])
      writeFileSync(path.join(copiesOf(daemon), name), good);
    const before = copies();
    for (const [damage, says] of [
      ["UPDATE schema_versions SET version = 0 WHERE kind = 'instance'", /its versions do not fit its tables/],
      ["UPDATE schema_versions SET version = -1 WHERE kind = 'instance'", /its versions do not fit its tables/],
      ["UPDATE schema_versions SET kind = 'odd' WHERE kind = 'instance'", /its versions do not fit its tables/],
      ["UPDATE schema_versions SET version = 9223372036854775807 WHERE kind = 'instance'", /of a newer Bothy/],
    ] as const) {
      change(daemon, damage);
      const told = await refusal(daemon);
      assert.match(told, says);
      assert.match(told, /The last good copy is of .* with --restore-database/);
      assert.deepEqual(copies(), before, "an upgrade that fails leaves no copy and takes none");
      change(daemon, "DELETE FROM schema_versions WHERE kind IN ('instance', 'odd')");
      change(daemon, "INSERT INTO schema_versions VALUES ('instance', ?)", Number(kept?.version));
    }
    await daemon.start();
    assert.equal((await daemon.client.listStoragePools()).length, 1);
  }),
);
