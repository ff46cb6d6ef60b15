/** System calls that are answered from outside (security.syscalls.intercept.*), by what programs inside get. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import type { Config, Devices } from "../../sdk/api/common";
import type { TestDaemon } from "../support/daemon";
import { inside, launch } from "../support/intercepted";
import { requireFeature } from "../support/require";
import { clearedAfterEach, shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0);
const shared = shareDaemon({ bare: false }, async () => undefined);
clearedAfterEach(shared);

const pidsOf = (title: string, isOurs: (pid: string) => boolean): string[] =>
  readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith(title) && isOurs(pid);
    } catch {
      return false;
    }
  });

/** The helper of a container, which is a child of its supervisor. */
async function helperOf({ client }: TestDaemon, name: string): Promise<number | undefined> {
  const value = await client.getInstanceState(name);
  const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${value.pid}/status`, "utf8"))?.[1];
  const [pid] = pidsOf("bothy calls", (one) =>
    readFileSync(`/proc/${one}/status`, "utf8").includes(`\nPPid:\t${parent}\n`),
  );
  return pid === undefined ? undefined : Number(pid);
}

const mknod: Config = { "security.syscalls.intercept.mknod": "true" };
const sysinfo: Config = { "security.syscalls.intercept.sysinfo": "true" };

/** The host's own node may be for its root alone. */
const ownFuse: Devices = { fuse: { type: "unix-char", source: "/dev/fuse", path: "/dev/own-fuse", mode: "0666" } };

test("a container that asks for it makes nodes of null and its like, which work, and no others", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "box", mknod);
  const see = (command: string, user?: number) => inside(daemon, "box", command, user);
  assert.equal(await see("umask 027; cd /root; for n in 3 5 7 8 9; do mknod $n c 1 $n; done; mknod tty c 5 0"), "");
  assert.equal(
    await see("cd /root; stat -c '%n %F %t:%T %a %u:%g' 3 5 7 8 9 tty"),
    [3, 5, 7, 8, 9].map((n) => `${n} character special file 1:${n} 640 0:0\n`).join("") +
      "tty character special file 5:0 640 0:0",
  );
  assert.equal(
    await see("cd /root; echo x >3 && head -c 3 5 | wc -c; echo x 2>&1 >7; head -c 4 9 | wc -c"),
    "3\nsh: write error: No space left on device\n4",
  );
  assert.equal(await see("cd /root; chown 7:8 3 && chmod 604 3 && stat -c '%a %u:%g' 3"), "604 7:8");
  // In a file system of its own, and below a mount of its own.
  assert.equal(
    await see("mkdir /tmp/t; mount -t tmpfs none /tmp/t; mknod /tmp/t/n c 1 3; echo x >/tmp/t/n && echo done"),
    "done",
  );
  assert.equal(
    await see("mkdir /root/r; chroot / sh -c 'cd /root/r && mknod ./n c 1 3' && stat -c %t:%T /root/r/n"),
    "1:3",
  );
  assert.equal(
    await see("mknod /root/3 c 1 3; mknod /root/none/n c 1 3; ln -s nowhere /root/l; mknod /root/l c 1 3"),
    [
      "mknod: /root/3: File exists",
      "mknod: /root/none/n: No such file or directory",
      "mknod: /root/l: File exists",
    ].join("\n"),
  );
  // Everybody may make whiteouts and fifos, and nobody what reaches the host.
  assert.equal(await see("cd /tmp/t; mknod w c 0 0; mkfifo f; stat -c %F w f"), "character special file\nfifo");
  for (const node of ["c 1 1", "c 1 11", "c 5 1", "b 8 0", "b 1 3", "c 10 229"])
    assert.match(await see(`mknod /root/no ${node}`), /Operation not permitted/, node);
  assert.match(await see("mknod /tmp/mine c 1 3", 1000), /Operation not permitted/);
  assert.equal(await see("intercepted nested /root/nested"), "-1 Operation not permitted");
  assert.equal(await see("ls /root/no /root/nested /tmp/mine 2>/dev/null"), "");
});

test("the container's root marks folders as opaque for an overlay, and nobody sets another attribute of the host's", {
  skip,
}, async () => {
  const { daemon } = shared;
  await launch(daemon, "box", { "security.syscalls.intercept.setxattr": "true" });
  const see = (command: string, user?: number) => inside(daemon, "box", command, user);
  await see("mount -t tmpfs none /tmp; chmod 1777 /tmp; mkdir /tmp/a; ln -s a /tmp/l");
  const opaque = "trusted.overlay.opaque";
  assert.equal(await see(`intercepted setxattr /tmp/a ${opaque} y`), "setxattr 0\nlsetxattr 0\nfsetxattr 0");
  assert.equal(await see(`intercepted setxattr /tmp/l ${opaque} x`), "setxattr 0\nlsetxattr 0\nfsetxattr 0");
  const pid = (await daemon.client.getInstanceState("box")).pid;
  // Trusted attributes are for the host's root alone to read.
  const root = `/proc/${pid}/root`;
  const of = (name: string) =>
    execFileSync(`${root}/bin/intercepted`, ["getxattr", `${root}/tmp/${name}`, opaque], {
      encoding: "utf8",
    }).trim();
  assert.equal(of("a"), "x");
  assert.equal(of("l"), "x");
  for (const [name, value] of [
    ["trusted.overlay.redirect", "y"],
    ["trusted.other", "y"],
    [opaque, "yes"],
  ])
    assert.match(await see(`intercepted setxattr /tmp/a ${name} ${value}`), /^setxattr 1\nlsetxattr 1\nfsetxattr 1$/);
  assert.match(await see(`intercepted setxattr /tmp/a ${opaque} y`, 1000), /^setxattr 1\n/);
  // What is not the container's: a folder of the host's, and one that is read-only.
  assert.match(await see(`intercepted setxattr /dev/lxd ${opaque} y`), /^setxattr (1|30)\nlsetxattr (1|30)\n/);
  assert.match(await see(`intercepted setxattr /proc/1/root/tmp/a ${opaque} y`), /^setxattr 40\n/);
  // An attribute that everybody may set is the kernel's to set.
  assert.equal(await see("mkdir /srv; intercepted setxattr /srv user.x y"), "setxattr 0\nlsetxattr 0\nfsetxattr 0");
});

test("a container that does not ask has no helper, and neither has a privileged one", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "plain", {});
  assert.match(await inside(daemon, "plain", "mknod /root/n c 1 3"), /Operation not permitted/);
  assert.equal(await helperOf(daemon, "plain"), undefined);
  await launch(daemon, "big", { ...mknod, ...sysinfo, "security.privileged": "true" });
  assert.equal(await helperOf(daemon, "big"), undefined);
  await launch(daemon, "raw", { ...mknod, "raw.seccomp": "2\ndenylist" });
  assert.equal(await helperOf(daemon, "raw"), undefined);
});

test("sysinfo tells what the container has", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "box", { ...sysinfo, "limits.memory": "64MiB", "limits.processes": "500" });
  const told = async (name: string) => (await inside(daemon, name, "intercepted info")).split(" ").map(Number);
  const [total = 0, free = 0, swap = -1, processes = 0, uptime = -1] = await told("box");
  assert.equal(total, 64 * 1024);
  const { memory } = await daemon.client.getInstanceState("box");
  assert.ok(Math.abs(total - free - (memory.usage ?? 0) / 1024) < 8 * 1024, `${free} KiB are free`);
  assert.ok(swap >= 0 && swap <= total, `${swap} KiB of swap`);
  assert.ok(processes >= 1 && processes < 20, `${processes} processes`);
  assert.ok(uptime >= 0 && uptime < 60, `${uptime} seconds`);
  assert.match(await inside(daemon, "box", "uptime; free -k"), /up 0 min[\s\S]*Mem: +65536/);
  const { value, etag } = await daemon.client.getInstance("box");
  const config = { ...value.config, "limits.memory": "128MiB" };
  await (await daemon.client.updateInstance("box", { ...value, config }, { etag })).wait();
  assert.equal((await told("box"))[0], 128 * 1024);
  await launch(daemon, "free", sysinfo);
  const host = /MemTotal:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1];
  assert.equal((await told("free"))[0], Number(host));
});

test("many callers at once are all answered, and those that are killed leave nothing behind", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "box", { ...mknod, ...sysinfo });
  assert.equal(
    await inside(daemon, "box", "mkdir /root/f; intercepted flood /root/f; ls /root/f | wc -l"),
    "failed 0\n100",
  );
  assert.equal(await inside(daemon, "box", "intercepted killed /tmp"), "after 0");
  assert.equal(await inside(daemon, "box", "intercepted wild"), Array(6).fill("-1 14 -1 14").join("\n"));
  const helper = await helperOf(daemon, "box");
  await until(async () => readFileSync(`/proc/${helper}/task/${helper}/children`, "utf8") === "");
});

test("a path that changes while it is read leads nowhere that the caller may not write", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "box", mknod);
  const see = (command: string) => inside(daemon, "box", command);
  await see("mkdir -m 755 /bad; mkdir -m 777 /fine");
  assert.match(await see("intercepted change /fine/n /bad/nn"), /^made 1$/);
  assert.match(await see("mkdir -m 777 /s; intercepted swap /s n /bad"), /^made [01]$/);
  assert.equal(await see("ls -A /bad"), "");
});

test("a call that a guest's own file system holds up ends, and holds no other up", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "box", mknod, ownFuse);
  const hung = inside(daemon, "box", "mkdir /mnt/x; intercepted hang /mnt/x /mnt/x/n");
  await until(async () => (await inside(daemon, "box", "grep -c ' /mnt/x ' /proc/mounts")) === "1");
  assert.equal(await inside(daemon, "box", "for i in 1 2 3 4 5; do mknod /root/$i c 1 3; done"), "");
  assert.match(await hung, /^-1 (Operation|Connection) timed out [4-8]$/);
});

test("a helper that is killed is followed by another, and its calls are not lost", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "box", mknod, ownFuse);
  const first = await helperOf(daemon, "box");
  assert.ok(first !== undefined);
  const hung = inside(daemon, "box", "mkdir /mnt/x; intercepted hang /mnt/x /mnt/x/n");
  await until(async () => readFileSync(`/proc/${first}/task/${first}/children`, "utf8") !== "");
  process.kill(first, "SIGKILL");
  assert.match(await hung, /^-1 (Resource temporarily unavailable|Try again) [0-4]$/);
  assert.equal(await inside(daemon, "box", "mknod /root/n c 1 3 && stat -c %t:%T /root/n"), "1:3");
  assert.notEqual(await helperOf(daemon, "box"), first);
});

test("calls are answered while no daemon runs, and by the same helper under the next one", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "box", mknod);
  const helper = await helperOf(daemon, "box");
  await daemon.client.putFile(
    "box",
    "/root/go",
    "sleep 3; mknod /root/alone c 1 3; stat -c %t:%T /root/alone >/root/told\n",
  );
  await inside(daemon, "box", "setsid sh /root/go >/dev/null 2>&1 </dev/null & :");
  await daemon.kill();
  await new Promise((resolve) => setTimeout(resolve, 4000));
  await daemon.start();
  assert.equal(await inside(daemon, "box", "cat /root/told; mknod /root/n c 1 3; stat -c %t:%T /root/n"), "1:3\n1:3");
  assert.equal(await helperOf(daemon, "box"), helper);
});
