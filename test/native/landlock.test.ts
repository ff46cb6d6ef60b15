/** Landlock around supervisors, by what one of them gets that somebody has taken over. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { buildGuest } from "../support/guest";
import { requireFeature } from "../support/require";
import { until } from "../support/until";
import { delegate, folders, probe } from "./cgroups";
import { Spawner } from "./client";
import { Container, makeRoot } from "./container";

const skip =
  requireFeature("root", process.getuid?.() === 0) ||
  requireFeature("x86_64", process.arch === "x64") ||
  requireFeature("Landlock", probe().landlock === true);
let spawner: Spawner;
let root: string;
let inject: string;
before(async () => {
  spawner = await Spawner.start();
  root = makeRoot(path.join(spawner.dir, "root"));
  inject = path.join(spawner.dir, "inject");
  if (skip === false) buildGuest("inject", inject);
});
after(() => spawner.stop());

/** What a process gets when it opens a file: 0, or the number of the error. */
const opens = (pid: number, file: string): string =>
  execFileSync(inject, [String(pid), file], { encoding: "utf8" }).trim();

const [EACCES] = ["13"];

test("a supervisor opens no file of the host but what it needs, and sees its container off all the same", {
  skip,
}, async () => {
  const name = `bothy-landlock-${process.pid}`;
  const container = await Container.start(spawner, "bounded", {
    root: ["root-dir", root],
    host: [delegate(name)],
    command: ["sh", "-c", "mkdir /sys/fs/cgroup/x 2>/dev/null; echo hello; exec sleep 1000"],
  });
  const { supervisor } = container.started;
  writeFileSync(path.join(spawner.dir, "secret"), "of the host");
  for (const file of [
    "/etc/passwd",
    "/",
    path.join(spawner.dir, "secret"),
    path.join(root, "etc/passwd"),
    "/dev/null",
  ]) {
    assert.equal(opens(supervisor, file), EACCES, file);
  }
  assert.equal(opens(supervisor, "/proc/1/comm"), "0");
  assert.equal(opens(supervisor, container.control), "0");
  assert.equal(await container.sh("echo alive"), "alive");
  await until(async () => container.consoleLog().includes("hello"));
  await container.kill();
  assert.deepEqual(
    folders(name).filter((folder) => existsSync(folder)),
    [],
    "its groups are gone",
  );
  assert.ok(existsSync(path.join(container.control, "exit")));
  assert.ok(!existsSync(path.join(container.control, "sock")));
});

test("the log of a console goes on in a new file when it is full", { skip }, async () => {
  const container = await Container.start(spawner, "full", {
    root: ["root-dir", root],
    command: ["sh", "-c", "head -c 200000 /dev/zero | tr '\\0' x; exec sleep 1000"],
  });
  await until(async () => existsSync(path.join(container.control, "console.log.old")));
  await container.kill();
});
