import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { hierarchies, readCgroupLayout } from "../../daemon/platform/host/cgroups";
import type { PendingOperation } from "../../sdk/index";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { sumsPath, writeImage } from "../support/image";
import { isLong } from "../support/long";
import { requireFeature } from "../support/require";

const rounds = Number(process.env.BOTHY_CRASH_ROUNDS ?? (isLong ? "10" : "5"));
const skip = requireFeature("root", process.getuid?.() === 0);
const image = { type: "image", alias: "template:busybox" };

const done = async (operation: Promise<PendingOperation>) => (await operation).wait();
const start = (daemon: TestDaemon, name: string) => done(daemon.client.setInstanceState(name, { action: "start" }));
const kill = (daemon: TestDaemon, name: string) =>
  done(daemon.client.setInstanceState(name, { action: "stop", force: true }));

/** Runs a command in a container. @returns its output @throws AssertionError when it fails */
async function inside(daemon: TestDaemon, name: string, ...command: string[]): Promise<string> {
  const { code, stdout, stderr } = await daemon.client.execOutput(name, { command });
  assert.equal(code, 0, `${command.join(" ")} in ${name}: ${stderr}`);
  return stdout.toString().trim();
}

/** The processes of a container as the kernel has them. */
function processesIn(daemon: TestDaemon, name: string): number[] {
  const [mountPoint = ""] = hierarchies(readCgroupLayout());
  const file = path.join(mountPoint, daemon.place.group, name, "cgroup.procs");
  return readFileSync(file, "utf8").split("\n").filter(Boolean).map(Number);
}

const initOf = async ({ client }: TestDaemon, name: string) => (await client.getInstanceState(name)).pid;
const inits = (daemon: TestDaemon, names: readonly string[]) => Promise.all(names.map((name) => initOf(daemon, name)));

/** What the database keeps, as clients see it. */
async function everything({ client }: TestDaemon) {
  const instances = await client.listInstances();
  return {
    instances,
    snapshots: await Promise.all(instances.map(({ name }) => client.listSnapshots(name))),
    images: await client.listImages(),
    aliases: await client.listImageAliases(),
    profiles: await client.listProfiles(),
    pools: await client.listStoragePools(),
    networks: await client.listNetworks(),
  };
}

test("five containers outlive a killed daemon, and the next one has them with all it knew", { skip }, async () => {
  await withDaemon({ bare: false }, async (daemon) => {
    const { client } = daemon;
    const names = Array.from({ length: 5 }, (_, index) => `c${index}`);
    for (const name of names) {
      await done(client.createInstance({ name, source: image, config: { "user.note": `of ${name}` } }));
      await start(daemon, name);
      await inside(daemon, name, "sh", "-c", "echo $HOSTNAME; hostname > /root/mine");
    }
    await done(client.createSnapshot("c0", { name: "kept" }));
    const alone = processesIn(daemon, "c1");
    const stream = await client.execInstance("c1", {
      command: ["sh", "-c", "while :; do echo more; sleep 0.05; done"],
    });
    await new Promise((resolve) => stream.stdout.once("data", resolve));
    const lost = stream.exit.then(
      () => "ended",
      () => "lost",
    );
    const before = await everything(daemon);
    const pids = await inits(daemon, names);

    await daemon.kill();
    assert.equal(await lost, "lost", "the client of the exec is told");
    for (const [index, name] of names.entries())
      assert.ok(processesIn(daemon, name).includes(pids[index] ?? 0), `${name} goes on without a daemon`);
    await daemon.start();

    assert.deepEqual(await everything(daemon), before);
    assert.deepEqual(await inits(daemon, names), pids, "the new daemon names the same processes");
    for (const name of names) assert.equal(await inside(daemon, name, "cat", "/root/mine"), name);
    assert.deepEqual(processesIn(daemon, "c1"), alone, "the streaming command went with its client");
    await kill(daemon, "c0");
    await start(daemon, "c0");
    await done(client.restoreSnapshot("c0", "kept"));
    assert.equal(await inside(daemon, "c0", "cat", "/root/mine"), "c0");
    for (const name of names) await kill(daemon, name);
    for (const name of names) await done(client.deleteInstance(name));
  });
});

