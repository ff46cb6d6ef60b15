/** A daemon that cannot make containers says so in one line and leaves, before it touches anything. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { type HostFacts, readFacts, whatIsMissing } from "../../sdk/host/requirements";
import { withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
const daemonProgram = path.resolve(__dirname, "../../daemon/main.js");

interface Left {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs bothyd behind other words until it leaves, which it must do by itself. */
function leaves(prefix: readonly string[], options: readonly string[]): Promise<Left> {
  const words = [...prefix, process.execPath, "--disable-warning=ExperimentalWarning", daemonProgram, ...options];
  const child = spawn(words[0]!, words.slice(1), { cwd: "/", env: { PATH: process.env.PATH } });
  const said = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said.stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...said }));
  });
}

/** Does the work with an empty folder that anybody may write to. @returns what is in it afterwards */
async function inFolder(work: (folder: string) => Promise<void>): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-requirements-"));
  chmodSync(folder, 0o777);
  try {
    await work(folder);
    return readdirSync(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const asNobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"];

test("an ordinary user without ids for containers is told in one line how to get them, and nothing is made", {
  skip,
}, async () => {
  const made = await inFolder(async (folder) => {
    for (const options of [[], ["--dir", path.join(folder, "state")]]) {
      const before = existsSync("/var/lib/bothy");
      const { code, stdout, stderr } = await leaves(asNobody, options);
      assert.deepEqual([code, stdout], [1, ""]);
      assert.match(stderr, /^bothyd: Cannot start the daemon: [^\n]*\. Have root run: [^\n]*\n$/);
      assert.equal(existsSync("/var/lib/bothy"), before);
    }
  });
  assert.deepEqual(made, []);
});

test("its help is for everybody", { skip }, async () => {
  const { code, stdout, stderr } = await leaves(asNobody, ["--help"]);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^Usage: bothyd /);
});

test("root without a needed capability is told which one, and nothing is made", { skip }, async () => {
  const made = await inFolder(async (folder) => {
    const without = ["setpriv", "--bounding-set=-sys_admin,-setuid", "--inh-caps=-sys_admin,-setuid", "--"];
    const { code, stderr } = await leaves(without, ["--dir", path.join(folder, "state")]);
    assert.equal(code, 1);
    assert.match(stderr, /^bothyd: Cannot start the daemon: root lacks CAP_SETUID, CAP_SYS_ADMIN here\. [^\n]*\n$/);
  });
  assert.deepEqual(made, []);
});

test("control groups that are mounted read-only are named, and nothing is made", { skip }, async () => {
  const { v1, v2 } = readFacts().cgroups;
  const folder = v2 ?? [...v1.values()][0];
  assert.ok(folder !== undefined, "this machine has control groups");
  const made = await inFolder(async (place) => {
    const script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"';
    const behind = ["unshare", "--mount", "sh", "-c", script, folder];
    const { code, stderr } = await leaves(behind, ["--dir", path.join(place, "state")]);
    assert.equal(code, 1);
    assert.ok(stderr.startsWith(`bothyd: Cannot start the daemon: control groups are read-only at ${folder}.`), stderr);
  });
  assert.deepEqual(made, []);
});

test("a kernel that is too old or built without namespaces is named", () => {
  const facts: HostFacts = {
    uid: 0,
    kernel: "6.1.0-18-amd64",
    capabilities: (1n << 41n) - 1n,
    namespaces: new Set(["mnt", "pid", "uts", "ipc", "net", "user"]),
    cgroups: { v1: new Map(), v2: undefined, v2Controllers: new Set() },
    readOnlyCgroups: [],
  };
  assert.equal(whatIsMissing(facts), undefined);
  assert.match(whatIsMissing({ ...facts, kernel: "5.10.0" }) ?? "", /Linux 5\.10\.0\. Use Linux 5\.12/);
  assert.match(whatIsMissing({ ...facts, namespaces: new Set(["mnt"]) }) ?? "", /no pid, uts, ipc, net namespaces/);
});

test("where no root can be mounted at all, the daemon leaves and says what the kernel answered", { skip }, async () => {
  const made = await inFolder(async (folder) => {
    // A kernel's limit, as a sandbox sets it: not one mount namespace more.
    const script = 'echo 0 > /proc/sys/user/max_mnt_namespaces && exec "$@"';
    const behind = ["unshare", "--user", "--map-root-user", "--mount", "--net", "sh", "-c", script, "sh"];
    const { code, stderr } = await leaves(behind, ["--dir", path.join(folder, "state"), "--bare"]);
    assert.equal(code, 1, stderr);
    assert.doesNotMatch(stderr, /is ready/);
    assert.match(stderr, /^bothyd: Cannot make containers on this host: .*: ENOSPC/m);
  });
  assert.deepEqual(made, ["state"]);
});

test("a service manager that waits is told once that the daemon is ready, and no other program can tell it", {
  skip,
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-notify-"));
  const told = path.join(folder, "told");
  const program = path.join(folder, "systemd-notify");
  writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${told}\n`, { mode: 0o755 });
  const env = { PATH: `${folder}:${process.env.PATH}`, NOTIFY_SOCKET: "/run/nowhere" };
  try {
    await withDaemon({ env }, async (daemon) => {
      // The socket is there a moment before the word is given.
      while (!existsSync(told) || readFileSync(told, "utf8") === "") await new Promise(setImmediate);
      assert.equal(readFileSync(told, "utf8"), `/run/nowhere --ready --pid=${daemon.pid}\n`);
      const spawner = (await daemon.run("pgrep", "-P", String(daemon.pid), "bothy-cell")).trim();
      assert.doesNotMatch(readFileSync(`/proc/${spawner}/environ`, "utf8"), /NOTIFY_SOCKET/);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
