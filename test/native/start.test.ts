/** Starting, supervising and ending containers. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { hasEnded } from "../support/process";
import { until } from "../support/until";
import { connect, frame, ownMemory, ownMounts, Spawner, type Words } from "./client";
import { base, Container, idmap, makeRoot, mounts } from "./container";

let spawner: Spawner;
let root: string;
before(async () => {
  spawner = await Spawner.start(ownMounts);
  root = makeRoot(path.join(spawner.dir, "root"));
});
after(() => spawner.stop());

const dirRoot = (): Words => ["root-dir", root];
const start = (name: string, command: readonly string[], more: Partial<Parameters<typeof Container.start>[2]> = {}) =>
  Container.start(spawner, name, { root: dirRoot(), command, ...more });
const sleep = ["sleep", "1000000"];
const gone = async (pid: number) => {
  while (!hasEnded(pid)) await delay(2);
};

/** The spawner's processes. */
const children = () =>
  fs.readFileSync(`/proc/${spawner.child.pid}/task/${spawner.child.pid}/children`, "utf8").trim().split(" ");
/** Waits until no process is there that was not there before. */
const onlyLeft = async (before: readonly string[]) => {
  while (children().some((pid) => pid !== "" && !before.includes(pid))) await delay(2);
};

test("a command runs as pid 1 and root of its own namespaces, and its exit code is told", async () => {
  const container = await start("first", [
    "sh",
    "-c",
    "echo pid $$ uid $(id -u) host $(hostname); cat /proc/self/uid_map; exit 7",
  ]);
  assert.deepEqual(await container.exited(), { code: 7, reason: "exit" });
  assert.match(container.consoleLog(), /^pid 1 uid 0 host first\n\s+0\s+100000\s+65536\n$/);
  assert.deepEqual(JSON.parse(fs.readFileSync(path.join(container.control, "exit"), "utf8")), {
    exited: { code: 7, reason: "exit" },
  });
  assert.equal(fs.existsSync(path.join(container.control, "sock")), false);
});

test("poweroff and reboot are told apart from exits and kills", async () => {
  const command = (flag: string) => ["sh", "-c", `trap : USR1; ${flag} -f`];
  assert.deepEqual(await (await start("halted", command("poweroff"))).exited(), { signal: 2, reason: "halt" });
  assert.deepEqual(await (await start("rebooted", command("reboot"))).exited(), { signal: 1, reason: "reboot" });
  const killed = await start("killed", sleep);
  assert.deepEqual(await killed.kill(), { signal: 9, reason: "killed" });
});

test("a signal reaches the first process", async () => {
  const container = await start("signalled", [
    "sh",
    "-c",
    "trap 'exit 42' USR1; echo ready; while :; do sleep 0.05; done",
  ]);
  while (!container.consoleLog().includes("ready")) await delay(2);
  container.watch.write("signal 10\n");
  assert.deepEqual(await container.exited(), { code: 42, reason: "exit" });
});

test("any watcher is told of the start at once and of the end", async () => {
  const container = await start("watched", sleep);
  const second = await connect(path.join(container.control, "sock"));
  assert.deepEqual((await second.line()).started, container.started);
  const third = await connect(path.join(container.control, "sock"));
  third.close();
  container.watch.write("kill\n");
  assert.equal((await second.line()).exited?.signal, 9);
  assert.equal((await container.exited()).signal, 9);
});

test("our own init reaps orphans, passes signals on and ends as the command does", async () => {
  const container = await start(
    "reaped",
    ["sh", "-c", "trap 'exit 9' TERM; (sh -c 'sleep 0.05 & exec true'); echo ready; while :; do sleep 0.05; done"],
    { inside: ["init-reaper"] },
  );
  while (!container.consoleLog().includes("ready")) await delay(2);
  assert.equal(await container.sh("tr '\\0' ' ' < /proc/1/cmdline"), "init");
  while (/ Z /.test(await container.sh("ps -o pid,stat,args"))) await delay(2);
  container.watch.write("signal 15\n");
  assert.deepEqual(await container.exited(), { code: 9, reason: "exit" });
  const killed = await start("reaped2", ["sh", "-c", "kill -9 $$"], { inside: ["init-reaper"] });
  assert.deepEqual(await killed.exited(), { code: 137, reason: "exit" });
});

