/** A state folder in which something is damaged: the daemon starts, says what, and serves all the rest. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { PendingOperation } from "../../sdk/index";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { change, databaseFile } from "../support/database";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";

const skip =
  requireFeature("root", process.getuid?.() === 0) ||
  requireFeature("dnsmasq", hasProgram("dnsmasq")) ||
  requireFeature("nft", hasProgram("nft"));
const image = { type: "image", alias: "template:busybox" };
const done = async (operation: Promise<PendingOperation>) => (await operation).wait();

/** Two of each kind, so that one can be damaged beside a sound one. */
async function prepare({ client }: TestDaemon): Promise<string> {
  for (const name of ["hurt", "sound"]) await client.createStoragePool({ name, driver: "dir", config: {} });
  for (const name of ["hurt", "sound"]) {
    await client.createNetwork({
      name,
      config: { "ipv4.address": name === "hurt" ? "10.91.1.1/24" : "10.91.2.1/24", "ipv6.address": "none" },
    });
    await client.createProfile({ name, config: { "user.note": name }, devices: {} });
    const devices = { root: { type: "disk", path: "/", pool: "sound" } };
    await done(
      client.createInstance({
        name,
        source: image,
        devices,
        profiles: [],
        config: { "user.note": name, "limits.memory": "64MiB" },
      }),
    );
    await done(client.createSnapshot(name, { name: "s" }));
  }
  const [built] = await client.listImages();
  assert.ok(built);
  await client.createImageAlias({ name: "hurt", target: built.fingerprint });
  return built.fingerprint;
}

async function launches(daemon: TestDaemon, name: string): Promise<void> {
  const { client } = daemon;
  await done(client.setInstanceState(name, { action: "start" }));
  assert.equal(String((await client.execOutput(name, { command: ["echo", "up"] })).stdout), "up\n");
  await done(client.setInstanceState(name, { action: "stop", force: true }));
}

async function restart(daemon: TestDaemon, damage: () => void): Promise<void> {
  await daemon.stop();
  damage();
  await daemon.start();
}

const open = async (daemon: TestDaemon, type: string) =>
  (await daemon.client.listWarnings()).filter((warning) => warning.type === type && warning.status === "new");

test(
  "one row of each kind with broken JSON is told, shown by what can be read, and kept as it was; the rest works",
  { skip },
  () =>
    withDaemon({}, async (daemon) => {
      const { client } = daemon;
      await preparePool(daemon, "dir");
      const fingerprint = await prepare(daemon);
      const before = await client.getInstance("hurt");
      const base = before.value.config["volatile.idmap.base"];
      assert.ok(base);
      const cut = `{"user.note":"hurt","volatile.idmap.base":"${base}","limits.mem`;
      await restart(daemon, () => {
        change(
          daemon,
          "UPDATE instances SET config = ?, devices = '[[', created_at = 'yesterday' WHERE name = 'hurt'",
          cut,
        );
        change(daemon, "UPDATE snapshots SET settings = 'x', expires_at = '' WHERE instance = 'hurt'");
        change(daemon, "UPDATE profiles SET config = '{\"a\":1}', devices = 'null' WHERE name = 'hurt'");
        change(daemon, "UPDATE networks SET config = '' WHERE name = 'hurt'");
        change(daemon, "UPDATE storage_pools SET config = '[]' WHERE name = 'hurt'");
        change(
          daemon,
          "UPDATE images SET properties = '{', files = '{', profiles = '{', metadata = '1', templates = ''",
        );
        change(
          daemon,
          "INSERT INTO storage_pool_renames (pool, type, source, target) VALUES ('sound', 'nonsense', 'a', 'b')",
        );
      });
      const told = await open(daemon, "Stored object damaged");
      assert.deepEqual(told.map(({ entity_url }) => entity_url).sort(), [
        `/1.0/images/${fingerprint}`,
        "/1.0/instances/hurt",
        "/1.0/instances/hurt/snapshots/s",
        "/1.0/networks/hurt",
        "/1.0/profiles/hurt",
        "/1.0/storage-pools/hurt",
        "/1.0/storage-pools/sound",
      ]);
      const { value: hurt } = await client.getInstance("hurt");
      assert.deepEqual([hurt.status, hurt.status_code], ["Error", 112]);
      assert.deepEqual([hurt.config["user.note"], hurt.config["volatile.idmap.base"]], ["hurt", base]);
      assert.ok(!Number.isNaN(Date.parse(hurt.created_at)));
      await assert.rejects(done(client.setInstanceState("hurt", { action: "start" })), {
        code: "BAD_REQUEST",
        message:
          /Cannot start instance "hurt": what was stored of "\/1.0\/instances\/hurt" is damaged \(config, devices, created_at\)/,
      });
      assert.equal((await client.listSnapshots("hurt")).length, 1, "a snapshot of no readable expiry stays");
      for (const list of [client.listProfiles(), client.listStoragePools(), client.listInstances()])
        assert.ok((await list).some(({ name }) => name === "hurt"));
      assert.equal((await client.getNetwork("hurt")).value.status, "Unavailable");
      assert.equal((await client.getNetwork("sound")).value.status, "Created");

      await launches(daemon, "sound");
      await done(client.createInstance({ name: "fresh", source: { type: "copy", source: "sound" } }));
      await launches(daemon, "fresh");
      await assert.rejects(
        done(client.createInstance({ name: "other", source: { type: "image", fingerprint } })),
        /damaged/,
      );

      const devices = { root: { type: "disk", path: "/", pool: "sound" } };
      await client.patchInstance("hurt", { devices });
      assert.equal((await client.getInstance("hurt")).value.status, "Stopped");
      await launches(daemon, "hurt");
      await done(client.restoreSnapshot("hurt", "s"));
      await client.updateProfile("hurt", { description: "", config: {}, devices: {} });
      await client.updateNetwork("hurt", {
        description: "",
        config: { "ipv4.address": "10.91.1.1/24", "ipv6.address": "none" },
      });
      assert.equal((await client.getNetwork("hurt")).value.status, "Created");
      await restart(daemon, () => {
        const [kept] = change(daemon, "SELECT row FROM damaged_rows WHERE table_name = 'instances'");
        assert.equal(JSON.parse(String(kept?.row)).config, cut, "the row as it was");
      });
      const still = (await open(daemon, "Stored object damaged")).map(({ entity_url }) => entity_url);
      assert.ok(!still.some((url) => /profiles|networks|instances\/hurt$/.test(url)), still.join());
      for (const name of ["hurt", "sound", "fresh"]) await done(client.deleteInstance(name));
      for (const name of ["hurt", "sound"]) await client.deleteNetwork(name);
      await done(client.deleteImage(fingerprint));
      for (const name of ["hurt"]) await client.deleteStoragePool(name);
    }),
);

