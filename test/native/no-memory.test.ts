/** A supervisor that gets no more memory: the kernel refuses it any, by a limit on its address space. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { cgroupMounts, delegate, folders } from "./cgroups";
import { type Connection, connect, ownMemory, Spawner, type Words } from "./client";
import { Container, makeRoot, mounts } from "./container";

let spawner: Spawner;
let root: Words;
before(async () => {
  spawner = await Spawner.start();
  root = ["root-dir", makeRoot(path.join(spawner.dir, "root"))];
});
after(() => spawner.stop());

/** Sets the soft limit of a supervisor's address space, in bytes. */
const limitMemory = (container: Container, limit: string) =>
  execFileSync("prlimit", ["--pid", String(container.started.supervisor), `--as=${limit}:`]);

async function watch(container: Container): Promise<Connection> {
  const connection = await connect(path.join(container.control, "sock"));
  assert.equal((await connection.line()).started?.pid, container.started.pid);
  return connection;
}

test("without memory a supervisor refuses a console, hears all else, and tidies up at the end", ownMemory, async () => {
  const group = `bothy-test-${process.pid}-starved`;
  const container = await Container.start(spawner, "starved", {
    root,
    host: [delegate(group)],
    mounts: [mounts, cgroupMounts()],
    command: ["sh", "-c", "trap 'echo heard; exit 3' TERM; while :; do sleep 0.1; done"],
  });
  await container.sh("for d in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir -p $d/nested/deeper; done 2>/dev/null; true");
  limitMemory(container, "4096");
  const watchers: Connection[] = [];
  for (let count = 0; count < 40; count++) watchers.push(await watch(container));
  for (const watcher of watchers.slice(0, 20)) {
    watcher.write("console\n");
    const { error } = await watcher.line();
    assert.equal(error?.errno, "ENOMEM", JSON.stringify(error));
  }
  assert.equal(await container.sh("echo alive"), "alive");
  watchers[30]!.write("resize 100 30\nsignal 15\n");
  assert.deepEqual(await container.exited(), { code: 3, reason: "exit" });
  assert.deepEqual((await watchers[39]!.line()).exited, { code: 3, reason: "exit" });
  assert.deepEqual(JSON.parse(fs.readFileSync(path.join(container.control, "exit"), "utf8")), {
    exited: { code: 3, reason: "exit" },
  });
  assert.match(container.consoleLog(), /heard/);
  assert.deepEqual(
    folders(group).filter((folder) => fs.existsSync(folder)),
    [],
  );
  for (const watcher of watchers) watcher.close();
});

test("once there is memory again, who was refused a console gets it on the same connection", ownMemory, async () => {
  const container = await Container.start(spawner, "fed", { root, command: ["sh", "-c", "read word; echo got $word"] });
  const watcher = await watch(container);
  limitMemory(container, "4096");
  watcher.write("console\n");
  assert.equal((await watcher.line()).error?.errno, "ENOMEM");
  limitMemory(container, "unlimited");
  watcher.write("console\n");
  assert.deepEqual(await watcher.line(), { console: {} });
  watcher.write("bread\n");
  await container.exited();
  assert.match(container.consoleLog(), /got bread/);
  watcher.close();
});
