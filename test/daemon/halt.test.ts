/** A clean stop: the init is asked in its own language, and only when it can hear. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { Config, Devices } from "../../sdk/api/common";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { buildGuest } from "../support/guest";
import { processesWith } from "../support/process";
import { requireFeature } from "../support/require";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0);

test("an init that was just started hears a clean stop", { skip }, () =>
  withDaemon({ bare: true }, async (daemon) => {
    await preparePool(daemon, "dir");
    const { client } = daemon;
    const source = { type: "image", alias: "template:busybox" };
    await (await client.createInstance({ name: "young", source })).wait();
    for (let round = 0; round < 3; round += 1) {
      await (await client.setInstanceState("young", { action: "start" })).wait();
      // busybox init sets up its handlers some milliseconds after it began; a lost signal would leave it running for good.
      await (await client.setInstanceState("young", { action: "stop", timeout: 20 })).wait();
      const { value } = await client.getInstance("young");
      assert.equal(value.status, "Stopped");
    }
    await (await client.deleteInstance("young")).wait();
  }),
);

const note = (name: string) => `echo ${name} > /halted; exit 0`;
const forEver = "while :; do sleep 0.05; done";
/** Whoever passes a signal on passes it to a command that may not have begun to listen: such a command says when it does. */
const isListening = ": > /listening";

/** /sbin/init as a script of busybox's shell, as another program, or as raw.lxc has it; and what it notes when it is asked to halt. */
const inits: readonly (readonly [what: string, init: string | readonly string[], noted: string])[] = [
  ["a script that traps PWR", `trap '${note("PWR")}' PWR\n${forEver}`, "PWR"],
  ["a script that traps TERM", `trap '${note("TERM")}' TERM\n${forEver}`, "TERM"],
  ["a script that traps USR1", `trap '${note("USR1")}' USR1\n${forEver}`, "USR1"],
  ["a script that traps PWR after a while", `sleep 0.4\ntrap '${note("PWR")}' PWR\n${forEver}`, "PWR"],
  ["a script that reloads on USR1", `trap : USR1 HUP\ntrap '${note("TERM")}' TERM\n${forEver}`, "TERM"],
  ["one that catches PWR, USR1 and INT, as sysvinit", ["handler", "PWR", "USR1", "INT"], "PWR"],
  ["one that reads signals, as s6", ["signalfd", "TERM", "PWR", "USR1"], "PWR"],
  ["one that waits for signals", ["wait", "TERM", "INT"], "TERM"],
  ["a copy of busybox's manners", ["handler", "USR1", "USR2", "TERM"], "USR1"],
  ["one that blocks what it does not catch, as openrc-init", ["openrc"], "TERM"],
  [
    "one that passes on, as tini, to a command of manners",
    ["forward", `trap '${note("TERM")}' TERM; ${isListening}; ${forEver}`],
    "TERM",
  ],
  [
    "one that passes on to a command that knows PWR",
    ["forward", `trap '${note("PWR")}' PWR; ${isListening}; ${forEver}`],
    "PWR",
  ],
  ["a program in Go, whose runtime catches all", ["go"], "TERM"],
  ["one that takes requests in a pipe, as sysvinit", ["initctl", "0"], "level 0"],
  ["one that does so after a while", ["initctl", "700"], "level 0"],
  ["one with gigabytes of command line and all the descriptors that it gets", ["hoard", "PWR"], "PWR"],
];

async function makeInit({ client }: TestDaemon, folder: string, init: string | readonly string[]): Promise<void> {
  await client.deleteFile("box", "/sbin/init");
  const content =
    typeof init === "string" ? Buffer.from(`#!/bin/sh\n${init}\n`) : readFileSync(path.join(folder, "init"));
  await client.putFile("box", "/sbin/init", content, { mode: 0o755 });
  const command = typeof init === "string" ? [] : init.map((word) => `"${word}"`);
  const { value } = await client.getInstance("box");
  const config = { ...value.config, "raw.lxc": `lxc.init.cmd = /sbin/init ${command.join(" ")}` };
  await (await client.updateInstance("box", { ...value, config })).wait();
}

async function untilListening({ client }: TestDaemon): Promise<void> {
  for (const deadline = Date.now() + 30_000; ; await delay(20)) {
    const file = await client.getFile("box", "/listening").catch(() => undefined);
    if (file !== undefined) break;
    assert.ok(Date.now() < deadline, "the command begins to listen");
  }
  await client.deleteFile("box", "/listening");
}