test("rows whose values no longer validate keep nobody from starting, and their objects can be deleted", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    await prepare(daemon);
    await restart(daemon, () => {
      const config = {
        "limits.memory": "lots",
        "limits.cpu": "-1",
        "boot.autostart": "perhaps",
        "boot.autostart.delay": "x",
        nonsense: "1",
      };
      const devices = {
        root: { type: "disk", path: "/", pool: "gone" },
        odd: { type: "teapot" },
        eth0: { type: "nic", network: "gone" },
      };
      change(
        daemon,
        "UPDATE instances SET config = ?, devices = ?, profiles = '[\"gone\"]', pool = 'gone', architecture = 'pdp11', pending = 7 WHERE name = 'hurt'",
        JSON.stringify(config),
        JSON.stringify(devices),
      );
      change(
        daemon,
        "UPDATE snapshots SET settings = json_set(settings, '$.profiles', json('[\"gone\"]')) WHERE instance = 'hurt'",
      );
      change(
        daemon,
        "UPDATE profiles SET config = ?, devices = ? WHERE name = 'hurt'",
        JSON.stringify(config),
        JSON.stringify(devices),
      );
      change(
        daemon,
        "UPDATE networks SET type = 'teapot', config = '{\"ipv4.address\":\"300.1\"}' WHERE name = 'hurt'",
      );
      change(
        daemon,
        "UPDATE storage_pools SET driver = 'teapot', config = '{\"source\":\"relative\"}' WHERE name = 'hurt'",
      );
      change(
        daemon,
        "UPDATE images SET architecture = 'pdp11', expires_at = 'soon', cached = 7, source = '{\"protocol\":9}'",
      );
      change(daemon, "INSERT INTO image_aliases VALUES ('default', 'lost', '', 'container', 'nowhere')");
      change(daemon, "INSERT INTO server VALUES ('config.core.nonsense', 'x'), ('state.database_restored_at', 'x')");
      change(
        daemon,
        "INSERT INTO warnings VALUES ('u', 'Of a newer Bothy', 'grave', 'odd', 'm', '', 1, 'then', 'now', '')",
      );
      for (const name of ["../../../etc", "", "a/b"])
        change(
          daemon,
          "INSERT INTO instances VALUES ('default', ?, 'x86_64', '', '{}', '{}', '[]', 0, '', '', 'sound', 0, '{}')",
          name,
        );
      change(daemon, "INSERT INTO networks VALUES ('lo;reboot', 'bridge', '', '{}')");
      change(daemon, "INSERT INTO profiles VALUES ('default', '..', '', '{}', '{}')");
      change(
        daemon,
        "INSERT INTO images SELECT project, '../x', filename, size, architecture, public, auto_update, properties, profiles, created_at, expires_at, last_used_at, uploaded_at, metadata, templates, files, built_from, cached, source FROM images LIMIT 1",
      );
    });
    assert.deepEqual((await client.listInstances()).map(({ name }) => name).sort(), ["hurt", "sound"]);
    assert.deepEqual(
      (await client.listNetworks())
        .filter(({ managed }) => managed)
        .map(({ name }) => name)
        .sort(),
      ["hurt", "sound"],
    );
    assert.equal((await client.getStoragePool("hurt")).value.status, "Unavailable");
    await client.listImages();
    await client.listImageAliases();
    await client.listWarnings();
    await client.getInstanceFull("hurt");
    await launches(daemon, "sound");
    await client.createNetwork({ name: "another", config: {} });
    await client.deleteNetwork("another");
    await assert.rejects(done(client.setInstanceState("hurt", { action: "start" })));
    await done(client.deleteInstance("hurt"));
    await client.deleteProfile("hurt");
    for (const name of ["hurt", "sound"]) await client.deleteNetwork(name);
    await done(client.deleteInstance("sound"));
    await restart(daemon, () => {
      assert.equal(
        change(
          daemon,
          "SELECT count(*) AS count FROM damaged_rows WHERE columns LIKE '%name%' OR columns LIKE '%fingerprint%'",
        )[0]?.count,
        6,
      );
    });
  }),
);

