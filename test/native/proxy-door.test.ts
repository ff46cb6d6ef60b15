/** Proxies as the daemon starts, finds and ends them: daemon/platform/native/proxy.ts over the real bothy-cell. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";
import { Dirs } from "../../daemon/platform/folders/dirs";
import { Log } from "../../daemon/platform/log";
import { BothyCell, type Op } from "../../daemon/platform/native/index";
import { buildGuest } from "../support/guest";
import { ended } from "../support/process";
import { program, Spawner } from "./client";
import { base, Container, count, makeRoot } from "./container";
import { askFromHost, inside, onHost, serveInside } from "./proxies";

let spawner: Spawner;
let container: Container;
let native: BothyCell;
let dirs: Dirs;
before(async () => {
  spawner = await Spawner.start();
  const root = makeRoot(path.join(spawner.dir, "root"));
  buildGuest("talk", path.join(root, "bin/talk"));
  container = await Container.start(spawner, "c", { root: ["root-dir", root], command: ["sleep", "1000000"] });
  await serveInside(container, ["tcp", "127.0.0.1", 1], "echo");
  const state = path.join(spawner.dir, "state");
  mkdirSync(state);
  dirs = new Dirs(state);
  dirs.make();
  native = await BothyCell.start(program, dirs, new Log(path.join(state, "log")));
});
after(async () => {
  await native.stop();
  await spawner.stop();
});

const ids = { hostBase: base, count };
const file = (name: string) => path.join(spawner.dir, name);
const ops = (name: string) =>
  [...onHost("listen", ["unix", file(name), ""]), ...inside("connect", ["tcp", "127.0.0.1", 1])] as unknown as Op[];

test("a proxy is there from its start to its end, though the daemon that started it has left", async () => {
  // deeper than the address of a socket is long
  const folder = file("f".repeat(120));
  mkdirSync(folder);
  const control = path.join(folder, "proxy.sock");
  assert.equal(await native.hasProxy(control), false);
  await native.endProxy(control);
  await native.startProxy(container.started, ids, control, ops("one"));
  assert.equal(await native.hasProxy(control), true);
  await native.stop();
  native = await BothyCell.start(program, dirs, new Log(file("log")));
  assert.equal(await native.hasProxy(control), true);
  assert.equal(await askFromHost(["unix", file("one"), ""], "through"), "through");
  await native.endProxy(control);
  assert.deepEqual([existsSync(file("one")), existsSync(control)], [false, false]);
  assert.equal(await native.hasProxy(control), false);
  await native.endProxy(control);
});

test("a proxy that cannot listen is an error with its errno and address", async () => {
  const server = net.createServer().listen(file("used"));
  await new Promise((resolve) => server.once("listening", resolve));
  await assert.rejects(native.startProxy(container.started, ids, file("control"), ops("used")), (error: Error) => {
    const { details } = error as Error & { details?: { errno?: string; path?: string } };
    assert.deepEqual([details?.errno, details?.path], ["EADDRINUSE", file("used")]);
    return true;
  });
  assert.equal(await native.hasProxy(file("control")), false);
  server.close();
});

test("of a proxy that was killed nothing stands in the way", async () => {
  const control = file("killed");
  for (const look of [
    () => native.endProxy(control),
    async () => assert.equal(await native.hasProxy(control), false),
  ]) {
    await native.startProxy(container.started, ids, control, ops("left"));
    const pid = await pidOf(control);
    process.kill(pid, "SIGKILL");
    await ended(pid);
    assert.equal(existsSync(control), true);
    await look();
    assert.equal(existsSync(control), false);
  }
  await native.startProxy(container.started, ids, control, ops("left"));
  await Promise.all([native.endProxy(control), native.endProxy(control)]);
  assert.deepEqual([existsSync(file("left")), existsSync(control)], [false, false]);
});

test("after the container's end endProxy waits until nothing is left", async () => {
  const control = file("mortal-control");
  const root = makeRoot(file("mortal-root"));
  const mortal = await Container.start(spawner, "mortal", { root: ["root-dir", root], command: ["sleep", "1000000"] });
  await native.startProxy(mortal.started, ids, control, ops("mortal-sock"));
  const pid = await pidOf(control);
  await mortal.kill();
  await native.endProxy(control);
  assert.deepEqual([existsSync(file("mortal-sock")), existsSync(control)], [false, false]);
  await ended(pid);
});

/** Whose control socket this is. */
async function pidOf(control: string): Promise<number> {
  const socket = net.connect(control);
  const [line] = (await new Promise((resolve) => socket.once("data", (data) => resolve([String(data)])))) as [string];
  socket.destroy();
  return (JSON.parse(line) as { proxying: { pid: number } }).proxying.pid;
}
