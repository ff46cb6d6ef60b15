/** Interception of system calls, by what supervisor, helper and enterer do about the listeners of the calls. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { interceptionRules } from "../../daemon/kinds/instance/spec/interception";
import { requireFeature } from "../support/require";
import { until } from "../support/until";
import { filter, Spawner, type Words } from "./client";
import { Container, makeRoot } from "./container";

const skip = requireFeature("root", process.getuid?.() === 0);
let spawner: Spawner;
let root: string;
/** A filter that hands mknod over. */
let handsOver: Words;
before(async () => {
  spawner = await Spawner.start();
  root = makeRoot(path.join(spawner.dir, "root"));
  const file = filter("default");
  const rules = interceptionRules(path.dirname(file), { "security.syscalls.intercept.mknod": "true" });
  const program = path.join(spawner.dir, "program");
  writeFileSync(program, Buffer.concat([rules, readFileSync(file)]));
  handsOver = ["seccomp", program];
});
after(() => spawner.stop());

const start = (name: string, host: Words) =>
  Container.start(spawner, name, {
    root: ["root-dir", root],
    host,
    // Of two filters the later one counts.
    inside: [handsOver],
    command: ["sh", "-c", "mknod /tmp/first c 1 3 2>/tmp/told; echo >>/tmp/told; exec sleep 1000"],
  });

const answered: Words = ["intercept", "mknod", ""];

function helpersOf(supervisor: number): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      const isChild = readFileSync(`/proc/${pid}/status`, "utf8").includes(`\nPPid:\t${supervisor}\n`);
      return isChild && readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith("bothy calls");
    } catch {
      return false;
    }
  });
}

test("the first process and those that enter are answered by one helper, which ends with its container", {
  skip,
}, async () => {
  const container = await start("answered", [answered]);
  const words: Words = [handsOver, ["control", container.control]];
  await until(async () => (await container.sh("cat /tmp/told")) === "" && existsSync(path.join(root, "tmp/told")));
  const { stdout, stderr } = await container.exec(["sh", "-c", "mknod /tmp/n c 1 3; stat -c %t:%T /tmp/n"], { words });
  assert.deepEqual([stdout, stderr], ["1:3\n", ""]);
  assert.equal(await container.sh("stat -c %t:%T /tmp/first"), "1:3");
  const [helper, ...more] = helpersOf(container.started.supervisor);
  assert.ok(helper !== undefined && more.length === 0);
  const status = readFileSync(`/proc/${helper}/status`, "utf8");
  assert.match(status, /^NoNewPrivs:\s+1$/m);
  const caps = BigInt(`0x${/^CapPrm:\s+(\w+)$/m.exec(status)?.[1]}`);
  for (const [name, number] of Object.entries({ NET_ADMIN: 12, SYS_MODULE: 16, SYS_RAWIO: 17, SYS_BOOT: 22, BPF: 39 }))
    assert.equal((caps >> BigInt(number)) & 1n, 0n, name);
  const held = readdirSync(`/proc/${helper}/fd`).map((fd) => readlinkSync(`/proc/${helper}/fd/${fd}`));
  for (const what of held) assert.match(what, /^(\/dev\/null|socket:.*|anon_inode:\[?seccomp notify\]?)$/);
  assert.equal(held.filter((what) => what.startsWith("socket:")).length, 1, "the supervisor's");
  await container.kill();
  assert.equal(existsSync(`/proc/${helper}`), false);
  assert.equal(existsSync(path.join(container.control, "calls")), false);
});

test("calls that nobody was asked to answer do not wait", { skip }, async () => {
  const container = await start("unanswered", []);
  await until(async () => (await container.sh("cat /tmp/told")) !== "");
  assert.equal(await container.sh("cat /tmp/told"), "mknod: /tmp/first: Function not implemented");
  assert.deepEqual(helpersOf(container.started.supervisor), []);
});

test("a process whose calls nobody would answer does not enter", { skip }, async () => {
  const container = await start("entered", [answered]);
  for (const words of [[handsOver], [handsOver, ["control", path.join(spawner.dir, "nowhere")]]] as Words[]) {
    const { line } = await container.exec(["touch", "/tmp/ran"], { words });
    assert.match(String(line.error?.message), /^Cannot have the process's system calls answered/);
  }
  // No supervisor of a container that has calls answered.
  const folder = path.join(spawner.dir, "empty");
  mkdirSync(folder);
  const { line } = await container.exec(["touch", "/tmp/ran"], { words: [handsOver, ["control", folder]] });
  assert.match(String(line.error?.message), /the container's supervisor does not take them/);
  await container.kill();
});

test("a helper does not outlive its supervisor", { skip }, async () => {
  const container = await start("orphan", [answered]);
  await until(async () => helpersOf(container.started.supervisor).length === 1);
  const [helper] = helpersOf(container.started.supervisor);
  process.kill(container.started.supervisor, "SIGKILL");
  await until(async () => !existsSync(`/proc/${helper}`));
});

test("the watches hear of each helper that dies", { skip }, async () => {
  const container = await start("deaths", [answered]);
  for (const deaths of [1, 2]) {
    await until(async () => helpersOf(container.started.supervisor).length === 1);
    process.kill(Number(helpersOf(container.started.supervisor)[0]), "SIGKILL");
    const line = (await container.watch.line()) as { interception?: unknown };
    assert.deepEqual(line.interception, { deaths });
  }
  await container.kill();
});

test("what is not known is not intercepted", { skip }, async () => {
  await assert.rejects(start("odd", [["intercept", "reboot", ""]]), /Cannot intercept ..reboot../);
});
