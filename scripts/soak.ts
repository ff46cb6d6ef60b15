// npm run soak: hundreds of launches and thousands of execs on one daemon, which must not grow by them; then hundreds of containers at once, many crashes and a minute of clients.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { memoryOf } from "../bench/memory";
import { type TestDaemon, withDaemon } from "../test/support/daemon";
import { settledTraces, type Traces } from "./scene/traces";
import { endedAtRandom, manyAtOnce } from "./soak/commands";
import { crowd } from "./soak/crowd";

const root = path.resolve(__dirname, "../..");
const usage = `Usage: npm run soak -- [--launches N] [--execs N] [--at-once N] [--ended N] [--crashes N]
                              [--seconds N] [--crowd N] [--kills N] [--requests N]

  --launches N   create, start, exec, force stop, delete; 500 when absent
  --execs N      execs in one container; one after the other; 10000 when absent
  --at-once N    execs at the same time, each with 10 MiB in and out; 64 when absent
  --ended N      execs that are ended at a random moment: by a signal, by their client, by SIGKILL to what waits for them; 300 when absent
  --crashes N    SIGKILLs to the daemon at random moments; 50 when absent
  --seconds N    how long eight clients change the same objects; 60 when absent
  --crowd N      containers that run at the same time; 300 when absent
  --kills N      SIGKILLs to the daemon under the load of eight clients; 200 when absent
  --requests N   requests made of the API's types, right and wrong ones; 100000 when absent
`;
/** What is done before the first look: by then caches are warm and code is compiled. */
const warmUpLaunches = 20;
const warmUpExecs = 200;
/** Launches at once, as a busy machine has them; more would only wait for the processors. */
const parallel = 2;
/**
 * The daemon runs with a small heap, so that V8 collects early and what grows is what is kept: 64 MiB of it is the end of the daemon.
 * RSS still moves by some MiB from one look to the next. A leak of 8 KiB a launch or exec would add 43 MiB in all.
 */
const heapOptions = "--max-old-space-size=64 --max-semi-space-size=2";
const allowedGrowthKiB = 32 * 1024;

const image = { type: "image", alias: "template:busybox" };

/** What a daemon has that could pile up. */
interface Look {
  readonly descriptors: Readonly<Record<string, number>>;
  readonly traces: Traces;
  readonly files: readonly string[];
  readonly rssKiB: number;
}

async function look(daemon: TestDaemon, wanted?: Traces): Promise<Look> {
  const sizes = (traces: Traces) => JSON.stringify(Object.values(traces).map((items) => items.length));
  const isEnough = (traces: Traces) => wanted === undefined || sizes(traces) === sizes(wanted);
  return {
    traces: await settledTraces(daemon.place, isEnough),
    descriptors: descriptorsOf(daemon.pid),
    files: filesBelow(daemon.dir),
    rssKiB: memoryOf([daemon.pid]).rssKiB,
  };
}

/** Numbers of open descriptors by what they are, such as { socket: 9, pipe: 9, "anon_inode:[eventpoll]": 3 }. */
function descriptorsOf(pid: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    const kind = targetOf(`/proc/${pid}/fd/${name}`).replace(/:\[\d+\]$/, "");
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "closed meanwhile";
    throw error;
  }
}

/** What comes and goes by itself: side files of SQLite, and the copies of the database that are made every ten minutes. */
const comesAndGoes = /-(wal|shm|journal)$|^database\/copies\//;

/** Everything in the state folder, but not what is in file systems mounted there, such as that of lxcfs. */
function filesBelow(dir: string): string[] {
  const all = execFileSync("find", [dir, "-xdev", "-printf", "%P\\n"], { encoding: "utf8", maxBuffer: 64 << 20 });
  return all
    .split("\n")
    .filter((name) => !comesAndGoes.test(name))
    .sort();
}

