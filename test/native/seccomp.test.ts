/** The filters, by what the kernel answers inside to calls of 64 and of 32 bits; and the personality. */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { buildGuest } from "../support/guest";
import { requireFeature } from "../support/require";
import { filter, Spawner } from "./client";
import { Container, makeRoot } from "./container";

const skip = requireFeature("calls of 64 and 32 bits", process.arch === "x64");
let spawner: Spawner;
let root: string;
before(async () => {
  spawner = await Spawner.start();
  root = makeRoot(path.join(spawner.dir, "root"));
  if (skip !== false) return;
  for (const bits of ["64", "32"])
    buildGuest(
      "calls",
      path.join(root, `bin/calls${bits}`),
      `-m${bits}`,
      "-nostdlib",
      "-ffreestanding",
      "-fno-stack-protector",
      "-fno-pie",
      "-no-pie",
    );
});
after(() => spawner.stop());

const [EPERM, EACCES, ENOSYS, EAFNOSUPPORT] = [1, 13, 38, 97];
const denied: Readonly<Record<string, number>> = {
  kexec_load: EPERM,
  init_module: EPERM,
  open_by_handle_at: EPERM,
  bpf: EPERM,
  keyctl: ENOSYS,
  swapon: EPERM,
  acct: EPERM,
  syslog: EPERM,
  "umount2 by force": EACCES,
  io_uring_setup: ENOSYS,
  io_uring_enter: ENOSYS,
  io_uring_register: ENOSYS,
  "socket AF_UNIX": 0,
  "socket AF_VSOCK": EAFNOSUPPORT,
  "socket AF_ALG": EAFNOSUPPORT,
};

/** What each call was answered. */
async function answers(container: Container, bits: 64 | 32, name: string): Promise<Record<string, string>> {
  const { stdout } = await container.exec([`calls${bits}`], { seccomp: name });
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => line.split(/ (?=\S+$)/) as [string, string]);
  return Object.fromEntries(lines);
}

const texts = (numbers: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, String(number)]));

for (const [name, map] of [
  ["default", undefined],
  ["privileged", []],
  ["strict", undefined],
] as const)
  test(`the filter "${name}" denies what reaches the host, to programs of either size`, { skip }, async () => {
    const container = await Container.start(spawner, name, {
      root: ["root-dir", root],
      command: ["sleep", "1000000"],
      map,
    });
    const { machine, "socket AF_VSOCK with a high bit": high, ...wide } = await answers(container, 64, name);
    assert.deepEqual(wide, texts(denied));
    assert.equal(high, String(EAFNOSUPPORT));
    assert.equal(machine, "x86_64");
    const { machine: _same, "socketcall AF_UNIX": packed, ...narrow } = await answers(container, 32, name);
    assert.deepEqual(narrow, texts(denied));
    assert.equal(packed, String(ENOSYS), "it could make those of AF_VSOCK and AF_ALG");
    await container.kill();
  });

test('the filter "nesting" leaves bpf and keys to the kernel, and no more', { skip }, async () => {
  const container = await Container.start(spawner, "nesting", {
    root: ["root-dir", root],
    command: ["sleep", "1000000"],
  });
  for (const bits of [64, 32] as const) {
    const got = await answers(container, bits, "nesting");
    const differ = Object.keys(denied).filter((name) => got[name] !== String(denied[name]));
    assert.ok(
      differ.every((name) => ["bpf", "keyctl"].includes(name)),
      differ.join(", "),
    );
    assert.ok(differ.includes("keyctl"));
  }
  await container.kill();
});

test("a filter without the smaller word size answers ENOSYS to all of its calls", { skip }, async () => {
  const container = await Container.start(spawner, "native", {
    root: ["root-dir", root],
    command: ["sleep", "1000000"],
  });
  const { exited, stdout } = await container.exec(["calls32"], { seccomp: "default-native" });
  assert.equal(stdout, "");
  assert.notEqual(exited?.code, 0);
  assert.equal((await answers(container, 64, "default-native"))["socket AF_UNIX"], "0");
  await container.kill();
});

test("the personality of 32 bits holds for the container and its commands", { skip }, async () => {
  const container = await Container.start(spawner, "narrow", {
    root: ["root-dir", root],
    command: ["sh", "-c", "uname -m; exec sleep 1000000"],
    inside: ["personality", "linux32"],
  });
  while (container.consoleLog() === "") await new Promise((resolve) => setImmediate(resolve));
  assert.equal(container.consoleLog(), "i686\n");
  const { stdout } = await container.exec(["sh", "-c", "uname -m; calls32 | grep machine"], {
    words: ["personality", "linux32"],
  });
  assert.equal(stdout, "i686\nmachine i686\n");
  assert.equal(await container.sh("uname -m"), "x86_64");
  await container.kill();
});

test("a personality that is none is refused", async () => {
  const line = await spawner.ask("start", "personality", "bsd");
  assert.match(line.error?.message ?? "", /bsd.*linux32/);
  assert.ok(filter("default").endsWith(".bpf"));
});
