/** A container sees itself: its own memory, processors, uptime and load, by lxcfs, whatever becomes of lxcfs and of the daemon. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import os, { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { commandOf, hasEnded, startTimeOf } from "../../daemon/platform/processes/others";
import { findProgram } from "../../sdk/host/program";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { clearedAfterEach, shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const skip =
  requireFeature("root", process.getuid?.() === 0) || requireFeature("lxcfs", findProgram("lxcfs") !== undefined);
const shared = shareDaemon({}, (daemon) => preparePool(daemon, "dir"));
clearedAfterEach(shared);
const image = { type: "image", alias: "template:busybox" };

async function launch({ client }: TestDaemon, name: string, config: Record<string, string> = {}): Promise<void> {
  await (await client.createInstance({ name, source: image, config })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
}

/** What a script inside says, both outputs. */
async function inside({ client }: TestDaemon, name: string, script: string): Promise<string> {
  const { stdout, stderr } = await client.execOutput(name, { command: ["sh", "-c", script] });
  return `${stdout}${stderr}`.trim();
}

const memoryOf = (daemon: TestDaemon, name: string) => inside(daemon, name, "grep MemTotal /proc/meminfo");
const isOf = (mebibytes: number) => new RegExp(`^MemTotal: +${mebibytes * 1024} kB$`);

/** Whether a container has figures of its own, and none that nobody answers for. */
async function hasOwn(daemon: TestDaemon, name: string, mebibytes: number): Promise<boolean> {
  const files =
    "/proc/cpuinfo /proc/diskstats /proc/loadavg /proc/stat /proc/swaps /proc/uptime /sys/devices/system/cpu/online";
  return (
    isOf(mebibytes).test(await memoryOf(daemon, name)) && (await inside(daemon, name, `cat ${files} >/dev/null`)) === ""
  );
}

const pidOf = ({ dir }: TestDaemon): number => Number(readFileSync(path.join(dir, "lxcfs/pid"), "utf8"));

async function kill(pid: number): Promise<void> {
  assert.equal(path.basename(commandOf(pid)[0] ?? ""), "lxcfs");
  const startTime = startTimeOf(pid);
  process.kill(pid, "SIGKILL");
  assert.ok(await hasEnded(pid, startTime));
}

const warningsOf = async ({ client }: TestDaemon): Promise<string[]> =>
  (await client.listWarnings())
    .filter(({ type }) => type === "LXCFS not available")
    .map(({ last_message }) => last_message);

for (const isPrivileged of [false, true])
  test(`a ${isPrivileged ? "privileged" : "plain"} container sees its own memory, processors, uptime and load`, {
    skip,
  }, async () => {
    const { daemon } = shared;
    await launch(daemon, "web", {
      "limits.memory": "64MiB",
      "limits.cpu": "1",
      "security.privileged": String(isPrivileged),
    });
    assert.match(await memoryOf(daemon, "web"), isOf(64));
    assert.equal(await inside(daemon, "web", "nproc"), "1");
    assert.equal(await inside(daemon, "web", "grep -c ^processor /proc/cpuinfo"), "1");
    assert.equal(await inside(daemon, "web", "grep -c '^cpu[0-9]' /proc/stat"), "1");
    assert.equal(await inside(daemon, "web", "cat /sys/devices/system/cpu/online"), "0");
    const [uptime] = (await inside(daemon, "web", "cat /proc/uptime")).split(" ");
    assert.ok(Number(uptime) < 120 && os.uptime() > Number(uptime), `up for ${uptime} s`);
    assert.match(await inside(daemon, "web", "cat /proc/loadavg"), /^\d+\.\d\d \d+\.\d\d \d+\.\d\d \d+\/\d+ \d+$/);
    assert.match(await inside(daemon, "web", "cat /proc/swaps"), /^Filename/);
    assert.equal(await inside(daemon, "web", "cat /proc/diskstats >/dev/null"), "");
  });

test("what a container sees follows its limits while it runs", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "web", { "limits.memory": "64MiB", "limits.cpu": "1" });
  const { value } = await daemon.client.getInstance("web");
  const config = { ...value.config, "limits.memory": "96MiB", "limits.cpu": "0" };
  await (await daemon.client.updateInstance("web", { ...value, config })).wait();
  await until(async () => isOf(96).test(await memoryOf(daemon, "web")));
  assert.equal(await inside(daemon, "web", "grep -c ^processor /proc/cpuinfo"), String(os.cpus().length));
});

test("nobody inside can unmount what it sees itself by", { skip }, async () => {
  const { daemon } = shared;
  for (const isPrivileged of ["false", "true"]) {
    const name = `c-${isPrivileged}`;
    await launch(daemon, name, { "limits.memory": "64MiB", "security.privileged": isPrivileged });
    await inside(daemon, name, "umount /proc/meminfo; umount -l /proc/meminfo; umount -l /sys/devices/system/cpu");
    assert.ok(await hasOwn(daemon, name, 64), name);
    assert.equal(await inside(daemon, name, "grep -c fuse.lxcfs /proc/self/mountinfo"), "8");
  }
});

test("a bound of processor time is seen as so many processors", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "web", { "limits.cpu.allowance": "80ms/100ms" });
  assert.equal(await inside(daemon, "web", "grep -c ^processor /proc/cpuinfo"), "1");
});

