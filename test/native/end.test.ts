/** The end of a container that lost its supervisor, and what does not end one that has its supervisor. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { processText } from "../support/process";
import { requireFeature } from "../support/require";
import { until } from "../support/until";
import { delegate, folders, probe } from "./cgroups";
import { Spawner, type Words } from "./client";
import { Container, makeRoot } from "./container";

const { cgroup } = probe();
let spawner: Spawner;
let root: Words;
before(async () => {
  spawner = await Spawner.start();
  root = ["root-dir", makeRoot(path.join(spawner.dir, "root"))];
});
after(() => spawner.stop());

const groupOf = (name: string) => `bothy-test-${process.pid}-${name}`;
const left = (name: string) => folders(groupOf(name)).filter((folder) => fs.existsSync(folder));
const end = (paths: readonly string[]) => spawner.ask("end", [paths.map((folder) => ["cgroup-end", folder])]);
/** One that has ended has no memory any more; its number may wait for the host's init to take note. */
const isAlive = (pid: number) => processText(pid, "cmdline") !== "";

/** A container whose init outlives its supervisor: a change of ids takes the signal of the parent's death back, as prctl(PR_SET_PDEATHSIG, 0) does. */
async function startStubborn(name: string, host: Words): Promise<Container> {
  const container = await Container.start(spawner, name, { root, host, command: stubborn });
  while (fs.readFileSync(`/proc/${container.started.pid}/cmdline`, "utf8") !== "sleep\x001000000\0") await delay(5);
  process.kill(container.started.supervisor, "SIGKILL");
  assert.equal(await container.watch.tryLine(), undefined);
  return container;
}
const stubborn = ["sh", "-c", "sleep 999999 & exec su user -c 'exec sleep 1000000'"];

test("what a killed supervisor left alive is ended by its groups, and the groups are gone", async () => {
  const { started } = await startStubborn("orphan", delegate(groupOf("orphan")));
  assert.ok(isAlive(started.pid), "the guest outlives its supervisor");
  assert.deepEqual(await end(folders(groupOf("orphan"))), { done: {} });
  assert.ok(!isAlive(started.pid));
  assert.deepEqual(left("orphan"), []);
});

test("groups of v1 alone suffice to end what is left, frozen or not", {
  skip: requireFeature("freezer of cgroup v1", cgroup.v1.freezer !== undefined),
}, async () => {
  for (const state of ["THAWED", "FROZEN"]) {
    const name = `old-${state}`;
    const groups = ["freezer", "pids"].map((controller) => path.join(cgroup.v1[controller]!, groupOf(name)));
    const host = [groups.map((dir) => ["cgroup-make", dir]), groups.map((dir) => ["cgroup-join", dir])];
    const { started } = await startStubborn(name, host);
    fs.writeFileSync(path.join(groups[0]!, "freezer.state"), state);
    assert.deepEqual(await end(groups), { done: {} });
    assert.ok(!isAlive(started.pid));
    assert.deepEqual(left(name), []);
  }
});

test("a new start under the same groups ends first what is left in them", async () => {
  const first = await startStubborn("again", delegate(groupOf("again")));
  const second = await Container.start(spawner, "again", {
    root,
    host: delegate(groupOf("again")),
    command: ["sleep", "1000000"],
  });
  assert.ok(!isAlive(first.started.pid));
  await second.kill();
  assert.deepEqual(left("again"), []);
});

test("groups that are not there have ended", async () => {
  assert.deepEqual(await end(folders(groupOf("never"))), { done: {} });
});

