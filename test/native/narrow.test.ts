/** Calls of 32 bits and of x32, made by a program of 64 bits: what is denied or answered is so in these ways too. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { interceptionOps, interceptionRules } from "../../daemon/kinds/instance/spec/interception";
import { seccompFile } from "../../daemon/kinds/instance/spec/seccomp";
import { permitRules, policyRules } from "../../daemon/kinds/instance/spec/syscalls";
import type { Config } from "../../sdk/api/common";
import { seccompDir } from "../../sdk/host/package";
import { buildGuest } from "../support/guest";
import { requireFeature } from "../support/require";
import { until } from "../support/until";
import { Spawner, type Words } from "./client";
import { Container, makeRoot } from "./container";

const skip = requireFeature("calls of 64 and 32 bits", process.getuid?.() === 0 && process.arch === "x64");
let spawner: Spawner;
let root: string;
before(async () => {
  spawner = await Spawner.start();
  root = makeRoot(path.join(spawner.dir, "root"));
  if (skip === false) buildGuest("narrow", path.join(root, "bin/narrow"), "-fno-pie", "-no-pie");
});
after(() => spawner.stop());

/** The filter of a container with this configuration, as the daemon makes it. */
function filterOf(name: string, config: Config, isNarrow = false): Words {
  const rules = [
    policyRules(seccompDir, config),
    interceptionRules(seccompDir, config),
    permitRules(seccompDir, config, isNarrow),
  ];
  const program = path.join(spawner.dir, `${name}.bpf`);
  writeFileSync(program, Buffer.concat([...rules, readFileSync(seccompFile(seccompDir, config))]));
  return ["seccomp", program];
}

/** What a container with this configuration answers. @param calls separated by "--" */
class Asked {
  private constructor(
    readonly container: Container,
    readonly filter: Words,
  ) {}

  static async of(name: string, config: Config, isNarrow = false): Promise<Asked> {
    const filter = filterOf(name, config, isNarrow);
    const host = interceptionOps(config).map((op): Words => [...op]);
    const container = await Container.start(spawner, name, {
      root: ["root-dir", root],
      host,
      // Of two filters the later one counts.
      inside: [filter],
      command: ["sleep", "1000"],
    });
    return new Asked(container, filter);
  }

  async answers(calls: string): Promise<string[]> {
    const words: Words = [this.filter, ["control", this.container.control]];
    const { stdout, line } = await this.container.exec(["narrow", ...calls.split(" ")], { words });
    if (line.error !== undefined) throw new Error(line.error.message);
    return stdout.trim().split("\n");
  }

  sh = (script: string) => this.container.sh(script);
}

const [EPERM, ENOSYS] = ["-1", "-38"];
const refused = "-77";

test("what is denied by its name of 64 bits is denied under every name and number that 32 bits have for it", {
  skip,
}, async () => {
  const denied = "socket chown setuid stat mmap uname umount2 shmget semop recvfrom clock_settime mkdir";
  const list = denied
    .split(" ")
    .map((name) => `${name} errno 77`)
    .join("\n");
  const asked = await Asked.of("denied", { "security.syscalls.deny": list });
  const calls: Readonly<Record<string, string>> = {
    "socket of 64 bits": "64 41 1 1 0",
    socket: "32 359 1 1 0",
    "socketcall, socket": "32 102 1 [1,1,0",
    recvfrom: "32 371 0 @ 0 0 0 0",
    "socketcall, recv": "32 102 10 [0,0,0,0",
    "socketcall, recvfrom": "32 102 12 [0,0,0,0,0,0",
    chown: "32 182 =/tmp 0 0",
    chown32: "32 212 =/tmp 0 0",
    setuid: "32 23 0",
    setuid32: "32 213 0",
    oldstat: "32 18 =/tmp @",
    stat: "32 106 =/tmp @",
    stat64: "32 195 =/tmp @",
    mmap2: "32 192 0 4096 1 0x22 -1 0",
    oldolduname: "32 59 @",
    olduname: "32 109 @",
    uname: "32 122 @",
    umount: "32 22 =/nowhere",
    umount2: "32 52 =/nowhere 0",
    shmget: "32 395 0 4096 0x3ff",
    "ipc, shmget": "32 117 23 0 4096 0x3ff",
    "ipc, shmget of another version": "32 117 0x10017 0 4096 0x3ff",
    "ipc, semop": "32 117 1 0 1 0 @",
    stime: "32 25 @",
    clock_settime64: "32 404 0 @",
    mkdir: "32 39 =/tmp/made 0777",
  };
  const got = await asked.answers(Object.values(calls).join(" -- "));
  const told = Object.fromEntries(Object.keys(calls).map((name, at) => [name, got[at]?.split(" ")[0]]));
  assert.deepEqual(told, Object.fromEntries(Object.keys(calls).map((name) => [name, refused])));
  // What is not in the list is the kernel's: a socket pair, a listening one, a queue.
  const others = await asked.answers("32 102 8 [1,1,0,0 -- 32 360 1 1 0 @ -- 32 117 13 0 0x3ff -- 32 20");
  assert.deepEqual(
    others.map((line) => Number(line.split(" ")[0]) === -77),
    [false, false, false, false],
  );
  await asked.container.kill();
});

