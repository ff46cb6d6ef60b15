/** Configuration keys of instances, each seen from inside the container: what a start makes of them, and what a running container follows. */
import assert from "node:assert/strict";
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { limitWrites } from "../../daemon/kinds/instance/limits/limits";
import { idLines } from "../../daemon/platform/native/words";
import { preparePool } from "../support/daemon";
import { buildGuest } from "../support/guest";
import { keysOf } from "../support/having";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const image = { type: "image", alias: "template:busybox" };

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  await (await daemon.client.createInstance({ name: "web", source: image })).wait();
});

async function inside(script: string, more: object = {}): Promise<string> {
  const command = ["sh", "-c", script];
  const { code, stdout, stderr } = await shared.client.execOutput("web", { command, ...more });
  return code === 0 ? String(stdout).trim() : `${code} ${String(stderr).trim()}`;
}

const { patch, act, having } = keysOf(shared, "web");

/** A file of a controller, on v1 or v2. */
const control = (controller: string, v1: string, v2: string) =>
  `cat /sys/fs/cgroup/${controller}/${v1} 2>/dev/null || cat /sys/fs/cgroup/${v2}`;

interface Seen {
  readonly key: string;
  readonly value: string;
  readonly script: string;
  readonly seen: RegExp;
}

/** What a running container follows at once. */
const live: readonly Seen[] = [
  { key: "limits.cpu", value: "1", script: "nproc", seen: /^1$/ },
  { key: "limits.cpu", value: "0-0", script: "grep Cpus_allowed_list /proc/self/status", seen: /\t0$/ },
  {
    key: "limits.cpu.allowance",
    value: "20ms/50ms",
    script: control("cpu", "cpu.cfs_quota_us", "cpu.max"),
    seen: /^20000( 50000)?$/,
  },
  {
    key: "limits.memory",
    value: "96MiB",
    script: control("memory", "memory.limit_in_bytes", "memory.max"),
    seen: /^100663296$/,
  },
  { key: "limits.processes", value: "77", script: control("pids", "pids.max", "pids.max"), seen: /^77$/ },
  { key: "environment.WORD", value: "two words", script: "echo $WORD", seen: /^two words$/ },
];

/** What counts from the next start on. */
const fixed: readonly Seen[] = [
  { key: "limits.kernel.nofile", value: "700:900", script: "ulimit -Sn; ulimit -Hn", seen: /^700\n900$/ },
  { key: "limits.kernel.core", value: "0", script: "ulimit -c", seen: /^0$/ },
  { key: "linux.sysctl.net.ipv4.ip_forward", value: "1", script: "cat /proc/sys/net/ipv4/ip_forward", seen: /^1$/ },
  { key: "linux.sysctl.kernel.msgmax", value: "12345", script: "cat /proc/sys/kernel/msgmax", seen: /^12345$/ },
  { key: "security.idmap.base", value: "1500000000", script: "cat /proc/self/uid_map", seen: /^0 +1500000000 +65536$/ },
  { key: "security.protection.shift", value: "true", script: "stat -c %u /bin", seen: /^0$/ },
  { key: "security.idmap.size", value: "40000", script: "cat /proc/self/gid_map", seen: /^0 +\d+ +40000$/ },
  { key: "security.syscalls.deny", value: "sethostname errno 13", script: "hostname other", seen: /Permission denied/ },
  { key: "security.syscalls.deny", value: "# none\nsethostname", script: "hostname other", seen: /^159/ },
  { key: "security.syscalls.blacklist", value: "sethostname errno 13", script: "hostname other", seen: /denied/ },
  { key: "raw.seccomp", value: "2\ndenylist\nsethostname errno 13", script: "hostname other", seen: /denied/ },
  {
    key: "raw.seccomp",
    value: "2\ndenylist errno 13\n[x86_64]\nsethostname\n[arm64]\nsethostname",
    script: "hostname x",
    seen: /denied/,
  },
  { key: "security.syscalls.deny", value: "sethostname kill", script: "hostname other", seen: /^159/ },
  {
    key: "raw.lxc",
    value: "lxc.no_new_privs = 1",
    script: "cat /proc/1/status /proc/self/status | grep NoNewPrivs | tr -d '\\n\\t'",
    seen: /^NoNewPrivs:1NoNewPrivs:1$/,
  },
];

test("a running container follows each key at once, and sees it", async () => {
  await act("start");
  for (const { key, value, script, seen } of live) {
    const before = await inside(script);
    await patch({ [key]: value });
    assert.match(await inside(script), seen, `${key}=${value}`);
    await patch({ [key]: "" });
    assert.equal(await inside(script), before, `${key} is unset`);
  }
  await act("stop");
});

