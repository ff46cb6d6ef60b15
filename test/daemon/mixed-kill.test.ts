/** Eight clients work at random, and the daemon is killed or loses its host: the next one has all that was acknowledged, and nothing is half made. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, renameSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { removeTraces } from "../../scripts/scene/traces";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { isLong } from "../support/long";
import { LoadClient } from "../support/mixed-load";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
const rounds = Number(process.env.BOTHY_KILL_ROUNDS ?? (isLong ? "20" : "5"));
const clientCount = 8;
/** The first round goes on until so much has been acknowledged; how long that takes is the measure of the others. */
const warmUp = clientCount * 4;

const doneBy = (clients: readonly LoadClient[]) => clients.reduce((sum, client) => sum + client.done, 0);

/** Works until the daemon's end. @param moment when that is to be @returns how long the clients worked, in milliseconds */
async function endDuring(
  daemon: TestDaemon,
  clients: readonly LoadClient[],
  end: (daemon: TestDaemon) => Promise<void>,
  moment: () => Promise<unknown>,
): Promise<number> {
  const abort = new AbortController();
  const begin = performance.now();
  const work = Promise.all(clients.map((client) => client.work(abort.signal)));
  await Promise.race([moment(), work]);
  abort.abort();
  await end(daemon);
  await work;
  return performance.now() - begin;
}

const kill = (daemon: TestDaemon) => daemon.kill();

/**
 * What is on disk at one moment is all that is left: the state folder is copied while the daemon stands still, in the middle of its writes,
 * and takes the place of the one that everything else was done to. Containers are gone, as with the host.
 */
async function cutPower(daemon: TestDaemon): Promise<void> {
  const { dir, place } = daemon;
  const copy = `${dir}.copy`;
  process.kill(daemon.pid, "SIGSTOP");
  execFileSync("cp", ["--archive", "--one-file-system", dir, copy]);
  await daemon.kill();
  await removeTraces(place);
  execFileSync("rm", ["-rf", "--one-file-system", dir]);
  renameSync(copy, dir);
}

const accidents = [
  { driver: "overlay", what: "killed", end: kill, share: 0.4 },
  { driver: "dir", what: "killed", end: kill, share: 0.4 },
  { driver: "overlay", what: "without power", end: cutPower, share: 0.2 },
];

/** Volumes on disk that no object has, and unfinished work. */
async function leftovers({ client, dir }: TestDaemon): Promise<string[]> {
  const instances = await client.listInstances();
  const snapshots = await Promise.all(
    instances.map(async ({ name }) => (await client.listSnapshots(name)).map((each) => `${name}/${each.name}`)),
  );
  const pool = path.join(dir, "storage-pools/default");
  const known = new Set([...instances.map(({ name }) => name), ...snapshots.flat()]);
  const found = [
    ...readdirSync(path.join(pool, "containers")),
    ...readdirSync(path.join(pool, "containers-snapshots")).flatMap((name) =>
      readdirSync(path.join(pool, "containers-snapshots", name)).map((snapshot) => `${name}/${snapshot}`),
    ),
  ];
  return [...found.filter((name) => !known.has(name)), ...readdirSync(path.join(dir, "tmp"))];
}

for (const { driver, what, end, share } of accidents)
  test(`${driver}: a daemon ${what} under the load of eight clients keeps what it has acknowledged`, { skip }, (t) =>
    withDaemon({}, async (daemon) => {
      await preparePool(daemon, driver);
      const clients = Array.from(
        { length: clientCount },
        (_, index) => new LoadClient(daemon.socket, [`a${index}`, `b${index}`]),
      );
      try {
        // The image is built by the first who needs it.
        const first = { name: "first", source: { type: "image", alias: "template:busybox" } };
        await (await daemon.client.createInstance(first)).wait();
        await (await daemon.client.deleteInstance("first")).wait();
        const longestMs = await endDuring(daemon, clients, end, async () => {
          while (doneBy(clients) < warmUp) await delay(20);
        });
        await daemon.start();
        for (let round = 0; round < rounds * share; round += 1) {
          for (const client of clients) await client.check("before a round");
          const afterMs = await endDuring(daemon, clients, end, () => delay(Math.random() * longestMs));
          await daemon.start();
          const moment = `in round ${round}, ${what} after ${afterMs.toFixed(0)} ms`;
          for (const client of clients) await client.check(moment);
          assert.deepEqual(await leftovers(daemon), [], moment);
          assert.deepEqual(await daemon.client.listOperations(), [], moment);
        }
      } finally {
        await Promise.all(clients.map((client) => client.close()));
      }
      t.diagnostic(`${doneBy(clients)} changes and commands acknowledged`);
      for (const { name } of await daemon.client.listInstances()) {
        await (await daemon.client.setInstanceState(name, { action: "stop", force: true }))
          .wait()
          .catch(() => undefined);
        await (await daemon.client.deleteInstance(name)).wait();
      }
    }),
  );