test("what the list says of a name of 32 bits itself comes before what follows from another one", {
  skip,
}, async () => {
  const list = "chown errno 77\nchown32 errno 78";
  const asked = await Asked.of("own-word", { "security.syscalls.deny": list });
  assert.deepEqual(await asked.answers("32 182 =/tmp 0 0 -- 32 212 =/tmp 0 0"), ["-77", "-78"]);
  await asked.container.kill();
});

test("calls of x32 are none, whatever a list says", { skip }, async () => {
  const asked = await Asked.of("x32", { "security.syscalls.deny": "mkdir errno 77" });
  const calls = "x32 39 -- x32 83 =/tmp/x 0777 -- x32 41 40 1 0 -- x32 133 =/tmp/n 020600 0x103 -- x32 514 0 0 0";
  assert.deepEqual(await asked.answers(calls), [ENOSYS, ENOSYS, ENOSYS, ENOSYS, ENOSYS]);
  await asked.container.kill();
});

test("a list of what is allowed holds for calls of 32 bits by their own names", { skip }, async () => {
  const names = readFileSync(path.join(seccompDir, "names"), "utf8").trim().split("\n").slice(1);
  const own = names.filter((line) => Number(line.split(" ")[1]) >= 0).map((line) => line.split(" ")[0]);
  const asked = await Asked.of("allowed", { "security.syscalls.allow": own.join("\n") });
  // getuid is in it; getuid32 is not, nor is socketcall: SIGSYS.
  const { exited } = await asked.container.exec(["narrow", "32", "24", "--", "32", "199"], { words: asked.filter });
  assert.deepEqual(exited, { signal: 31 });
  await asked.container.kill();
});

test("no socket of vsock or AF_ALG is made by socketcall, unless it is permitted or the container is one of 32 bits", {
  skip,
}, async () => {
  // AF_ALG, AF_UNIX, and a pair, which these families do not have.
  const calls = "32 102 1 [38,5,0 -- 32 102 1 [40,1,0 -- 32 102 1 [1,1,0 -- 32 102 8 [1,1,0,4210688";
  const plain = await Asked.of("plain", {});
  const got = await plain.answers(calls);
  assert.deepEqual(got.slice(0, 3), [ENOSYS, ENOSYS, ENOSYS]);
  assert.notEqual(got[3], ENOSYS);
  await plain.container.kill();
  for (const [name, config, isNarrow] of [
    ["permitted", { "security.syscalls.permit": "socketcall" }, false],
    ["narrow", {}, true],
  ] as const) {
    const asked = await Asked.of(name, config, isNarrow);
    assert.ok(Number((await asked.answers(calls))[2]) >= 3, name);
    // By socket(2) itself they stay denied.
    assert.deepEqual(await asked.answers("32 359 38 5 0 -- 64 41 40 1 0"), ["-97", "-97"]);
    await asked.container.kill();
  }
});