test("a start makes each key count, and a running container keeps what it was made by", async () => {
  for (const { key, value, script, seen } of fixed) {
    await having({ [key]: value }, async () => assert.match(await inside(script), seen, `${key}=${value}`));
  }
  await having({}, async () => {
    const before = await inside("cat /proc/self/uid_map; hostname web && hostname");
    await patch({ "security.idmap.base": "1500000000", "security.syscalls.deny": "sethostname" });
    assert.equal(await inside("cat /proc/self/uid_map; hostname web && hostname"), before);
    await patch({ "security.idmap.base": "", "security.syscalls.deny": "" });
  });
});

test("hooks of LXC that nothing calls may stand in raw.lxc, and that there is no profile of AppArmor", async () => {
  const hooks = "lxc.hook.clone=/bin/true\nlxc.hook.destroy = /bin/true\nlxc.apparmor.profile=unconfined";
  await having({ "raw.lxc": hooks }, async () => assert.equal(await inside("echo up"), "up"));
  await shared.refuses(
    "PATCH",
    "/1.0/instances/web",
    { config: { "raw.lxc": "lxc.hook.start=/bin/true" } },
    400,
    /lxc.hook/,
  );
});

test("what is denied to all containers is not where security.syscalls.deny_default or raw.seccomp says so", {
  skip: requireFeature("calls of 64 bits", process.arch === "x64"),
}, async () => {
  for (const bits of ["64", "32"]) {
    const program = path.join(shared.daemon.dir, `calls${bits}`);
    const bare = ["-nostdlib", "-ffreestanding", "-fno-stack-protector", "-fno-pie", "-no-pie"];
    buildGuest("calls", program, `-m${bits}`, ...bare);
    await shared.client.putFile("web", `/bin/calls${bits}`, readFileSync(program), { mode: 0o755 });
  }
  const denied = "keyctl 38";
  const answers = () => inside("calls64 | grep ^keyctl");
  await having({}, async () => assert.equal(await answers(), denied));
  for (const [key, value] of [
    ["security.syscalls.deny_default", "false"],
    ["security.syscalls.blacklist_default", "false"],
    ["raw.seccomp", "2\ndenylist"],
  ] as const)
    await having({ [key]: value }, async () => {
      assert.match(await answers(), /^keyctl (?!38$)/);
      assert.equal(await inside("hostname web && hostname"), "web");
      // Without any rule there is no filter at all, neither for its init nor for a command.
      const filters = await inside("cat /proc/1/status /proc/self/status | grep ^Seccomp: | tr -d '\\n\\t'");
      assert.equal(filters, key === "raw.seccomp" ? "Seccomp:2Seccomp:2" : "Seccomp:0Seccomp:0");
    });
  for (const key of ["security.syscalls.deny_compat", "security.syscalls.blacklist_compat"])
    for (const isDefault of ["", "false"])
      await having({ [key]: "true", "security.syscalls.deny_default": isDefault }, async () => {
        assert.equal(await inside("calls32 | grep machine || echo nothing"), "nothing");
        assert.match(await inside("calls64 | grep machine"), /x86_64/);
      });
  // Its own rules stay.
  await having({ "security.syscalls.deny_default": "false", "security.syscalls.deny": "keyctl errno 77" }, async () =>
    assert.equal(await answers(), "keyctl 77"),
  );
});

test("ids that raw.idmap gives to a container are those of the host, in files and for processes", async () => {
  const folder = path.join(shared.daemon.dir, "shared");
  mkdirSync(folder, { mode: 0o777 });
  writeFileSync(path.join(folder, "mine"), "of the host\n", { mode: 0o600 });
  chownSync(folder, 1000, 1000);
  chownSync(path.join(folder, "mine"), 1000, 1000);
  const { value } = await shared.client.getInstance("web");
  const devices = { ...value.devices, shared: { type: "disk", source: folder, path: "/mnt" } };
  await (await shared.client.updateInstance("web", { ...value, devices })).wait();
  await having({ "raw.idmap": "both 1000 1000\ngid 2000-2001 3000-3001" }, async () => {
    assert.match(await inside("cat /proc/self/uid_map"), /^0 +\d+ +1000\n +1000 +1000 +1\n +1001 +\d+ +64535$/);
    assert.equal((await inside("cat /proc/self/gid_map")).split("\n").length, 5);
    const user = { user: 1000, group: 1000 };
    assert.equal(await inside("cat /mnt/mine; touch /mnt/made; stat -c %u /mnt/mine", user), "of the host\n1000");
    assert.equal(statSync(path.join(folder, "made")).uid, 1000);
    // Its own files are stored by the ids that it sees.
    assert.equal(await inside("touch /tmp/x; stat -c %u /tmp/x", user), "1000");
  });
  await having({ "raw.idmap": "uid 1000 600\ngid 1000 0" }, async () => {
    assert.match(await inside("cat /proc/self/uid_map"), /\n +600 +1000 +1\n/, "the host's id comes first");
    assert.match(await inside("cat /proc/self/gid_map"), /^0 +1000 +1\n/);
    assert.equal(await inside("cat /mnt/mine; stat -c %u:%g /mnt/mine", { user: 600, group: 0 }), "of the host\n600:0");
  });
  await having({}, async () => {
    assert.match(await inside("cat /mnt/mine", { user: 1000, group: 1000 }), /Permission denied/);
  });
  const { value: now } = await shared.client.getInstance("web");
  await (await shared.client.updateInstance("web", { ...now, devices: value.devices })).wait();
});

