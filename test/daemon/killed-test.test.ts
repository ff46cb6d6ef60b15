/** Tests that are killed, as by a time limit: their daemon ends with them, and the next run takes away the rest. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { sweepOrphans } from "../../scripts/scene/owner";
import { describeTraces, findTraces, type Place, placeOf } from "../../scripts/scene/traces";
import { withRoom } from "../../scripts/test/room";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

/** Has a daemon with a running container, tells where, and waits to be killed. */
const program = `
const { preparePool, withDaemon } = require(${JSON.stringify(path.resolve(__dirname, "../support/daemon.js"))});
withDaemon({ base: process.argv[1] }, async (daemon) => {
  await preparePool(daemon, "dir");
  const source = { type: "image", alias: "template:busybox" };
  await (await daemon.client.createInstance({ name: "web", source, start: true })).wait();
  console.log(daemon.pid, daemon.dir);
  await new Promise(() => setInterval(() => {}, 1000));
});`;

test("a killed test takes its daemon along, and the next one its container, mounts, groups and folder", {
  skip,
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-killed-"));
  try {
    const owner = spawn(process.execPath, ["-e", program, folder], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(createInterface(owner.stdout), "line")) as [string];
    const [pid = "", dir = ""] = line.split(" ");
    const place = placeOf(dir);
    await sweepOrphans(folder);
    assert.ok(existsSync(`/proc/${pid}`), "what belongs to a living test stays");
    const exit = once(owner, "exit");
    owner.kill("SIGKILL");
    await exit;
    await untilGone(pid);
    assert.notDeepEqual(leftOf(place), [], "the container outlives its daemon");
    await sweepOrphans(folder);
    assert.deepEqual([leftOf(place), existsSync(dir)], [[], false]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Has a container of bothy-cell alone, tells its processes and where, and waits to be killed. */
const cellProgram = `
const { Spawner } = require(${JSON.stringify(path.resolve(__dirname, "../native/client.js"))});
const { Container, makeRoot } = require(${JSON.stringify(path.resolve(__dirname, "../native/container.js"))});
(async () => {
  const spawner = await Spawner.start([], process.argv[1]);
  const root = ["root-dir", makeRoot(spawner.dir + "/root")];
  const { started } = await Container.start(spawner, "web", { root, command: ["sleep", "1000"] });
  console.log(started.pid, started.supervisor, spawner.dir);
  await new Promise(() => setInterval(() => {}, 1000));
})();`;

/** Has such a test in a folder, and kills it. */
async function killedWithContainer(folder: string): Promise<{ first: string; supervisor: string; dir: string }> {
  const owner = spawn(process.execPath, ["-e", cellProgram, folder], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(createInterface(owner.stdout), "line")) as [string];
  const [first = "", supervisor = "", dir = ""] = line.split(" ");
  const exit = once(owner, "exit");
  owner.kill("SIGKILL");
  await exit;
  return { first, supervisor, dir };
}

test("a killed test of bothy-cell leaves a container, which the next one takes away with its folder", {
  skip,
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-killed-"));
  try {
    const { first, supervisor, dir } = await killedWithContainer(folder);
    for (const pid of [first, supervisor]) assert.ok(existsSync(`/proc/${pid}`), "they outlive the test");
    await sweepOrphans(folder);
    for (const pid of [first, supervisor]) await untilGone(pid);
    assert.ok(!existsSync(dir));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("what a killed test left goes with the room of its run, which is unmounted below it", { skip }, async () => {
  const { first, supervisor } = await withRoom(killedWithContainer);
  for (const pid of [first, supervisor]) await untilGone(pid);
});

const leftOf = (place: Place): string[] => describeTraces(findTraces(place));

async function untilGone(pid: string): Promise<void> {
  for (const end = Date.now() + 10_000; existsSync(`/proc/${pid}`); await delay(20))
    assert.ok(Date.now() < end, "it has ended");
}
