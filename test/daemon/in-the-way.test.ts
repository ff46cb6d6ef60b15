/** Something else stands where a folder or a file of the daemon's belongs: it is put aside and told, and keeps neither daemon nor guests from starting. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { PendingOperation } from "../../sdk/index";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { spread } from "../support/long";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";
import { newWarnings } from "../support/warnings";

const skip =
  requireFeature("root", process.getuid?.() === 0) ||
  requireFeature("dnsmasq", hasProgram("dnsmasq")) ||
  requireFeature("nft", hasProgram("nft"));
const done = async (operation: Promise<PendingOperation>) => (await operation).wait();

/** What may stand somewhere, each made at a path. */
const things = {
  file: (at: string) => writeFileSync(at, "mine\n"),
  folder: (at: string) => {
    mkdirSync(at);
    writeFileSync(path.join(at, "mine"), "mine\n");
  },
  fifo: (at: string) => void execFileSync("mkfifo", [at]),
  "link that leads nowhere": (at: string) => symlinkSync("/nowhere/at/all", at),
  "link to itself": (at: string) => symlinkSync(at, at),
} as const;
type Thing = keyof typeof things;

/** Puts a thing where something of the daemon's is, or will be. */
function putInTheWay(daemon: TestDaemon, place: string, thing: Thing): void {
  const at = path.join(daemon.dir, place);
  rmSync(at, { recursive: true, force: true });
  things[thing](at);
}

/** What was put aside at a place. */
function asideOf(daemon: TestDaemon, place: string): string[] {
  const at = path.join(daemon.dir, place);
  return readdirSync(path.dirname(at)).filter((name) => name.startsWith(`${path.basename(at)}.aside-`));
}

async function prepare(daemon: TestDaemon): Promise<void> {
  const { client } = daemon;
  await preparePool(daemon, "dir");
  await client.createNetwork({ name: "net", config: { "ipv4.address": "10.93.1.1/24", "ipv6.address": "none" } });
  await done(
    client.createInstance({
      name: "web",
      source: { type: "image", alias: "template:busybox" },
      devices: { eth0: { type: "nic", network: "net" } },
    }),
  );
}

async function launches({ client }: TestDaemon): Promise<void> {
  await done(client.setInstanceState("web", { action: "start" }));
  await client.waitInstance("web", { for: "ipv4", timeoutSeconds: 30 });
  await done(client.setInstanceState("web", { action: "stop", force: true }));
}

const strays = async ({ client }: TestDaemon): Promise<string> =>
  (await client.listWarnings()).find(({ type }) => type === "Unknown files in the state folder")?.last_message ?? "";

test(
  "whatever stands in the place of a folder of the state folder is put aside and told, and all starts",
  { skip },
  () =>
    withDaemon({}, async (daemon) => {
      await prepare(daemon);
      await launches(daemon);
      const places: Readonly<Record<string, Thing>> = {
        cells: "file",
        containers: "link that leads nowhere",
        snapshots: "fifo",
        disks: "link to itself",
        logs: "fifo",
        networks: "file",
        tmp: "link that leads nowhere",
        "database/copies": "file",
        "database/reserve": "fifo",
        "database/spare-inodes": "file",
        "database/lock": "fifo",
        "unix.socket": "folder",
      };
      await daemon.stop();
      for (const [place, thing] of Object.entries(places)) putInTheWay(daemon, place, thing);
      await daemon.start();
      await launches(daemon);
      // Copies of the database are made when the daemon ends, at the latest.
      await daemon.stop();
      await daemon.start();
      assert.ok(readdirSync(path.join(daemon.dir, "database", "copies")).some((name) => name.endsWith(".db")));
      const told = await strays(daemon);
      for (const place of Object.keys(places)) {
        const [aside = ""] = asideOf(daemon, place);
        assert.notEqual(aside, "", `${place} is put aside`);
        assert.match(told, new RegExp(`"${path.join(path.dirname(place), aside)}"`), "and told");
        rmSync(path.join(daemon.dir, path.dirname(place), aside), { recursive: true });
      }
      await daemon.stop();
      await daemon.start();
      assert.deepEqual(await newWarnings(daemon.client), []);
      await done(daemon.client.deleteInstance("web"));
    }),
);

test("a daemon whose database folder is none says so, and begins with no empty one", { skip }, () =>
  withDaemon({}, async (daemon) => {
    await preparePool(daemon, "dir");
    const [folder, kept] = [path.join(daemon.dir, "database"), path.join(daemon.dir, "kept")];
    for (const thing of spread(["file", "fifo", "link that leads nowhere", "link to itself"] as const, 2)) {
      await daemon.stop();
      renameSync(folder, kept);
      things[thing](folder);
      await assert.rejects(
        daemon.start(),
        /Cannot open the database: ".*\/database" is not a folder, and leads to none\./,
      );
      rmSync(folder);
      renameSync(kept, folder);
      await daemon.start();
    }
    assert.equal((await daemon.client.listStoragePools()).length, 1);
  }),
);