test("a container with an allowed list makes no other system call", async () => {
  const calls = systemCalls().filter((name) => name !== "sethostname");
  assert.ok(calls.length > 200);
  await having({ "security.syscalls.allow": calls.join("\n") }, async () => {
    assert.match(await inside("hostname"), /^web$/);
    assert.match(await inside("hostname other"), /^159/);
  });
  // Without exec no program starts, and the error says so.
  await patch({ "security.syscalls.allow": "read" });
  const told = await shared.outcome("PUT", "/1.0/instances/web/state", { action: "start" });
  assert.match(told.error, /Cannot start instance "web"/);
  await patch({ "security.syscalls.allow": "" });
});

/** Those that this architecture has by itself: enough for any program. */
function systemCalls(): string[] {
  const file = path.resolve(
    __dirname,
    "../../../native/build",
    process.arch === "arm64" ? "aarch64" : "x86_64",
    "seccomp/names",
  );
  const [, ...lines] = readFileSync(file, "utf8").trim().split("\n");
  return lines
    .map((line) => line.split(" "))
    .filter(([, number]) => Number(number) >= 0 && Number(number) < 450)
    .map(([name = ""]) => name);
}

test("kernel modules are there before a start, and one that cannot be had is named", async () => {
  const [loaded = ""] = readdirSync("/sys/module");
  assert.ok(existsSync(path.join("/sys/module", loaded)));
  await having({ "linux.kernel_modules": loaded }, async () => {
    await assert.rejects(patch({ "linux.kernel_modules": "bothy_none" }), /Failed to load kernel module "bothy_none"/);
  });
  await patch({ "linux.kernel_modules": `${loaded}, bothy_none` });
  const told = await shared.outcome("PUT", "/1.0/instances/web/state", { action: "start" });
  assert.match(told.error, /Failed to load kernel module "bothy_none"/);
  assert.equal(told.status, 400);
  await patch({ "linux.kernel_modules": "" });
});

test("cloud-init is told a new identity after a rename and when what it reads has changed, else not", async () => {
  const idOf = async (name: string) =>
    (await shared.client.getInstance(name)).value.config["volatile.cloud-init.instance-id"];
  const first = await idOf("web");
  assert.match(first ?? "", /^[0-9a-f-]{36}$/);
  await patch({ "user.mine": "1", "limits.memory": "1GiB" });
  assert.equal(await idOf("web"), first);
  await patch({ "cloud-init.user-data": "#cloud-config\n{}" });
  const second = await idOf("web");
  assert.notEqual(second, first);
  const { value: profile } = await shared.client.getProfile("default");
  const vendor = { ...profile.config, "cloud-init.vendor-data": "#cloud-config\n{}" };
  await shared.client.updateProfile("default", { ...profile, config: vendor });
  const byProfile = await idOf("web");
  assert.notEqual(byProfile, second);
  await shared.client.updateProfile("default", { ...profile, description: "other" });
  const withoutIt = await idOf("web");
  assert.notEqual(withoutIt, byProfile);
  await shared.client.updateProfile("default", profile);
  assert.equal(await idOf("web"), withoutIt, "a description is not what cloud-init reads");
  await (await shared.client.renameInstance("web", "other")).wait();
  const third = await idOf("other");
  assert.notEqual(third, withoutIt);
  await (await shared.client.createInstance({ name: "copy", source: { type: "copy", source: "other" } })).wait();
  assert.notEqual(await idOf("copy"), third);
  await (await shared.client.deleteInstance("copy")).wait();
  await (await shared.client.renameInstance("other", "web")).wait();
  await patch({ "cloud-init.user-data": "", "limits.memory": "" });
});