test(
  "lost image files and stray entries of every state folder are told and stay, and the daemon starts",
  { skip },
  () =>
    withDaemon({}, async (daemon) => {
      const { client } = daemon;
      await preparePool(daemon, "dir");
      const fingerprint = await prepare(daemon);
      const strays: string[] = [];
      await restart(daemon, () => {
        for (const folder of [
          "",
          "cells",
          "containers",
          "snapshots",
          "disks",
          "images",
          "logs",
          "networks",
          "storage-pools",
          "tmp",
          "database",
        ]) {
          const at = path.join(daemon.dir, folder);
          writeFileSync(path.join(at, "stray-file"), "mine\n");
          mkdirSync(path.join(at, "stray-folder", "in", "it"), { recursive: true });
          writeFileSync(path.join(at, "stray-folder", "in", "file"), "mine\n");
          strays.push(path.join(at, "stray-file"), path.join(at, "stray-folder", "in", "file"));
        }
        for (const type of ["containers", "containers-snapshots", "images"]) {
          const at = path.join(daemon.dir, "storage-pools", "sound", type);
          writeFileSync(path.join(at, "stray-file"), "mine\n");
          mkdirSync(path.join(at, "stray-folder"));
          writeFileSync(path.join(at, "stray-folder", "file"), "mine\n");
          strays.push(path.join(at, "stray-file"), path.join(at, "stray-folder", "file"));
        }
        rmSync(path.join(daemon.dir, "images", fingerprint));
        writeFileSync(path.join(daemon.dir, "cells", ".spawner-1"), "");
        mkdirSync(path.join(daemon.dir, "cells", ".spawner-2"));
        mkdirSync(path.join(daemon.dir, "cells", "hurt"), { recursive: true });
        writeFileSync(path.join(daemon.dir, "cells", "hurt", "sock"), "no socket");
        writeFileSync(path.join(daemon.dir, "unix.socket"), "no socket");
      });
      for (const file of strays) assert.equal(readFileSync(file, "utf8"), "mine\n", file);
      assert.equal((await open(daemon, "Image file missing"))[0]?.entity_url, `/1.0/images/${fingerprint}`);
      assert.match(
        (await open(daemon, "Unknown files in the state folder"))[0]?.last_message ?? "",
        /"images\/stray-f/,
      );
      assert.match(
        (await open(daemon, "Storage volume belongs to nobody"))[0]?.last_message ?? "",
        /"containers\/stray-file"/,
      );
      await launches(daemon, "sound");
      await launches(daemon, "hurt");
      for (const name of ["hurt", "sound"]) {
        await done(client.deleteInstance(name));
        await client.deleteNetwork(name);
      }
      await done(client.deleteImage(fingerprint));
      for (const file of strays) rmSync(file.replace(/\/in\/file$|(?<=stray-folder)\/file$/, ""), { recursive: true });
      await restart(daemon, () => undefined);
      assert.deepEqual(await open(daemon, "Unknown files in the state folder"), []);
    }),
);