test("the database opens whatever stands in the place of its log, its journal and a copy", { skip }, () =>
  withDaemon({}, async (daemon) => {
    await preparePool(daemon, "dir");
    const places = ["bothy.db-wal", "bothy.db-shm", "bothy.db-journal", "copies/bothy-2099-01-01T00-00-00Z.db"];
    for (const thing of spread(["folder", "link that leads nowhere", "link to itself", "fifo"] as const, 2)) {
      await daemon.stop();
      for (const place of places) putInTheWay(daemon, `database/${place}`, thing);
      await daemon.start();
      assert.equal((await daemon.client.listStoragePools()).length, 1);
    }
    await daemon.stop();
    putInTheWay(daemon, "database/bothy.db", "link to itself");
    await assert.rejects(daemon.start(), /it is not a file\. The last good copy is of/);
    await daemon.start(["--restore-database"]);
    assert.equal((await daemon.client.listStoragePools()).length, 1);
  }),
);

for (const thing of spread(["folder", "file", "link that leads nowhere", "link to itself", "fifo"] as const, 2))
  test(`a ${thing} in the place of a file of an instance or a network holds nobody up`, { skip }, () =>
    withDaemon({}, async (daemon) => {
      await prepare(daemon);
      const places = [
        "containers/web",
        "snapshots/web",
        "logs/web",
        "networks/net/dnsmasq.pid",
        "networks/net/dnsmasq.leases",
        "networks/net/dnsmasq.raw",
        "networks/net/dnsmasq.hosts",
        "cells/web",
      ];
      await daemon.stop();
      for (const place of places) putInTheWay(daemon, place, thing);
      await daemon.start();
      await launches(daemon);
      await daemon.stop();
      for (const place of ["cells/web/exit", "cells/web/made-by", "logs/web/lxc.log", "logs/web/console.log"]) {
        mkdirSync(path.join(daemon.dir, path.dirname(place)), { recursive: true });
        putInTheWay(daemon, place, thing);
      }
      await daemon.start();
      await launches(daemon);
      await done(daemon.client.renameInstance("web", "other"));
      await done(daemon.client.deleteInstance("other"));
      assert.equal(existsSync(path.join(daemon.dir, "containers", "other")), false);
    }),
  );

test("names of nics may hold slashes and dots, and their files lie with all others", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    await client.createNetwork({ name: "net", config: { "ipv4.address": "10.93.1.1/24", "ipv6.address": "none" } });
    const outside = path.join(daemon.dir, "owned");
    const root = { type: "disk", path: "/", pool: "default" };
    for (const name of spread(["x/../../../owned", "eth/0", "a.b:c", "/abs"], 2)) {
      const devices = { root, [name]: { type: "nic", network: "net" } };
      await done(
        client.createInstance({
          name: "web",
          source: { type: "image", alias: "template:busybox" },
          devices,
          profiles: [],
        }),
      );
      await launches(daemon);
      const hosts = path.join(daemon.dir, "networks", "net", "dnsmasq.hosts");
      assert.equal(readdirSync(hosts).length, 1, name);
      assert.equal(lstatSync(outside, { throwIfNoEntry: false }), undefined, name);
      await done(client.deleteInstance("web"));
      assert.deepEqual(readdirSync(hosts), [], name);
    }
  }),
);

for (const driver of spread(["overlay", "dir"] as const, 1))
  test(
    `a folder that a pool of ${driver} lost, or that has something else in its place, closes no pool`,
    { skip },
    () =>
      withDaemon({}, async (daemon) => {
        const { client } = daemon;
        await preparePool(daemon, driver);
        const source = { type: "image", alias: "template:busybox" };
        await done(client.createInstance({ name: "web", source }));
        const folders = ["containers-snapshots", "images", ...(driver === "overlay" ? ["layers/empty"] : [])];
        for (const thing of spread(["gone", "file", "link that leads nowhere"] as const, 2)) {
          await daemon.stop();
          for (const folder of folders)
            if (thing === "gone") rmSync(path.join(daemon.dir, "storage-pools/default", folder), { recursive: true });
            else putInTheWay(daemon, `storage-pools/default/${folder}`, thing);
          await daemon.start();
          const told = await newWarnings(client);
          if (thing !== "gone") assert.match(told[0]?.last_message ?? "", /keeps ".*\.aside-/);
          await done(client.setInstanceState("web", { action: "start" }));
          await done(client.createSnapshot("web", { name: "s" }));
          await done(client.createInstance({ name: "other", source }));
          await done(client.createInstance({ name: "bare", source: { type: "none" } }));
          await done(client.setInstanceState("web", { action: "stop", force: true }));
          await done(client.deleteSnapshot("web", "s"));
          for (const name of ["other", "bare"]) await done(client.deleteInstance(name));
        }
      }),
  );
