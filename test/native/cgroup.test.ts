/** Control groups: limits, delegation, and that nothing of them is left. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { cgroupMounts, delegate, folders, join, probe, v1 } from "./cgroups";
import { Spawner, type Words } from "./client";
import { Container, makeRoot, mounts } from "./container";

const { cgroup } = probe();
let spawner: Spawner;
let root: Words;
before(async () => {
  spawner = await Spawner.start();
  root = ["root-dir", makeRoot(path.join(spawner.dir, "root"))];
});
after(() => spawner.stop());

const sleep = ["sleep", "1000000"];
const groupOf = (name: string) => `bothy-test-${process.pid}-${name}`;
const left = (name: string) => folders(groupOf(name)).filter((folder) => fs.existsSync(folder));
/** A script run by a process of the group. */
const inGroup = async (container: Container, name: string, script: string) =>
  (await container.exec(["sh", "-c", script], { words: join(groupOf(name)) })).stdout.trim();
const start = (name: string, more: { limits?: Words; inside?: Words; host?: Words; command?: string[] } = {}) =>
  Container.start(spawner, name, {
    root,
    host: [delegate(groupOf(name), more.limits), more.host ?? []],
    mounts: [mounts, cgroupMounts()],
    inside: more.inside ?? [],
    command: more.command ?? sleep,
  });

test("the container's processes are in its group of every hierarchy, and see it as the root", async () => {
  const container = await start("member");
  const seen = (await container.sh("cat /proc/1/cgroup")).split("\n");
  for (const line of seen) assert.match(line, /^\d+:[^:]*:\/$/);
  const host = fs.readFileSync(`/proc/${container.started.pid}/cgroup`, "utf8").trim().split("\n");
  assert.equal(host.length, seen.length);
  for (const line of host) assert.ok(line.endsWith(`:/${groupOf("member")}`), line);
  await container.kill();
  assert.deepEqual(left("member"), []);
});

test("a command of exec is in the group of every hierarchy and in the container's control group namespace", async () => {
  const container = await start("entered");
  const host = fs.readFileSync(`/proc/${container.started.pid}/cgroup`, "utf8");
  const ownNamespace = fs.readlinkSync(`/proc/${container.started.pid}/ns/cgroup`);
  assert.notEqual(ownNamespace, fs.readlinkSync("/proc/self/ns/cgroup"));
  const script = "readlink /proc/self/ns/cgroup; cat /proc/self/cgroup";
  const [namespace, ...seen] = (await inGroup(container, "entered", script)).split("\n");
  assert.equal(namespace, ownNamespace);
  assert.equal(seen.length, host.trim().split("\n").length);
  for (const line of seen) assert.match(line, /^\d+:[^:]*:\/$/);
  const sleeper = await spawner.request("exec", container.target, container.map, join(groupOf("entered")), [
    ["env", "PATH=/bin"],
    ["arg", "sleep"],
    ["arg", 1000],
  ]);
  const { running } = await sleeper.line();
  assert.equal(fs.readFileSync(`/proc/${running?.pid}/cgroup`, "utf8"), host);
  await container.kill();
  sleeper.close();
  assert.deepEqual(left("entered"), []);
});

test("limits are in force and visible inside", {
  skip: cgroup.v1.memory === undefined && "no memory controller on v1",
}, async () => {
  const container = await start("small", {
    limits: [
      ["cgroup-write", v1("memory", groupOf("small"), "memory.limit_in_bytes"), 32 * 1024 * 1024],
      ["cgroup-write", v1("pids", groupOf("small"), "pids.max"), 20],
    ],
  });
  assert.equal(
    await container.sh("cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids/pids.max | tr '\\n' ' '"),
    "33554432 20",
  );
  // the limit files stay the host's: the guest owns the folder, not what bounds it
  assert.match(await container.sh("(echo 1000000000 > /sys/fs/cgroup/memory/memory.limit_in_bytes) 2>&1"), /denied/);
  const eaten = await container.exec(["sh", "-c", "x=$(yes | head -c 60000000); echo survived"], {
    words: join(groupOf("small")),
  });
  assert.equal(eaten.stdout, "");
  await container.kill();
});

test("a guest may make groups of its own, which are removed with it", async () => {
  const container = await start("nested");
  const where = cgroup.layout === "v2" ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
  assert.equal(
    await inGroup(
      container,
      "nested",
      `cd ${where} && mkdir -p a/b/c d && echo $$ > a/b/c/cgroup.procs && cat /proc/self/cgroup | grep ^0:`,
    ),
    "0::/a/b/c",
  );
  await container.sh(
    "mkdir -p /sys/fs/cgroup/systemd/x/y; cd /sys/fs/cgroup/systemd; for i in $(seq 300); do mkdir d; cd d; done",
  );
  await container.kill();
  assert.deepEqual(left("nested"), []);
});

