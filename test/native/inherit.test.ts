/** What a container, and a command in it, has of the process that started the spawner: nothing. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { buildGuest } from "../support/guest";
import { requireFeature } from "../support/require";
import { Spawner } from "./client";
import { base, Container, count, makeRoot } from "./container";

let spawner: Spawner;
let root: string;
before(async () => {
  spawner = await Spawner.start();
  root = makeRoot(path.join(spawner.dir, "root"));
  buildGuest("keys", path.join(root, "bin/keys"));
});
after(() => spawner.stop());

const sleep = ["sleep", "1000000"];
const start = (by: Spawner, name: string, more: Partial<Parameters<typeof Container.start>[2]> = {}) =>
  Container.start(by, name, { root: ["root-dir", root], command: sleep, ...more });

/** All that a process tells of itself. */
const portrait = `
cut -d ' ' -f 19,41 /proc/self/stat
grep -E 'Cpus_allowed_list|Mems_allowed_list|Umask|NoNewPrivs|THP|Groups|Cap|SigBlk|SigIgn|SigCgt' /proc/self/status
cat /proc/self/limits /proc/self/oom_score_adj /proc/self/timerslack_ns /proc/self/personality
ionice
env
ls /proc/self/fd | tr '\\n' ' '
cut -d ' ' -f 7 /proc/self/stat
`;

/** As a user's shell, a service or a batch job may have it. */
const peculiar = [
  ...["env", "SECRET=hush"],
  ...["nice", "-n", "7"],
  ...["ionice", "-c", "3"],
  ...["chrt", "--batch", "0"],
  ...["taskset", "1"],
  ...["setarch", "--addr-no-randomize", "--addr-compat-layout"],
  ...["prlimit", "--core=1000:", "--fsize=100000000:", "--nofile=300:", "--stack=1000000:", "--cpu=5000:"],
  ...["choom", "-n", "321", "--"],
  ...["setpriv", "--inh-caps=+net_raw", "--ambient-caps=+net_raw", "--"],
  ...["sh", "-c", "trap '' HUP USR1; umask 077; exec \"$@\"", "sh"],
];

test("a container and its commands are the same whatever the spawner was started with", async () => {
  const odd = await Spawner.start(peculiar);
  try {
    fs.writeFileSync(`/proc/${odd.child.pid}/timerslack_ns`, "123456");
    const seen: string[][] = [];
    for (const by of [spawner, odd]) {
      const container = await start(by, "portrait", { command: ["sh", "-c", `${portrait}exec sleep 1000000`] });
      const ended = async () => (await container.sh("cat /proc/1/comm")) === "sleep";
      while (!(await ended())) await delay(2);
      seen.push([container.consoleLog(), await container.sh(portrait)]);
      await container.kill();
    }
    assert.match(seen[0]![0]!, /^0 0\n/);
    assert.match(seen[0]![0]!, /Max open files\s+1024\s/);
    assert.deepEqual(seen[1], seen[0]);
  } finally {
    await odd.stop();
  }
});

test("the daemon's environment is not in the memory of what becomes a container's first process", async () => {
  const odd = await Spawner.start(["env", "SECRET=hush-hush"]);
  try {
    const container = await start(odd, "reaped", { map: [], seccomp: "privileged", inside: ["init-reaper"] });
    assert.equal(await container.sh("readlink /proc/1/exe; wc -c < /proc/1/environ"), "/memfd:bothy-cell (deleted)\n0");
    assert.doesNotMatch(fs.readFileSync(`/proc/${container.started.supervisor}/environ`, "utf8"), /hush/);
    await container.kill();
  } finally {
    await odd.stop();
  }
});

const hasKeys = fs.existsSync("/proc/key-users");
const keysTest = { skip: requireFeature("keyrings", hasKeys) };
const otherMap = [
  ["idmap-uid", 0, base + count, count],
  ["idmap-gid", 0, base + count, count],
];
const keys = async (container: Container, words: string) =>
  (await container.exec(["sh", "-c", `keys ${words}`], { seccomp: "nesting" })).stdout.trim();

test("no container has a session keyring in common with another, nor one command with the next", keysTest, async () => {
  const first = await start(spawner, "keys1", {
    seccomp: "nesting",
    command: ["sh", "-c", "keys owner; keys add mine secret; keys find mine; exec sleep 1000000"],
  });
  const second = await start(spawner, "keys2", {
    seccomp: "nesting",
    map: otherMap,
    command: ["sh", "-c", "sleep 0.3; keys find mine; keys owner; exec sleep 1000000"],
  });
  while (!second.consoleLog().includes("\n0\n")) await delay(2);
  assert.equal(first.consoleLog(), "0\nsecret\n");
  assert.match(second.consoleLog(), /^Required key not available\n0\n$/);
  assert.match(
    await keys(first, "add other text; keys find other; keys find mine"),
    /^text\nRequired key not available$/,
  );
  assert.equal(await keys(second, "find other"), "Required key not available");
  assert.equal(await keys(second, "owner"), "0");
  await first.kill();
  await second.kill();
});

test("a quota of keys that is used up stops neither a command nor a start, and shares nothing", keysTest, async () => {
  const container = await start(spawner, "full", { seccomp: "nesting", map: otherMap });
  assert.match(await keys(container, "fill"), /^Disk quota exceeded$/);
  for (let round = 0; round < 3; round++) assert.equal(await keys(container, `add key${round} x; echo ran`), "ran");
  assert.equal(await keys(container, "find key0"), "Required key not available");
  const again = await start(spawner, "again", { seccomp: "nesting", map: otherMap });
  assert.equal(await again.sh("echo runs"), "runs");
  await again.kill();
  await container.kill();
});