test("a container that ends while no daemon is there is stopped for the next one", { skip }, async () => {
  await withDaemon({}, async (daemon) => {
    await preparePool(daemon, "dir");
    await done(daemon.client.createInstance({ name: "short", source: image }));
    await start(daemon, "short");
    const pid = await initOf(daemon, "short");
    await daemon.kill();
    process.kill(pid, "SIGKILL");
    await daemon.start();
    const { value } = await daemon.client.getInstance("short");
    assert.equal(value.status, "Stopped");
    await start(daemon, "short");
    assert.equal(await inside(daemon, "short", "hostname"), "short");
  });
});

interface Act {
  readonly verb: string;
  readonly prepare: (daemon: TestDaemon, pool: string) => Promise<void>;
  readonly start: (daemon: TestDaemon, pool: string) => Promise<PendingOperation>;
  /** Whether the object is a snapshot of the pool's base, else an instance. */
  readonly ofBase?: boolean;
}

const victim = "victim";
const nothing = async () => undefined;
const rootOn = (pool: string) => ({ root: { type: "disk", path: "/", pool } });
const create = ({ client }: TestDaemon, pool: string) =>
  client.createInstance({ name: victim, source: { type: "image", alias: "data" }, devices: rootOn(pool) });
const snapshot = ({ client }: TestDaemon, pool: string) => client.createSnapshot(pool, { name: victim });

const acts: readonly Act[] = [
  { verb: "create", prepare: nothing, start: create },
  { verb: "snapshot", prepare: nothing, start: snapshot, ofBase: true },
  {
    verb: "copy",
    prepare: nothing,
    start: ({ client }, pool) => client.createInstance({ name: victim, source: { type: "copy", source: pool } }),
  },
  {
    verb: "delete",
    prepare: async (daemon, pool) => {
      await done(create(daemon, pool));
      await done(daemon.client.createSnapshot(victim, { name: "inner" }));
    },
    start: ({ client }) => client.deleteInstance(victim),
  },
  {
    verb: "delete a snapshot",
    prepare: async (daemon, pool) => void (await done(snapshot(daemon, pool))),
    start: ({ client }, pool) => client.deleteSnapshot(pool, victim),
    ofBase: true,
  },
];

/** Files of the state folder that name the victim or are of unfinished work. */
function leftovers(dir: string): string[] {
  const inTmp = readdirSync(path.join(dir, "tmp")).map((name) => `tmp/${name}`);
  return [...inTmp, ...namesBelow(dir, "", 4).filter((name) => /victim|:/.test(path.basename(name)))];
}

function namesBelow(dir: string, below: string, depth: number): string[] {
  return readdirSync(path.join(dir, below), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(below, entry.name);
    return [name, ...(entry.isDirectory() && depth > 1 ? namesBelow(dir, name, depth - 1) : [])];
  });
}

const checkSums = ["sh", "-c", `sha256sum -c ${sumsPath} > /tmp/sums || tail /tmp/sums >&2`];

/** Shows that an instance is whole by starting it and reading all its data, and deletes it. */
async function useUp(daemon: TestDaemon, name: string): Promise<void> {
  await start(daemon, name);
  await inside(daemon, name, ...checkSums);
  await kill(daemon, name);
  await done(daemon.client.deleteInstance(name));
}

/** @returns whether the victim was there; then it was shown to be whole, and is gone now */
async function settle(daemon: TestDaemon, pool: string, { ofBase = false }: Act): Promise<boolean> {
  const { client } = daemon;
  if (ofBase) {
    const isThere = (await client.listSnapshots(pool)).some(({ name }) => name === victim);
    if (!isThere) return false;
    await done(client.createInstance({ name: victim, source: { type: "copy", source: `${pool}/${victim}` } }));
    await done(client.deleteSnapshot(pool, victim));
    await useUp(daemon, victim);
    return true;
  }
  const isThere = (await client.listInstances()).some(({ name }) => name === victim);
  if (!isThere) return false;
  for (const { name } of await client.listSnapshots(victim)) await done(client.restoreSnapshot(victim, name));
  await useUp(daemon, victim);
  return true;
}