const listens = (pid: number, number: number) => {
  const caught = /^SigCgt:\s+([0-9a-f]+)$/m.exec(fs.readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "0";
  return (BigInt(`0x${caught}`) & (1n << BigInt(number - 1))) !== 0n;
};

test("a supervisor heeds no signal that a service manager or a terminal sends, and its guest goes on", async () => {
  const container = await Container.start(spawner, "steady", {
    root,
    command: ["sh", "-c", "trap 'exit 7' TERM; while :; do sleep 1000 & wait; done"],
  });
  const { supervisor } = container.started;
  const names = [
    "SIGTERM",
    "SIGINT",
    "SIGHUP",
    "SIGQUIT",
    "SIGUSR1",
    "SIGUSR2",
    "SIGALRM",
    "SIGPWR",
    "SIGTSTP",
  ] as const;
  for (const name of names) process.kill(supervisor, name);
  assert.equal(await container.sh("echo on"), "on");
  // on a busy machine it has not had its turn yet
  await until(async () => fs.readFileSync(`/proc/${supervisor}/stat`, "utf8").includes(") S "));
  // the kernel drops a signal for a process 1 that does not listen yet
  while (!listens(container.started.pid, 15)) await delay(5);
  container.watch.write("signal 15\n");
  assert.deepEqual(await container.exited(), { code: 7, reason: "exit" });
});

test("SIGTERM ends a guest at once while the host goes down, so that nothing waits for it", async () => {
  // Process 1 of a namespace of processes stands for the host's.
  const script = 'printf %s "$1" >/proc/1/comm; shift; exec 3<&0; "$@" <&3 3<&- & exec 3<&-; wait';
  const inside = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", script, "sh"];
  for (const [name, isEnd] of [
    ["systemd-shutdow", true],
    ["systemd", false],
  ] as const) {
    const host = await Spawner.start([...inside, name]);
    try {
      const own = ["root-dir", makeRoot(path.join(host.dir, "root"))];
      const container = await Container.start(host, "left", { root: own, command: ["sleep", "1000000"] });
      process.kill(hostPid(container.started.supervisor, host.child.pid!), "SIGTERM");
      if (isEnd) assert.deepEqual(await container.exited(), { signal: 9, reason: "killed" });
      else {
        const words = [container.target, container.map, ["env", "PATH=/bin"], ["arg", "true"]];
        const entered = await host.request("exec", words);
        assert.ok((await entered.line()).running !== undefined);
        assert.deepEqual((await entered.line()).exited, { code: 0 });
        entered.close();
      }
    } finally {
      await host.stop();
    }
  }
});

/** Number on the host of a process of the namespace that a child of ours made. */
function hostPid(pid: number, unsharer: number): number {
  const first = fs.readFileSync(`/proc/${unsharer}/task/${unsharer}/children`, "utf8").trim();
  const namespace = fs.readlinkSync(`/proc/${first}/ns/pid`);
  const found = fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .find((name) => {
      try {
        const isThere = fs.readlinkSync(`/proc/${name}/ns/pid`) === namespace;
        return isThere && new RegExp(`^NSpid:.*\\s${pid}$`, "m").test(fs.readFileSync(`/proc/${name}/status`, "utf8"));
      } catch (error) {
        if (["ENOENT", "ESRCH", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
        throw error;
      }
    });
  assert.ok(found !== undefined, `process ${pid} of the namespace`);
  return Number(found);
}

test("a spawner heeds none either, and leaves when its lifeline ends", async () => {
  const own = await Spawner.start();
  own.child.kill("SIGTERM");
  own.child.kill("SIGHUP");
  assert.deepEqual(await own.ask("end"), { done: {} });
  await own.stop();
});

test("what shields a supervisor from signals and from short memory does not shield its guest and its commands", async () => {
  const container = await Container.start(spawner, "shielded", { root, command: ["sleep", "1000000"] });
  const score = (pid: number | string) => fs.readFileSync(`/proc/${pid}/oom_score_adj`, "utf8").trim();
  const mayLower = (BigInt(`0x${probe().capabilities}`) & (1n << 24n)) !== 0n;
  assert.equal(score(container.started.supervisor), mayLower ? "-1000" : score("self"));
  assert.ok(Number(score(container.started.pid)) >= 0);
  // what the supervisor ignores, nobody inherits
  for (const id of ["1", "self"])
    assert.match((await container.exec(["grep", "SigIgn", `/proc/${id}/status`])).stdout, /^SigIgn:\t0{16}\n$/);
  assert.ok(Number(await container.sh("cat /proc/self/oom_score_adj")) >= 0);
  await container.kill();
});