test("io_uring and vsock are there for a container that is permitted them, but for what it denies itself", {
  skip,
}, async () => {
  const calls = "64 425 1 @ -- 32 425 1 @ -- 64 41 40 1 0 -- 32 359 40 1 0 -- 64 41 38 5 0";
  const answers = async (name: string, config: Config): Promise<string[]> => {
    const asked = await Asked.of(name, config);
    const got = (await asked.answers(calls)).map((line) => line.split(" ")[0] ?? "");
    await asked.container.kill();
    return got;
  };
  const noFamily = "-97";
  assert.deepEqual(await answers("neither", {}), [ENOSYS, ENOSYS, noFamily, noFamily, noFamily]);
  const [wide, narrow, ...families] = await answers("uring", { "security.syscalls.permit": "io_uring" });
  assert.notEqual(wide, ENOSYS);
  assert.notEqual(narrow, ENOSYS);
  assert.deepEqual(families, [noFamily, noFamily, noFamily]);
  const both = { "security.syscalls.permit": "io_uring,vsock", "security.syscalls.deny": "io_uring_setup errno 77" };
  assert.deepEqual((await answers("both", both)).slice(0, 2), ["-77", "-77"]);
});

const mknod = { "security.syscalls.intercept.mknod": "true" };
const sysinfo = { "security.syscalls.intercept.sysinfo": "true" };

test("calls of 32 bits that are intercepted are answered as those of 64 bits are", { skip }, async () => {
  const asked = await Asked.of("answered", {
    ...mknod,
    ...sysinfo,
    "security.syscalls.intercept.setxattr": "true",
    "security.syscalls.intercept.mount": "true",
    "security.syscalls.intercept.mount.allowed": "ext4",
  });
  await asked.sh("mount -t tmpfs none /mnt; mkdir /mnt/a");
  const asNull = "020600 0x103";
  assert.deepEqual(
    await asked.answers(
      `32 14 =/mnt/n ${asNull} -- 32 297 0xffffff9c =/mnt/m ${asNull} -- 32 14 =/mnt/no 060600 0x800 -- 64 133 =/mnt/w ${asNull}`,
    ),
    ["0", "0", EPERM, "0"],
  );
  assert.equal(await asked.sh("stat -c %t:%T /mnt/n /mnt/m; echo x >/mnt/n && echo works"), "1:3\n1:3\nworks");
  const opaque = "=trusted.overlay.opaque =y 1 0";
  assert.deepEqual(
    await asked.answers(`32 226 =/mnt/a ${opaque} -- 32 227 =/mnt/a ${opaque} -- 32 226 =/mnt/a =trusted.x =y 1 0`),
    ["0", "0", EPERM],
  );
  // Not a device: the answer is the helper's, who looked. And the newer way is shut.
  assert.deepEqual(await asked.answers("32 21 =/mnt/a =/mnt =ext4 0 0 -- 32 430 =ext4 0"), ["-15", ENOSYS]);
  // uptime, three loads, total and free memory ... of 32 bits, and the size of their unit behind them.
  const [told = ""] = await asked.answers("32 116 @");
  const [result, uptime, , , , total, free] = told.split(" ").map(Number);
  const unit = Number(told.split(" ")[14]);
  const host = Number(/MemTotal:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) * 1024;
  assert.equal(result, 0);
  assert.ok((uptime ?? -1) >= 0 && (uptime ?? 99) < 60, told);
  assert.equal((total ?? 0) * unit, host, told);
  assert.ok((free ?? 0) > 0 && (free ?? 0) <= (total ?? 0), told);
  await asked.container.kill();
});

test("a container without calls of 32 bits has none of them answered", { skip }, async () => {
  const asked = await Asked.of("no-compat", { ...mknod, ...sysinfo, "security.syscalls.deny_compat": "true" });
  await until(async () => (await asked.sh("echo up")) === "up");
  const calls = "32 14 =/tmp/n 020600 0x103 -- 32 116 @ -- 32 39 =/tmp/made 0777";
  assert.deepEqual(
    (await asked.answers(calls)).map((line) => line.split(" ")[0]),
    [ENOSYS, ENOSYS, ENOSYS],
  );
  await asked.container.kill();
});