/** Runs the work with a stopped container, and with a folder that has the program of inits. */
async function withBox(
  {
    env = {},
    ...more
  }: { readonly env?: Record<string, string>; readonly config?: Config; readonly devices?: Devices },
  work: (daemon: TestDaemon, folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-init-"));
  buildGuest("init", path.join(folder, "init"));
  try {
    await withDaemon({ bare: true, env }, async (daemon) => {
      await preparePool(daemon, "dir");
      const source = { type: "image", alias: "template:busybox" };
      await (await daemon.client.createInstance({ name: "box", source, ...more })).wait();
      await work(daemon, folder);
      await (await daemon.client.deleteInstance("box")).wait();
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("each kind of init is asked to halt by the signal that it listens to", { skip }, () =>
  withBox({}, async (daemon, folder) => {
    const { client } = daemon;
    await client.putFile("box", "/sbin/telinit", '#!/bin/sh\necho "level $1" > /run/initctl\n', { mode: 0o755 });
    for (const [what, init, noted] of inits) {
      await makeInit(daemon, folder, init);
      await (await client.setInstanceState("box", { action: "start" })).wait();
      if (init[0] === "forward") await untilListening(daemon);
      await (await client.setInstanceState("box", { action: "stop", timeout: 20 })).wait().catch((error: Error) => {
        throw new Error(`${what}: ${error.message}`);
      });
      const file = await client.getFile("box", "/halted").catch(() => undefined);
      assert.ok(file?.type === "file", `${what}: it notes what it heard`);
      assert.equal(await text(file.body), `${noted}\n`, what);
      await client.deleteFile("box", "/halted");
    }
    const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${daemon.pid}/status`, "utf8")) ?? [];
    assert.ok(Number(peak) < 1 << 20, `${peak} KiB were taken, whatever the inits had`);
  }),
);

test("an init that sleeps elsewhere is asked without a look at which signals it waits for", { skip }, async () => {
  const programs = mkdtempSync(path.join(tmpdir(), "bothy-programs-"));
  const seen = path.join(programs, "seen");
  writeFileSync(path.join(programs, "dd"), `#!/bin/sh\necho "$1" >> ${seen}\nexec /bin/dd "$@"\n`, { mode: 0o755 });
  try {
    await withBox({ env: { PATH: `${programs}:${process.env.PATH}` } }, async (daemon, folder) => {
      const { client } = daemon;
      await makeInit(daemon, folder, `trap '${note("TERM")}' TERM\n${isListening}\nsleep 1000 &\nwait`);
      await (await client.setInstanceState("box", { action: "start" })).wait();
      await untilListening(daemon);
      await (await client.setInstanceState("box", { action: "stop", timeout: 20 })).wait();
      const file = await client.getFile("box", "/halted");
      assert.equal(file.type, "file", "it notes what it heard");
    });
    assert.match(readFileSync(seen, "utf8"), /^if=\/proc\/\d+\/cmdline\n$/);
  } finally {
    rmSync(programs, { recursive: true });
  }
});

const lacksFuse = requireFeature(
  "fuse",
  process.getuid?.() === 0 && existsSync("/dev/fuse") && /\tfuse$/m.test(readFileSync("/proc/filesystems", "utf8")),
);

test("an init whose memory nobody can read holds up neither the daemon nor its own end", { skip: lacksFuse }, () => {
  const devices = { fuse: { type: "unix-char", source: "/dev/fuse", mode: "0666" } };
  // What a file system of a user namespace serves, the kernel refuses to those outside of it.
  const config = { "security.privileged": "true" };
  return withBox({ devices, config }, async (daemon, folder) => {
    const { client } = daemon;
    await makeInit(daemon, folder, ["fuse", "PWR", "TERM"]);
    await (await client.setInstanceState("box", { action: "start" })).wait();
    const { pid } = await client.getInstanceState("box");
    await until(async () => (await client.getFile("box", "/ready").catch(() => undefined)) !== undefined);
    const stopping = (await client.setInstanceState("box", { action: "stop", timeout: 30 })).wait();
    const readers = () => processesWith((words) => words.includes(`if=/proc/${pid}/mem`));
    await until(async () => readers().length > 0);
    assert.equal((await daemon.request("GET", "/1.0")).status, 200);
    assert.equal(readers().length, 1, "others are answered while it hangs");
    await stopping;
    const file = await client.getFile("box", "/halted");
    assert.ok(file.type === "file");
    assert.equal(await text(file.body), "PWR\n");
    await until(async () => readers().length === 0);
  });
});