test("lxcfs is killed: containers go on, and see themselves again", { skip }, async () => {
  const { daemon } = shared;
  await Promise.all([1, 2, 3].map((n) => launch(daemon, `c${n}`, { "limits.memory": `${n * 32}MiB` })));
  const pids = await Promise.all([1, 2, 3].map((n) => daemon.client.getInstanceState(`c${n}`).then(({ pid }) => pid)));
  const first = pidOf(daemon);
  await kill(first);
  for (const n of [1, 2, 3]) await until(() => hasOwn(daemon, `c${n}`, n * 32));
  assert.notEqual(pidOf(daemon), first);
  assert.deepEqual(
    await Promise.all([1, 2, 3].map((n) => daemon.client.getInstanceState(`c${n}`).then(({ pid }) => pid))),
    pids,
  );
  const mounts = await inside(daemon, "c1", "grep -c fuse.lxcfs /proc/self/mountinfo");
  await kill(pidOf(daemon));
  for (const n of [1, 2, 3]) await until(() => hasOwn(daemon, `c${n}`, n * 32));
  assert.equal(await inside(daemon, "c1", "grep -c fuse.lxcfs /proc/self/mountinfo"), mounts, "the old ones are gone");
});

test("its root takes none of it off, so that systemd gives services a proc of their own, also after lxcfs was killed", {
  skip,
}, async () => {
  const { daemon } = shared;
  await launch(daemon, "web", { "limits.memory": "64MiB" });
  // As systemd does it, which gives up where it took off a part and gets no new proc.
  const copies =
    "mkdir -p /run/x; mount --rbind / /run/x; cut -d' ' -f5 /proc/self/mountinfo | grep ^/run/x/proc/ | sort -r";
  const script = `unshare -m sh -c '${copies.replaceAll("'", "'\\''")} | while read -r at; do umount $at 2>/dev/null && echo $at; done'`;
  assert.equal(await inside(daemon, "web", script), "");
  await kill(pidOf(daemon));
  await until(() => hasOwn(daemon, "web", 64));
  assert.equal(await inside(daemon, "web", script), "");
  assert.equal(await inside(daemon, "web", "umount /proc/meminfo 2>/dev/null && echo done"), "");
  assert.ok(await hasOwn(daemon, "web", 64));
});

test("a container that starts while there is no lxcfs sees itself when there is one again", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "first", { "limits.memory": "64MiB" });
  await kill(pidOf(daemon));
  await launch(daemon, "late", { "limits.memory": "32MiB" });
  await until(() => hasOwn(daemon, "late", 32));
  assert.ok(await hasOwn(daemon, "first", 64));
});

test("a daemon that comes back goes on with the same lxcfs, or with a new one where that has ended", {
  skip,
}, async () => {
  const { daemon } = shared;
  await launch(daemon, "web", { "limits.memory": "64MiB" });
  const pid = pidOf(daemon);
  await daemon.stop();
  assert.ok(commandOf(pid).length > 0, "it outlives the daemon");
  await daemon.start();
  assert.equal(pidOf(daemon), pid);
  assert.ok(await hasOwn(daemon, "web", 64));
  await daemon.kill();
  await kill(pid);
  await daemon.start();
  assert.notEqual(pidOf(daemon), pid);
  assert.ok(await hasOwn(daemon, "web", 64));
  await kill(pidOf(daemon));
  await until(() => hasOwn(daemon, "web", 64));
});

test("lxcfs stands still: containers start all the same, and it is no more than a program of few rights", {
  skip,
}, async () => {
  const { daemon } = shared;
  await launch(daemon, "web", { "limits.memory": "64MiB" });
  const pid = pidOf(daemon);
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  assert.match(status, /CapEff:\t0000000000* *2c0004$/m);
  assert.match(status, /CapBnd:\t0000000000* *2c0004$/m);
  assert.match(status, /NoNewPrivs:\t1/);
  assert.match(readFileSync(`/proc/${pid}/cgroup`, "utf8"), /bothy-[0-9a-f]{8}-lxcfs$/m);
  process.kill(pid, "SIGSTOP");
  await launch(daemon, "late", { "limits.memory": "32MiB" });
  process.kill(pid, "SIGCONT");
  assert.ok(await hasOwn(daemon, "late", 32));
});

test("a state folder may have any name", { skip }, async () => {
  const base = mkdtempSync(path.join(tmpdir(), "bothy odd,=\\ 'name' "));
  try {
    await withDaemon({ base }, async (daemon) => {
      await preparePool(daemon, "dir");
      await launch(daemon, "web", { "limits.memory": "64MiB" });
      assert.ok(await hasOwn(daemon, "web", 64));
      await kill(pidOf(daemon));
      await until(() => hasOwn(daemon, "web", 64));
    });
  } finally {
    rmSync(base, { recursive: true });
  }
});

test("without lxcfs a container starts with the host's figures, and a warning says so until it is installed", {
  skip,
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-path-"));
  const search = (process.env.PATH ?? "").split(":");
  // Every program of the host but one.
  for (const place of search.filter((one) => existsSync(one)).reverse())
    for (const name of readdirSync(place).filter((one) => one !== "lxcfs")) {
      rmSync(path.join(folder, name), { force: true });
      symlinkSync(path.join(place, name), path.join(folder, name));
    }
  try {
    await withDaemon({ env: { PATH: folder } }, async (daemon) => {
      await preparePool(daemon, "dir");
      await launch(daemon, "web", { "limits.memory": "64MiB" });
      assert.doesNotMatch(await memoryOf(daemon, "web"), isOf(64));
      assert.match((await warningsOf(daemon)).join(), /LXCFS is not installed/);
      symlinkSync(findProgram("lxcfs") ?? "", path.join(folder, "lxcfs"));
      await launch(daemon, "late", { "limits.memory": "32MiB" });
      assert.ok(await hasOwn(daemon, "late", 32));
      assert.ok(await hasOwn(daemon, "web", 64), "who ran before it has it too");
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
