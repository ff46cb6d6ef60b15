/** Control groups of containers: who may change what, and what a guest can make, seen from inside. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { controllerDir, hierarchies, readCgroupLayout } from "../../daemon/platform/host/cgroups";
import { preparePool, type TestDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { clearedAfterEach, shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0);
const image = { type: "image", alias: "template:busybox" };
const layout = readCgroupLayout();
const MiB = 1024 * 1024;

const shared = shareDaemon({}, (daemon) => preparePool(daemon, "dir"));
clearedAfterEach(shared);

async function launch({ client }: TestDaemon, name: string, config: Record<string, string> = {}): Promise<void> {
  await (await client.createInstance({ name, source: image, config })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
}

/** What a script inside says, both outputs. */
async function inside({ client }: TestDaemon, name: string, script: string): Promise<string> {
  const { stdout, stderr } = await client.execOutput(name, { command: ["sh", "-c", script] });
  return `${stdout}${stderr}`.trim();
}

async function change({ client }: TestDaemon, name: string, config: Record<string, string>): Promise<void> {
  const { value } = await client.getInstance(name);
  await (await client.updateInstance(name, { ...value, config: { ...value.config, ...config } })).wait();
}

/** A control file of a container's outer group, as the host reads it. */
const read = (daemon: TestDaemon, name: string, controller: string, v1: string, v2: string): string => {
  const dir = controllerDir(layout, controller, `${daemon.place.group}/${name}`);
  assert.ok(dir, `a controller ${controller}`);
  return readFileSync(path.join(dir.path, dir.version === 1 ? v1 : v2), "utf8").trim();
};

test("a container's root can pass the daemon's groups, whatever umask the daemon has", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "web");
  for (const mountPoint of hierarchies(layout))
    assert.equal(statSync(path.join(mountPoint, daemon.place.group)).mode & 0o777, 0o755, mountPoint);
});

test("the groups that a container sees are the host's file systems, below its own group", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "web");
  const seen = mountsOfGroups(await inside(daemon, "web", "cat /proc/self/mountinfo"));
  const own = mountsOfGroups(readFileSync("/proc/self/mountinfo", "utf8"));
  assert.ok(seen.length > 0);
  // A superblock for each container would cost the kernel the more the more there are.
  for (const { device, root } of seen)
    assert.deepEqual([own.some((mount) => mount.device === device), root], [true, "/"]);
});

/** Number of the file system and the part of it that is mounted, of mounts of control groups. */
const mountsOfGroups = (mountinfo: string) =>
  mountinfo.split("\n").flatMap((line) => {
    const [, , device = "", root = ""] = line.split(" ");
    return / - cgroup2? /.test(line) ? [{ device, root }] : [];
  });

/** Has so much memory at once, as one piece that is written to, and says so when it lives on. */
const takes = (mebibytes: number) =>
  `dd if=/dev/zero of=/dev/null bs=${mebibytes}M count=1 2>/dev/null && echo survived`;

/** Writes a high value into every limit that is in sight, on every hierarchy that can be mounted. */
const raiseAll = `
  mkdir -p /mnt/all; mount -t cgroup2 none /mnt/all 2>/dev/null
  for controllers in cpu cpuset memory pids devices; do
    mkdir -p /mnt/$controllers; mount -t cgroup -o $controllers none /mnt/$controllers 2>/dev/null
  done
  for dir in /sys/fs/cgroup /sys/fs/cgroup/* /mnt/*; do
    for up in . ..; do
      for file in memory.max memory.high memory.swap.max pids.max; do echo max >$dir/$up/$file; done
      for file in memory.limit_in_bytes memory.memsw.limit_in_bytes cpu.cfs_quota_us; do echo -1 >$dir/$up/$file; done
      echo max 100000 >$dir/$up/cpu.max; echo 0-1 >$dir/$up/cpuset.cpus; echo a >$dir/$up/devices.allow
      echo 100000 >$dir/$up/cgroup.max.descendants
    done
  done 2>/dev/null`;