test("exec joins the group, also when the guest handed its controllers down", async (t) => {
  const spare = cgroup.v2Controllers?.find((name) => name === "hugetlb" || name === "pids");
  if (spare === undefined || cgroup.v2 === undefined) return t.skip("no controller is on v2");
  const top = path.join(cgroup.v2, "cgroup.subtree_control");
  const before = fs.readFileSync(top, "utf8").split(/\s/).includes(spare);
  fs.writeFileSync(top, `+${spare}`);
  const container = await start("handed");
  try {
    const where = cgroup.layout === "v2" ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
    const group = join(groupOf("handed"));
    const first = await container.exec(["grep", "^0:", "/proc/self/cgroup"], { words: group });
    assert.equal(first.stdout, "0::/\n");
    await inGroup(
      container,
      "handed",
      `cd ${where} && mkdir init && echo 1 > init/cgroup.procs && echo $$ > init/cgroup.procs && echo +${spare} > cgroup.subtree_control`,
    );
    const second = await container.exec(["grep", "^0:", "/proc/self/cgroup"], { words: group });
    assert.equal(second.stdout, "0::/.bothy\n");
  } finally {
    await container.kill();
    assert.deepEqual(left("handed"), []);
    if (!before) fs.writeFileSync(top, `-${spare}`);
  }
});

test("a container that is frozen can be killed", async () => {
  const container = await start("frozen");
  if (cgroup.v1.freezer !== undefined) fs.writeFileSync(v1("freezer", groupOf("frozen"), "freezer.state"), "FROZEN");
  if (cgroup.freeze) fs.writeFileSync(path.join(cgroup.v2!, groupOf("frozen"), "cgroup.freeze"), "1");
  assert.equal((await container.kill()).signal, 9);
  assert.deepEqual(left("frozen"), []);
});

test("a guest that has frozen itself in a group of its own can be killed", {
  skip: cgroup.v1.freezer === undefined && "no freezer on v1",
}, async () => {
  const container = await start("selffrozen");
  await container.sh(
    "cd /sys/fs/cgroup/freezer && for i in $(seq 300); do mkdir d; cd d; done; echo 1 >tasks; echo FROZEN >freezer.state",
  );
  assert.equal((await container.kill()).signal, 9);
  assert.deepEqual(left("selffrozen"), []);
});

test("a start that fails leaves no group", async () => {
  await assert.rejects(start("failed", { command: ["/no/such"] }), /ENOENT/);
  assert.deepEqual(left("failed"), []);
  await assert.rejects(
    start("failed", { limits: ["cgroup-write", `${folders(groupOf("failed"))[0]}/no.such.file`, "1"] }),
    /cgroup-write/,
  );
  assert.deepEqual(left("failed"), []);
});

test("a first process that its memory limit kills is an error, not a container", {
  skip: cgroup.v1.memory === undefined && "no memory controller on v1",
}, async () => {
  await assert.rejects(
    start("starved", { limits: ["cgroup-write", v1("memory", groupOf("starved"), "memory.limit_in_bytes"), 4096] }),
    /memory limit|"errno":"(ENOMEM|ECHILD)"/,
  );
  assert.deepEqual(left("starved"), []);
});

test("an end tells how many processes the kernel had ended for lack of memory", {
  skip: cgroup.v1.memory === undefined && "no memory controller on v1",
}, async () => {
  const limit = ["cgroup-write", v1("memory", groupOf("hungry"), "memory.limit_in_bytes"), 16 * 1024 * 1024];
  const hungry = await start("hungry", { limits: limit, command: ["tail", "/dev/zero"] });
  assert.deepEqual(await hungry.exited(), { signal: 9, reason: "killed", oomKills: 1 });
  const modest = await start("modest", { command: ["true"] });
  assert.deepEqual(await modest.exited(), { code: 0, reason: "exit" });
});

test("groups that a killed supervisor left are taken over with fresh limits", async () => {
  const first = await start("twice");
  process.kill(first.started.supervisor, "SIGKILL");
  assert.equal(await first.watch.tryLine(), undefined);
  assert.ok(left("twice").length > 0);
  const second = await start("twice");
  assert.equal(await second.sh("echo alive"), "alive");
  await second.kill();
  assert.deepEqual(left("twice"), []);
});

test("forty starts and stops with groups leave none", async () => {
  for (let round = 0; round < 40; round++) {
    const container = await start("round", { command: ["true"] });
    await container.exited();
  }
  assert.deepEqual(left("round"), []);
});