test("what a key cannot be is refused with the form that it can", async () => {
  const table: readonly (readonly [key: string, value: string, message: RegExp])[] = [
    ["raw.idmap", "all 1 1", /begin with uid, gid or both/],
    ["raw.idmap", "both 1000", /two ids or ranges/],
    ["raw.idmap", "both 1-5 1-4", /same size/],
    ["raw.idmap", "both 0 1000", /id 0 of the host cannot be given away/],
    ["raw.idmap", "both 1000 1000\nuid 1000 1001", /no id can be given twice/],
    ["raw.idmap", "both 4294967295 1000", /two ids or ranges/],
    ["security.idmap.base", "1000", /whole number from 65536/],
    ["security.idmap.size", "70000", /Set security.idmap.base/],
    ["security.idmap.isolated", "maybe", /true or false/],
    ["security.protection.shift", "maybe", /true or false/],
    ["security.syscalls.deny", "mkdir later", /name of a system call/],
    ["security.syscalls.deny", "mkdir errno 5000", /name of a system call/],
    ["security.syscalls.deny", "nosuchcall", /"nosuchcall" is no system call/],
    ["security.syscalls.allow", "read errno 1", /names alone/],
    ["security.syscalls.blacklist", "nosuchcall", /"security.syscalls.blacklist": "nosuchcall" is no system call/],
    ["security.syscalls.deny_default", "maybe", /true or false/],
    ["raw.seccomp", "denylist", /first line must be the version/],
    ["raw.seccomp", "2\ndenylist\nnosuchcall", /"nosuchcall" is no system call/],
    ["linux.kernel_modules", "../x", /names of kernel modules/],
    ["limits.hugepages.2MB", "50%", /size such as/],
    ["boot.stop.priority", "high", /whole number/],
    ["migration.stateful", "true", /key of LXD that this version does not have yet/],
    ["security.syscalls.intercept.mount.fuse", "ext4=fuse2fs", /not here: programs of FUSE mount by themselves/],
    ["security.syscalls.permit", "vsock,bpf", /"bpf" must be one of io_uring, socketcall, vsock/],
    ["nvidia.runtime", "true", /does not have yet/],
  ];
  const before = await shared.client.getInstance("web");
  const refuses = async (config: object, message: RegExp) => {
    const told = await shared.outcome("PATCH", "/1.0/instances/web", { config });
    assert.equal(told.status, 400, JSON.stringify(config));
    assert.match(told.error, message);
  };
  for (const [key, value, message] of table) await refuses({ [key]: value }, message);
  const both = { "security.syscalls.allow": "read", "security.syscalls.deny": "write" };
  await refuses(both, /cannot be set together/);
  await refuses({ "security.syscalls.whitelist": "read", "security.syscalls.deny": "write" }, /cannot be set together/);
  const beyond = { "security.idmap.base": "4294900000", "security.idmap.size": "70000" };
  await refuses(beyond, /beyond the last id/);
  assert.deepEqual(await shared.client.getInstance("web"), before);
});

test("limits of huge pages are written where the host counts them, and refused where it does not", () => {
  const root = path.join(shared.daemon.dir, "hugetlb");
  mkdirSync(path.join(root, "group"), { recursive: true });
  for (const name of ["64KB", "1MB", "2MB"]) writeFileSync(path.join(root, `hugetlb.${name}.limit_in_bytes`), "");
  const layout = { v1: new Map([["hugetlb", root]]), v2: undefined, v2Controllers: new Set<string>() };
  const written = (config: Record<string, string>) =>
    limitWrites(layout, "group", config, undefined)
      .filter(({ path: file }) => file.includes("hugetlb."))
      .map(({ path: file, value }) => [path.basename(file), value]);
  const limits = { "limits.hugepages.64KB": "64KiB", "limits.hugepages.1MB": "0", "limits.hugepages.2MB": "4MiB" };
  const files = ["64KB", "1MB", "2MB"].map((name) => `hugetlb.${name}.limit_in_bytes`);
  assert.deepEqual(written(limits), [
    [files[0], "65536"],
    [files[1], "0"],
    [files[2], "4194304"],
  ]);
  assert.deepEqual(
    written({}),
    files.map((file) => [file, "-1"]),
  );
  assert.throws(() => written({ "limits.hugepages.1GB": "1GiB" }), /no huge pages of that size/);
  const without = { v1: new Map(), v2: undefined, v2Controllers: new Set<string>() };
  assert.throws(() => limitWrites(without, "group", { "limits.hugepages.2MB": "4MiB" }, undefined), /"hugetlb"/);
});

test("an id map has each id of the range once, but for those that others take", () => {
  const range = { hostBase: 100, count: 10 };
  assert.deepEqual(idLines(range, []), [{ inner: 0, host: 100, count: 10 }]);
  const first = { inner: 0, host: 5, count: 2 };
  const beyond = { inner: 20, host: 7, count: 1 };
  assert.deepEqual(idLines(range, [beyond, first]), [first, { inner: 2, host: 102, count: 8 }, beyond]);
  const across = { inner: 8, host: 50, count: 5 };
  assert.deepEqual(idLines(range, [across]), [{ inner: 0, host: 100, count: 8 }, across]);
});