test(
  "garbage in the files of a network keeps neither it nor the daemon from starting, and ends no process of others",
  { skip },
  (t) =>
    withDaemon({}, async (daemon) => {
      const { client } = daemon;
      await preparePool(daemon, "dir");
      await prepare(daemon);
      const bystander = spawn("sleep", ["1000"], { stdio: "ignore" });
      t.after(() => bystander.kill());
      await restart(daemon, () => {
        const at = path.join(daemon.dir, "networks", "hurt");
        writeFileSync(path.join(at, "dnsmasq.leases"), Buffer.from([0, 255, 10, 1, 2, 3, 10, 32, 32, 10]));
        writeFileSync(path.join(at, "dnsmasq.pid"), `${bystander.pid}\n`);
        mkdirSync(path.join(at, "dnsmasq.hosts", "folder"), { recursive: true });
        writeFileSync(path.join(at, "dnsmasq.hosts", "file"), Buffer.from([255, 0, 10, 44, 44]));
      });
      assert.equal((await client.getNetwork("hurt")).value.status, "Created");
      await client.getNetworkLeases("hurt");
      assert.equal(bystander.exitCode, null);
      assert.equal(bystander.signalCode, null);
      const devices = {
        root: { type: "disk", path: "/", pool: "sound" },
        eth0: { type: "nic", network: "hurt", name: "eth0" },
      };
      await client.patchInstance("hurt", { devices });
      await launches(daemon, "hurt");
      for (const name of ["hurt", "sound"]) await done(client.deleteInstance(name));
      for (const name of ["hurt", "sound"]) await client.deleteNetwork(name);
    }),
);

test("text that a damaged page put into a row is found though SQLite finds the file whole", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    await client.createProfile({ name: "hurt", config: { "user.mark": "0123456789abcdef" }, devices: {} });
    await restart(daemon, () => {
      change(daemon, "PRAGMA wal_checkpoint(TRUNCATE)");
      const file = path.join(daemon.dir, "database", "bothy.db");
      const bytes = readFileSync(file);
      const at = bytes.lastIndexOf('0123456789abcdef"}');
      assert.ok(at > 0);
      bytes.fill(0xff, at + 10, at + 18);
      writeFileSync(file, bytes);
    });
    assert.equal((await open(daemon, "Stored object damaged"))[0]?.entity_url, "/1.0/profiles/hurt");
    assert.ok((await client.listProfiles()).some(({ name }) => name === "hurt"));
    assert.ok(existsSync(daemon.socket) && readdirSync(daemon.dir).length > 0);
    appendFileSync(daemon.logfile, "");
  }),
);

test(
  "a row that its table does not allow, or with a number past all others, is one row, not the database's damage",
  { skip },
  () =>
    withDaemon({}, async (daemon) => {
      const { client } = daemon;
      await preparePool(daemon, "dir");
      await prepare(daemon);
      await restart(daemon, () => {
        change(daemon, "UPDATE storage_pools SET state = 'odd' WHERE name = 'hurt'");
        change(daemon, "UPDATE images SET size = 9223372036854775807, public = 9223372036854775807");
        change(daemon, "UPDATE instances SET ephemeral = -9223372036854775807 WHERE name = 'hurt'");
        withNulls(daemon, "UPDATE instances SET description = NULL, architecture = NULL WHERE name = 'hurt'");
        withNulls(daemon, "UPDATE networks SET type = NULL, description = NULL WHERE name = 'hurt'");
      });
      const told = (await open(daemon, "Stored object damaged")).map(({ entity_url }) => entity_url);
      for (const url of ["/1.0/storage-pools/hurt", "/1.0/instances/hurt", "/1.0/networks/hurt"])
        assert.ok(told.includes(url), `${url}: ${told.join()}`);
      assert.equal((await client.getStoragePool("hurt")).value.status, "Created", "nothing of it is removed");
      assert.equal((await client.getInstance("hurt")).value.description, "");
      assert.equal((await client.listNetworks()).find(({ name }) => name === "hurt")?.description, "");
      await client.listImages();
      await launches(daemon, "sound");
      for (const name of ["hurt", "sound"]) {
        await done(client.deleteInstance(name));
        await client.deleteNetwork(name);
      }
    }),
);

/** Runs a statement as if no column refused NULL. */
function withNulls(daemon: TestDaemon, sql: string): void {
  const database = new DatabaseSync(databaseFile(daemon), { defensive: false });
  const rule = "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table'";
  database.exec("PRAGMA writable_schema = 1");
  database.prepare(rule).run("TEXT NOT NULL", "TEXT          ");
  database.close();
  change(daemon, sql);
  const again = new DatabaseSync(databaseFile(daemon), { defensive: false });
  again.exec("PRAGMA writable_schema = 1");
  again.prepare(rule).run("TEXT          ", "TEXT NOT NULL");
  again.close();
}