test("the container outlives the spawner, and is found again by its socket", async () => {
  const own = await Spawner.start();
  const container = await Container.start(own, "orphan", { root: dirRoot(), command: sleep });
  own.child.kill("SIGKILL");
  await new Promise((resolve) => own.child.once("exit", resolve));
  const watch = await connect(path.join(container.control, "sock"));
  assert.deepEqual((await watch.line()).started, container.started);
  watch.write("kill\n");
  assert.equal((await watch.line()).exited?.signal, 9);
  await own.stop();
});

test("a supervisor that is killed takes its container along", async () => {
  const container = await start("lost", sleep);
  process.kill(container.started.supervisor, "SIGKILL");
  await gone(container.started.pid);
  assert.equal(await container.watch.tryLine(), undefined);
  assert.equal(fs.existsSync(path.join(container.control, "exit")), false);
  // the same folder serves again
  const again = await start("lost", ["true"]);
  assert.deepEqual(await again.exited(), { code: 0, reason: "exit" });
});

test("the supervisor holds no descriptor of its start, sleeps small, and has its own session", ownMemory, async () => {
  const container = await start("idle", sleep);
  const proc = `/proc/${container.started.supervisor}`;
  // It tells of the start first, and shuts itself in then; after that it sleeps.
  await until(async () => fs.readFileSync(`${proc}/stat`, "utf8").includes(") S "));
  const links = fs.readdirSync(`${proc}/fd`).map((fd) => fs.readlinkSync(`${proc}/fd/${fd}`).replace(/\d+/g, "N"));
  const kinds = links.map((link) => (link.startsWith(spawner.dir.replace(/\d+/g, "N")) ? path.basename(link) : link));
  assert.deepEqual(kinds.sort(), [
    "/dev/null",
    "/dev/null",
    "/dev/null",
    "/dev/pts/N",
    "/dev/pts/ptmx",
    "anon_inode:[pidfd]",
    "console.log",
    "idle",
    // The container's network, so that interfaces of the host in it do not die with it.
    "net:[N]",
    "socket:[N]",
    "socket:[N]",
  ]);
  // Pages of the program are those of all bothy-cells, also when this one is the first to need them.
  const mappings = fs.readFileSync(`${proc}/smaps`, "utf8").split(/\n(?=[0-9a-f]+-)/);
  const written = mappings.filter((mapping) => /^\S+ rw/.test(mapping)).join("\n");
  const privateKb = [...written.matchAll(/^Private_\w+:\s+(\d+)/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
  assert.ok(privateKb > 0 && privateKb <= 60, `${privateKb} kB private`);
  assert.equal(fs.readFileSync(`${proc}/stat`, "utf8").split(" ")[5], String(container.started.supervisor));
  await container.kill();
});

test("a second start in the same folder is refused while the first runs", async () => {
  const container = await start("twice", sleep);
  await assert.rejects(start("twice", sleep), /EBUSY.*Another supervisor/);
  assert.equal(await container.sh("echo alive"), "alive");
  await container.kill();
});

test("the console log is bounded, and the end of the output is in it", async () => {
  const container = await start("chatty", ["sh", "-c", "seq 1 40000; echo the end"]);
  await container.exited();
  const sizes = ["console.log", "console.log.old"].map((name) => fs.statSync(path.join(container.control, name)).size);
  for (const size of sizes) assert.ok(size <= 65536, `${size} bytes`);
  assert.match(container.consoleLog(), /\n40000\nthe end\n$/);
});

test("the root is an overlay whose changes are stored in the upper folder by inner ids", async () => {
  for (const name of ["upper", "work"]) fs.mkdirSync(path.join(spawner.dir, name));
  const container = await start(
    "overlaid",
    ["sh", "-c", "echo new > /etc/passwd; chown 5:6 /etc/passwd; rm /etc/group; mkdir /own; exec sleep 1000000"],
    { root: ["root-overlay", path.join(spawner.dir, "upper"), path.join(spawner.dir, "work"), root] },
  );
  while ((await container.sh("ls -d /own")) !== "/own") await delay(2);
  await container.kill();
  const passwd = fs.statSync(path.join(spawner.dir, "upper/etc/passwd"));
  assert.deepEqual([passwd.uid, passwd.gid], [5, 6]);
  assert.ok(fs.lstatSync(path.join(spawner.dir, "upper/etc/group")).isCharacterDevice());
  assert.match(fs.readFileSync(path.join(root, "etc/passwd"), "utf8"), /^root:/);
});

test("a read-only root cannot be changed", async () => {
  const container = await start("fixed", ["sh", "-c", "touch /x; echo $?"], { root: [dirRoot(), "root-readonly"] });
  await container.exited();
  assert.match(container.consoleLog(), /Read-only file system\n1\n$/);
});

test("no mount of the host is in sight, and the root is the container's own", async () => {
  const container = await start("alone", sleep);
  const lines = (await container.sh("cat /proc/self/mountinfo")).split("\n");
  const points = lines.map((line) => line.split(" ")[4]);
  assert.equal(points.filter((point) => point === "/").length, 1);
  for (const point of points) assert.match(point!, /^\/($|dev|proc|sys)/);
  assert.match(lines.find((line) => line.split(" ")[4] === "/")!, /nodev/);
  await container.kill();
});

test("binds are shifted, read-only, nested and optional as their flags say", async () => {
  const data = path.join(spawner.dir, "data");
  fs.mkdirSync(path.join(data, "deep"), { recursive: true });
  fs.writeFileSync(path.join(data, "file"), "content");
  const container = await start("bound", sleep, {
    inside: [
      ["bind", data, "/mnt/new/shifted", "shift"],
      ["bind", data, "/mnt/plain", "-"],
      ["bind", data, "/mnt/fixed", "shift,ro"],
      ["bind", path.join(data, "file"), "/etc/one", "shift,file"],
      ["bind", path.join(data, "missing"), "/mnt/missing", "optional"],
    ],
  });
  assert.equal(await container.sh("stat -c %u /mnt/new/shifted/file /mnt/plain/file | tr '\\n' ' '"), "0 65534");
  assert.equal(
    await container.sh("echo made > /mnt/new/shifted/made; cat /etc/one; touch /mnt/fixed/x 2>&1"),
    "contenttouch: /mnt/fixed/x: Read-only file system",
  );
  assert.equal(fs.statSync(path.join(data, "made")).uid, 0);
  assert.equal(await container.sh("ls -d /mnt/missing 2>&1"), "ls: /mnt/missing: No such file or directory");
  await container.kill();
});

test("a bind whose inner path is a symlink out of the root lands within it", async () => {
  const data = path.join(spawner.dir, "landing");
  fs.mkdirSync(data);
  fs.symlinkSync("../../../../../../../../tmp", path.join(root, "mnt/escape"));
  const container = await start("landed", sleep, { inside: ["bind", data, "/mnt/escape/bothy-landing", "-"] });
  assert.equal(await container.sh("ls -d /tmp/bothy-landing"), "/tmp/bothy-landing");
  assert.equal(fs.existsSync("/tmp/bothy-landing"), false);
  await container.kill();
});

test("a guest's own terminals are bounded, so that they are not all that the host has", async () => {
  const container = await start("terminals", sleep);
  const line = (await container.sh("grep ' /dev/pts ' /proc/mounts")).trim();
  assert.match(line, / \/dev\/pts devpts .*\bmax=1024\b/);
  await container.kill();
});

test("masked files are empty, masked folders too, and read-only paths refuse a write", async () => {
  const container = await start("masked", sleep, {
    inside: [
      ["mask", "/etc/passwd"],
      ["mask", "/root"],
      ["mask", "/no/such"],
      ["readonly", "/tmp"],
    ],
  });
  assert.equal(await container.sh("wc -c < /proc/timer_list"), "0");
  assert.equal(await container.sh("cat /etc/passwd; ls -A /root | wc -l"), "0");
  assert.match(await container.sh("touch /tmp/x 2>&1"), /Read-only/);
  assert.match(await container.sh("(echo x > /proc/sys/kernel/hostname) 2>&1"), /Read-only|can't create/);
  await container.kill();
});

test("capabilities, no_new_privs, limits, umask, environment and folder are as asked", async () => {
  const container = await start(
    "limited",
    [
      "sh",
      "-c",
      "grep -E 'Cap|NoNew|Seccomp:' /proc/self/status; ulimit -n; ulimit -Hn; umask; pwd; echo $A; cat /proc/self/oom_score_adj",
    ],
    {
      inside: [
        ["cap-keep", "ff"],
        ["no-new-privs"],
        ["rlimit", "nofile", 100, 200],
        ["umask", "077"],
        ["cwd", "/tmp"],
        ["env", "A=b c"],
        ["oom-score-adj", 321],
      ],
    },
  );
  await container.exited();
  assert.equal(
    container.consoleLog().replaceAll("\t", " "),
    "CapInh: 0000000000000000\nCapPrm: 00000000000000ff\nCapEff: 00000000000000ff\nCapBnd: 00000000000000ff\nCapAmb: 0000000000000000\n" +
      "NoNewPrivs: 1\nSeccomp: 2\n100\n200\n0077\n/tmp\nb c\n321\n",
  );
});

test("the filter blocks what reaches the kernel of the host", async () => {
  // busybox has no tool for these calls but insmod and swapon, which say what the kernel answered
  const container = await start("filtered", sleep);
  fs.writeFileSync(path.join(root, "tmp/module.ko"), "none");
  assert.match(await container.sh("insmod /tmp/module.ko 2>&1"), /Operation not permitted/);
  assert.match(await container.sh("umount -f /proc 2>&1"), /Permission denied/);
  assert.equal(await container.sh("umount /dev/mqueue && echo done"), "done");
  await container.kill();
});

test("with a spare proc out of sight a container can mount proc for containers of its own, in spite of the masks", async () => {
  const nested = "unshare -U -r -m -p -f sh -c 'mount -t proc proc /mnt && cat /mnt/1/comm' 2>&1";
  const plain = await start("nest0", sleep, { seccomp: "nesting" });
  assert.match(await plain.sh(nested), /permission denied/);
  await plain.kill();
  const container = await start("nest1", sleep, {
    seccomp: "nesting",
    inside: [
      ["mount", "proc", "proc", "/dev/.bothy/proc", "nosuid,nodev,noexec", ""],
      ["mount", "sysfs", "sysfs", "/dev/.bothy/sys", "nosuid,nodev,noexec", ""],
    ],
  });
  assert.match(await container.sh(nested), /^(sh|cat)$/);
  assert.equal(
    await container.sh("unshare -U -r -m -p -n -f sh -c 'mount -t sysfs sysfs /mnt && ls -d /mnt/class' 2>&1"),
    "/mnt/class",
  );
  await container.kill();
});

test("a privileged container has no user namespace, and still its own of all others", async () => {
  const container = await start("mighty", sleep, {
    map: [],
    seccomp: "privileged",
    inside: ["cap-keep", "1fdec9fdffff"],
  });
  assert.match(await container.sh("cat /proc/self/uid_map"), /^0\s+0\s+4294967295$/);
  assert.equal(await container.sh("readlink /proc/self/ns/user"), fs.readlinkSync("/proc/self/ns/user"));
  assert.notEqual(await container.sh("readlink /proc/self/ns/mnt"), fs.readlinkSync("/proc/self/ns/mnt"));
  await container.kill();
});

test("the helper's program cannot be written through a process of a privileged container", async () => {
  const container = await start("writer", sleep, { map: [], seccomp: "privileged", inside: ["init-reaper"] });
  assert.match(await container.sh("readlink /proc/1/exe"), /^\/memfd:bothy-cell/);
  assert.match(await container.sh("(: >> /proc/1/exe) 2>&1"), /Text file busy|not permitted/);
  await container.kill();
});

for (const [what, more, expected] of [
  ["the command is missing", { command: ["/no/such/init"] }, /"phase":"start".*ENOENT.*\/no\/such\/init/],
  ["the root is missing", { root: ["root-dir", "/no/such/root"] }, /"phase":"root".*ENOENT/],
  ["a mount fails", { inside: ["mount", "nosuchfs", "x", "/mnt", "-", ""] }, /"phase":"mounts".*ENODEV.*hint/],
  ["the filter is not a filter", { inside: ["seccomp", "/bin/busybox"] }, /"phase":"host".*"op":"seccomp".*EINVAL/],
  ["a source is missing", { inside: ["bind", "/no/such/source", "/mnt", "-"] }, /"op":"bind".*ENOENT/],
  ["the working folder is missing", { inside: ["cwd", "/no/such"] }, /"phase":"privileges".*"op":"cwd"/],
] as const) {
  test(`a start fails as a whole when ${what}`, async () => {
    const control = path.join(spawner.dir, "failing");
    const before = children();
    await assert.rejects(start("failing", sleep, more as object), expected);
    await assert.rejects(connect(path.join(control, "sock")), /ENOENT/);
    await onlyLeft(before);
  });
}

test("a request that is not understood is refused before anything is done", async () => {
  const cases: [Buffer, RegExp][] = [
    [frame(["start", "fly", "away"]), /fly/],
    [frame(["levitate"]), /levitate/],
    [frame(["start", "hostname"]), /lacks an argument/],
    [frame(["file", "hostname", "x"]), /it is not known/],
    [Buffer.from("4\nabcd"), /not ended/],
    [Buffer.from("99999999\n"), /99999999 bytes/],
    [Buffer.from("x\n"), /x bytes/],
    [Buffer.from("0\n"), /0 bytes/],
    [frame(["start", ["idmap-uid", "-1", "0", "1"]]), /-1/],
    [frame(["start", "cap-keep", "zz"]), /zz/],
  ];
  for (const [bytes, expected] of cases) {
    const connection = await connect(spawner.socketPath);
    connection.write(bytes);
    assert.equal((await connection.line()).accepted, true);
    const { error } = await connection.line();
    assert.match(error?.message ?? "", expected);
    assert.equal(error?.phase, "request");
    connection.close();
  }
  const early = await connect(spawner.socketPath);
  early.write("100\nstart\0");
  early.socket.end();
  assert.equal((await early.line()).accepted, true);
  assert.equal((await early.line()).error?.errno, "ENODATA");
});

test("the spawner leaves when its standard input ends, and takes its socket along", async () => {
  const own = await Spawner.start();
  own.child.stdin?.end();
  await new Promise((resolve) => own.child.once("exit", resolve));
  assert.equal(own.child.exitCode, 0);
  assert.equal(fs.existsSync(own.socketPath), false);
  await own.stop();
});

test("two hundred starts and stops leave no process, descriptor or mount behind", async () => {
  const proc = `/proc/${spawner.child.pid}`;
  const count = () => fs.readdirSync(`${proc}/fd`).length;
  const before = children();
  const fds = count();
  // Others mount things on this host meanwhile.
  const ours = () =>
    fs
      .readFileSync(`${proc}/mountinfo`, "utf8")
      .split("\n")
      .filter((line) => line.includes(spawner.dir));
  const mountinfo = ours();
  for (let round = 0; round < 200; round++) {
    const container = await start("round", ["true"]);
    await container.exited();
    container.watch.close();
  }
  await onlyLeft(before);
  assert.equal(count(), fds);
  assert.deepEqual(ours(), mountinfo);
  assert.ok(idmap.length > 0 && mounts.length > 0 && base > 0);
});