for (const isPrivileged of [false, true])
  test(`the root of a ${isPrivileged ? "privileged" : "plain"} container cannot raise its own limits, nor after they changed`, {
    skip,
  }, async () => {
    const { daemon } = shared;
    await launch(daemon, "tight", {
      "security.privileged": String(isPrivileged),
      "limits.memory": "24MiB",
      "limits.processes": "40",
      "limits.cpu": "1",
      "limits.cpu.allowance": "60ms/100ms",
    });
    const limits = () => [
      read(daemon, "tight", "memory", "memory.limit_in_bytes", "memory.max"),
      read(daemon, "tight", "pids", "pids.max", "pids.max"),
      read(daemon, "tight", "cpu", "cpu.cfs_quota_us", "cpu.max").split(" ")[0],
      read(daemon, "tight", "cpuset", "cpuset.cpus", "cpuset.cpus").includes("-") ? "many" : "one",
    ];
    const eat = (mebibytes: number) => inside(daemon, "tight", takes(mebibytes));
    const fork = async () => {
      const said = await inside(daemon, "tight", "for i in $(seq 60); do sleep 1 & done; wait");
      while (Number(read(daemon, "tight", "pids", "pids.current", "pids.current")) > 5) await delay(50);
      return said;
    };
    await inside(daemon, "tight", raiseAll);
    assert.deepEqual(limits(), [String(24 * MiB), "40", "60000", "one"]);
    assert.doesNotMatch(await eat(36), /survived/);
    assert.match(await fork(), /fork/);
    assert.equal(await inside(daemon, "tight", "nproc"), "1");

    await change(daemon, "tight", {
      "limits.memory": "40MiB",
      "limits.processes": "30",
      "limits.cpu.allowance": "50ms/100ms",
    });
    await inside(daemon, "tight", raiseAll);
    assert.deepEqual(limits(), [String(40 * MiB), "30", "50000", "one"]);
    assert.doesNotMatch(await eat(60), /survived/);
    await change(daemon, "tight", {
      "limits.memory": "",
      "limits.processes": "",
      "limits.cpu": "",
      "limits.cpu.allowance": "",
    });
    assert.match(await eat(36), /survived/);
    assert.doesNotMatch(await fork(), /fork/);
  });

test("programs inside find the limits that they have, and the new ones after a change", { skip }, async () => {
  const { daemon } = shared;
  const files =
    "/sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max";
  for (const isPrivileged of ["false", "true"]) {
    const name = `seen-${isPrivileged}`;
    const config = { "limits.memory": "64MiB", "limits.processes": "77", "security.privileged": isPrivileged };
    await launch(daemon, name, config);
    assert.equal(await inside(daemon, name, `cat ${files} 2>/dev/null`), `${64 * MiB}\n77`);
    await change(daemon, name, { "limits.memory": "96MiB", "limits.processes": "78" });
    assert.equal(await inside(daemon, name, `cat ${files} 2>/dev/null`), `${96 * MiB}\n78`);
  }
});

test("a guest can make so many groups and no more, and on v1 none", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "many");
  const v2 = layout.v1.size === 0 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
  if (layout.v2 !== undefined) {
    const made = Number(
      await inside(daemon, "many", `cd ${v2}; i=0; while mkdir g$i 2>/dev/null; do i=$((i+1)); done; echo $i`),
    );
    assert.ok(made >= 500 && made <= 5000, `${made} groups side by side`);
    await inside(daemon, "many", `cd ${v2}; rmdir g*`);
    const deep = Number(
      await inside(daemon, "many", `cd ${v2}; i=0; while mkdir d 2>/dev/null; do cd d; i=$((i+1)); done; echo $i`),
    );
    assert.ok(deep >= 16 && deep <= 100, `${deep} groups in each other`);
    assert.match(await inside(daemon, "many", `echo 99999 >${v2}/cgroup.max.descendants`), /denied/);
  }
  for (const controllers of new Set(layout.v1.keys())) {
    const dir = `/sys/fs/cgroup/${controllers.replace("name=", "")}`;
    assert.match(await inside(daemon, "many", `mkdir ${dir}/own`), /denied/, dir);
  }
  // An old systemd asks for the hierarchy of its name, by its image.
  if (layout.v1.has("name=systemd")) {
    await launch(daemon, "old", { "image.requirements.cgroup": "v1" });
    assert.equal(await inside(daemon, "old", "mkdir /sys/fs/cgroup/systemd/own"), "");
    assert.match(await inside(daemon, "old", "mkdir /sys/fs/cgroup/memory/own"), /denied/);
  }
  // Containers within it need groups of their own, on every hierarchy.
  await launch(daemon, "nest", { "security.nesting": "true" });
  for (const controllers of new Set(layout.v1.keys()))
    assert.equal(await inside(daemon, "nest", `mkdir /sys/fs/cgroup/${controllers.replace("name=", "")}/own`), "");
});