/** Does the act once without a crash. @returns how long it takes, in milliseconds */
async function measure(daemon: TestDaemon, pool: string, act: Act): Promise<number> {
  await act.prepare(daemon, pool);
  const begin = performance.now();
  await done(act.start(daemon, pool));
  const tookMs = performance.now() - begin;
  await settle(daemon, pool, act);
  return tookMs;
}

test(`a daemon killed at ${rounds} random moments leaves every object wholly there or wholly gone`, {
  skip,
}, async (t) => {
  await withDaemon({}, async (daemon) => {
    const pools = ["dir", "overlay"];
    await prepareBases(daemon, pools);
    const before = await everything(daemon);
    const pids = pools.map((pool) => processesIn(daemon, pool));
    const durations = new Map<string, number>();
    for (let round = 0; round < rounds; round += 1) {
      const act = acts[round % acts.length]!;
      // There is an odd number of acts: after twice as many rounds each was done in both pools.
      const pool = pools[round % pools.length]!;
      const key = `${act.verb} on ${pool}`;
      const tookMs = durations.get(key) ?? (await measure(daemon, pool, act));
      durations.set(key, tookMs);
      await act.prepare(daemon, pool);
      const afterMs = Math.random() * tookMs * 1.3;
      await crashDuring(daemon, act.start(daemon, pool), afterMs);
      await daemon.start();
      const isThere = await settle(daemon, pool, act);
      const moment = `${key}, killed after ${afterMs.toFixed(1)} of ${tookMs.toFixed(1)} ms`;
      t.diagnostic(`${moment}: ${isThere ? "there" : "gone"}`);
      assert.deepEqual(leftovers(daemon.dir), [], moment);
      assert.deepEqual(stable(await everything(daemon)), stable(before), moment);
      assert.deepEqual(
        pools.map((base) => processesIn(daemon, base)),
        pids,
        moment,
      );
      for (const base of pools) assert.equal(await inside(daemon, base, "hostname"), base, moment);
    }
    for (const pool of pools) {
      await inside(daemon, pool, ...checkSums);
      await kill(daemon, pool);
      await done(daemon.client.deleteInstance(pool));
    }
  });
});

/** A running instance in each pool, all of whose data is its own: on overlay, in its upper layer. */
async function prepareBases(daemon: TestDaemon, pools: readonly string[]): Promise<void> {
  const { client } = daemon;
  const tarball = `${daemon.dir}.tar.gz`;
  writeImage(tarball, "data", { files: 300, bytesPerFile: 20_000 });
  const { metadata } = await done(client.createImageFromFile(tarball));
  await client.createImageAlias({ name: "data", target: String(metadata?.fingerprint), description: "" });
  for (const pool of pools) {
    await client.createStoragePool({ name: pool, driver: pool });
    await done(client.createInstance({ name: pool, source: { type: "image", alias: "data" }, devices: rootOn(pool) }));
    await start(daemon, pool);
    await inside(daemon, pool, "sh", "-c", "cp -a /data /own && rm -r /data && mv /own /data");
  }
}

/** Kills the daemon some time after the request was sent, and waits until the client has noticed. */
async function crashDuring(daemon: TestDaemon, request: Promise<PendingOperation>, afterMs: number): Promise<void> {
  const abort = new AbortController();
  const outcome = request.then((operation) => operation.wait({ signal: abort.signal })).catch(() => undefined);
  await delay(afterMs);
  await daemon.kill();
  abort.abort();
  await outcome;
}

/** Without the times of last use, which creating from an image moves. */
const stable = <T extends { images: { last_used_at?: unknown }[] }>(all: T) => ({
  ...all,
  images: all.images.map((one) => ({ ...one, last_used_at: undefined })),
});