async function launch({ client }: TestDaemon, name: string): Promise<void> {
  await (await client.createInstance({ name, source: image })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
  const { stdout } = await client.execOutput(name, { command: ["hostname"] });
  assert.equal(stdout.toString().trim(), name);
  await (await client.setInstanceState(name, { action: "stop", force: true })).wait();
  await (await client.deleteInstance(name)).wait();
}

async function exec({ client }: TestDaemon, name: string, index: number): Promise<void> {
  const { code, stdout } = await client.execOutput(name, { command: ["echo", String(index)] });
  assert.deepEqual([code, stdout.toString()], [0, `${index}\n`]);
}

/** Does the work for 0 to count - 1, some at a time, and shows how far it is. */
async function times(
  count: number,
  what: string,
  work: (index: number) => Promise<void>,
  workers: number,
): Promise<void> {
  const begin = Date.now();
  let next = 0;
  let done = 0;
  const one = async () => {
    while (next < count) {
      await work(next++);
      done += 1;
      if (done % Math.max(1, Math.floor(count / 10)) === 0)
        console.log(`  ${done} of ${count} ${what}, ${((Date.now() - begin) / 1000).toFixed(0)} s`);
    }
  };
  await Promise.all(Array.from({ length: workers }, one));
}

interface Use {
  readonly launches: number;
  readonly execs: number;
  readonly atOnce: number;
  readonly ended: number;
}

/** Launches and execs on one daemon, and what has grown by them. @throws AssertionError with what is left over */
async function useDaemon({ launches, execs, atOnce, ended }: Use): Promise<void> {
  console.log(`${launches} launches and ${execs} execs`);
  await withDaemon({ bare: false, env: { NODE_OPTIONS: heapOptions } }, async (daemon) => {
    const { client } = daemon;
    await (await client.createInstance({ name: "stays", source: image })).wait();
    await (await client.setInstanceState("stays", { action: "start" })).wait();
    await times(warmUpLaunches, "launches to warm up", (index) => launch(daemon, `w${index}`), parallel);
    await times(warmUpExecs, "execs to warm up", (index) => exec(daemon, "stays", index), 1);
    // The buffers of a connection are the same memory each time.
    await manyAtOnce(daemon, "stays", atOnce);
    await rest(daemon);
    const before = await look(daemon);
    await times(launches, "launches", (index) => launch(daemon, `c${index}`), parallel);
    await times(execs, "execs", (index) => exec(daemon, "stays", index), 1);
    await manyAtOnce(daemon, "stays", atOnce);
    await endedAtRandom(daemon, "stays", ended);
    await rest(daemon);
    const after = await look(daemon, before.traces);

    assert.deepEqual(after.traces, before.traces, "no process, mount, cgroup, interface or table is left");
    requireNoMore(after.descriptors, before.descriptors);
    assert.deepEqual(after.files, before.files, "no file is left in the state folder");
    const growthKiB = after.rssKiB - before.rssKiB;
    console.log(`  memory of the daemon: ${before.rssKiB} KiB before, ${after.rssKiB} KiB after`);
    assert.ok(growthKiB <= allowedGrowthKiB, `the daemon grew by ${growthKiB} KiB, more than ${allowedGrowthKiB}`);
  });
}

/** How many connections of our own client may be open at one look and not at the other, since both sides keep them for a while. */
const keptConnections = 2 * parallel;

/** @throws AssertionError when more descriptors of a kind are open than before; a leak has some hundreds */
function requireNoMore(after: Look["descriptors"], before: Look["descriptors"]): void {
  for (const [kind, number] of Object.entries(after)) {
    const most = (before[kind] ?? 0) + (kind === "socket" ? keptConnections : 0);
    assert.ok(number <= most, `no descriptor is left: ${number} of kind ${kind} are open, ${before[kind] ?? 0} before`);
  }
}

/** Waits until finished operations are forgotten; an operation is kept for some seconds. */
async function rest({ client }: TestDaemon): Promise<void> {
  while ((await client.listOperations()).length > 0) await delay(250);
}

/** Runs a test of the repository with more rounds than `npm test` does. */
function runTest(name: string, env: Record<string, string>): void {
  const file = path.join(root, "dist/test/daemon", `${name}.test.js`);
  const args = ["--disable-warning=ExperimentalWarning", "--test", "--test-reporter=spec", file];
  const { status } = spawnSync(process.execPath, args, { stdio: "inherit", env: { ...process.env, ...env } });
  assert.equal(status, 0, `${name} failed`);
}

/** @throws Error for a number that is none */
function count(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0) throw new Error(`Invalid number "${value}".\n\n${usage}`);
  return number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      launches: { type: "string", default: "500" },
      execs: { type: "string", default: "10000" },
      "at-once": { type: "string", default: "64" },
      ended: { type: "string", default: "300" },
      crashes: { type: "string", default: "50" },
      seconds: { type: "string", default: "60" },
      crowd: { type: "string", default: "300" },
      kills: { type: "string", default: "200" },
      requests: { type: "string", default: "100000" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const { crashes, seconds, kills, requests } = {
    crashes: count(values.crashes),
    seconds: count(values.seconds),
    kills: count(values.kills),
    requests: count(values.requests),
  };
  await useDaemon({
    launches: count(values.launches),
    execs: count(values.execs),
    atOnce: count(values["at-once"]),
    ended: count(values.ended),
  });
  if (count(values.crowd) > 0) await crowd(count(values.crowd));
  if (crashes > 0) runTest("crash", { BOTHY_CRASH_ROUNDS: String(crashes) });
  if (seconds > 0) runTest("concurrency", { BOTHY_CONCURRENCY_SECONDS: String(seconds) });
  if (kills > 0) runTest("mixed-kill", { BOTHY_KILL_ROUNDS: String(kills) });
  if (requests > 0) runTest("fuzz", { BOTHY_FUZZ_REQUESTS: String(requests) });
  console.log("Nothing is left.");
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