test("a guest with a systemd of 256 or later finds v2 alone, and its limits hold", { skip }, async () => {
  const { daemon } = shared;
  const { client } = daemon;
  const init = (version: number) => `#!/bin/sh\n# libsystemd-shared-${version}.so\nexec sleep 1000000\n`;
  const type = "awk '$2 == \"/sys/fs/cgroup\" { print $3 }' /proc/mounts";
  const found = async (name: string, version: number, config: Record<string, string>) => {
    const limits = { "limits.memory": "24MiB", "limits.processes": "30" };
    await (await client.createInstance({ name, source: image, config: { ...limits, ...config } })).wait();
    await client.deleteFile(name, "/sbin/init");
    await client.putFile(name, "/sbin/init", init(version), { mode: 0o755 });
    await (await client.setInstanceState(name, { action: "start" })).wait();
    return await inside(daemon, name, type);
  };
  const whole = layout.v1.size === 0 ? "cgroup2" : "tmpfs";
  assert.equal(await found("old", 255, {}), whole);
  assert.equal(await found("wants-v1", 257, { "image.requirements.cgroup": "v1" }), whole);
  for (const [name, config] of [
    ["new", {}],
    ["bare", { "security.privileged": "true" }],
    ["nest", { "security.nesting": "true" }],
  ] as const) {
    assert.equal(await found(name, 257, config), "cgroup2", name);
    assert.equal(await inside(daemon, name, "mkdir /sys/fs/cgroup/own && rmdir /sys/fs/cgroup/own"), "", name);
    assert.doesNotMatch(await inside(daemon, name, takes(36)), /survived/);
    assert.match(await inside(daemon, name, "for i in $(seq 60); do sleep 1 & done; wait"), /fork/);
  }
});

test("a guest without a limit of its own leaves the host processes, and its configuration does not show how many", {
  skip,
}, async () => {
  const { daemon } = shared;
  await launch(daemon, "free");
  const most = () => Number(read(daemon, "free", "pids", "pids.max", "pids.max"));
  const host = Math.min(
    ...["pid_max", "threads-max"].map((name) => Number(readFileSync(`/proc/sys/kernel/${name}`, "utf8"))),
  );
  assert.ok(most() >= 1000 && most() <= host / 2, `${most()} of ${host}`);
  const { value } = await daemon.client.getInstance("free");
  assert.deepEqual(
    Object.keys(value.expanded_config).filter((key) => key.startsWith("limits.")),
    [],
  );
  const shown = "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null";
  assert.equal(await inside(daemon, "free", shown), "max");
  await change(daemon, "free", { "limits.processes": String(host - 1) });
  assert.equal(most(), host - 1);
  await change(daemon, "free", { "limits.processes": "" });
  assert.ok(most() <= host / 2);
});

test("a hard limit of memory bounds memory and swap together, a soft one and none leave swap alone", {
  skip: skip || requireFeature("swap accounting", hasSwapAccounting()),
}, async () => {
  const { daemon } = shared;
  const isV1 = layout.v1.has("memory");
  const swap = () => read(daemon, "c", "memory", "memory.memsw.limit_in_bytes", "memory.swap.max");
  const swappiness = () => isV1 && read(daemon, "c", "memory", "memory.swappiness", "");
  const bounded = (bytes: number) => (isV1 ? String(bytes) : "0");
  const free = isV1 ? /^9223372036854771712$/ : /^max$/;
  await launch(daemon, "c", { "limits.memory": "64MiB" });
  assert.equal(swap(), bounded(64 * MiB));
  for (const size of [32, 256]) {
    await change(daemon, "c", { "limits.memory": `${size}MiB` });
    assert.equal(swap(), bounded(size * MiB));
  }
  await change(daemon, "c", { "limits.memory.swap": "false" });
  assert.equal(swap(), bounded(256 * MiB));
  assert.ok(swappiness() === "0" || !isV1);
  await change(daemon, "c", { "limits.memory.swap": "true", "limits.memory.swap.priority": "3" });
  assert.equal(swap(), bounded(256 * MiB));
  assert.ok(swappiness() === "53" || !isV1);
  await change(daemon, "c", { "limits.memory.enforce": "soft", "limits.memory.swap.priority": "" });
  assert.match(swap(), free);
  assert.ok(swappiness() === "60" || !isV1);
  await change(daemon, "c", { "limits.memory": "", "limits.memory.enforce": "" });
  assert.match(swap(), free);
});

function hasSwapAccounting(): boolean {
  const v1 = layout.v1.get("memory");
  return v1 === undefined ? existsSync("/proc/swaps") : existsSync(path.join(v1, "memory.memsw.limit_in_bytes"));
}
