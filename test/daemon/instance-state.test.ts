/** Instances in ordinary life, one: states, limits, environment, profiles, snapshots, and what a change of state refuses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const image = { type: "image", alias: "template:busybox" };

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  // The image and its volume are there before the first scene is looked at.
  await (await daemon.client.createInstance({ name: "first", source: image })).wait();
  await (await daemon.client.deleteInstance("first")).wait();
});

async function launch(name: string, more: object = {}): Promise<void> {
  assert.equal((await shared.outcome("POST", "/1.0/instances", { name, source: image, ...more })).status, 200);
  await act(name, "start");
}

async function act(name: string, action: string, more: object = {}): Promise<void> {
  const told = await shared.outcome("PUT", `/1.0/instances/${name}/state`, { action, ...more });
  assert.equal(told.status, 200, `${action} ${name}: ${told.error}`);
}

async function remove(name: string): Promise<void> {
  if ((await statusOf(name)) !== "Stopped") await act(name, "stop", { force: true });
  assert.equal((await shared.outcome("DELETE", `/1.0/instances/${name}`)).status, 200);
}

const statusOf = async (name: string) => (await shared.client.getInstance(name)).value.status;
const patch = (name: string, body: object) => shared.outcome("PATCH", `/1.0/instances/${name}`, body);

async function inside(name: string, script: string): Promise<string> {
  const { stdout, stderr } = await shared.client.execOutput(name, { command: ["sh", "-c", script] });
  return String(stdout).trim() + String(stderr).trim();
}

test("a container is started, paused, resumed, restarted and stopped, and refuses what its state forbids", async () => {
  await launch("web");
  const refuses = (body: object, message: RegExp) =>
    shared.refuses("PUT", "/1.0/instances/web/state", body, 400, message);
  await refuses({ action: "start" }, /The instance is already running/);
  await refuses({ action: "unfreeze" }, /not frozen/);
  await refuses({ action: "dance" }, /action: /);
  await refuses({}, /action: /);
  await refuses({ action: "stop", timeout: "soon" }, /timeout: /);
  await refuses({ action: "stop", stateful: true }, /stateful/i);
  await shared.refusesAtOnce("DELETE", "/1.0/instances/web", undefined, 400, /Instance is running/);
  await shared.refuses("POST", "/1.0/instances/web", { name: "other" }, 400, /running/);
  await act("web", "freeze");
  assert.equal(await statusOf("web"), "Frozen");
  assert.equal((await shared.client.getInstanceState("web")).status, "Frozen");
  await refuses({ action: "freeze" }, /already frozen/);
  await refuses({ action: "restart", timeout: 5 }, /Instance is frozen/);
  await act("web", "unfreeze");
  assert.equal(await statusOf("web"), "Running");
  const { pid } = await shared.client.getInstanceState("web");
  await act("web", "restart", { timeout: 30 });
  assert.notEqual((await shared.client.getInstanceState("web")).pid, pid);
  await act("web", "freeze");
  await act("web", "stop", { force: true });
  assert.equal(await statusOf("web"), "Stopped");
  await refuses({ action: "stop" }, /The instance is already stopped/);
  await refuses({ action: "stop", force: true }, /The instance is already stopped/);
  await refuses({ action: "freeze" }, /not running|isn.t running/);
  await remove("web");
});

test("a clean stop of a paused container lets it go on to hear it, and no patience is force", async () => {
  await launch("web");
  await act("web", "freeze");
  await act("web", "stop", { timeout: 30 });
  assert.equal(await statusOf("web"), "Stopped");
  const deaf = { config: { "raw.lxc": "lxc.signal.halt = SIGWINCH" } };
  assert.equal((await shared.send("PATCH", "/1.0/instances/web", deaf)).status, 200);
  await act("web", "start");
  await act("web", "freeze");
  await act("web", "restart", { timeout: 0 });
  const { pid } = await shared.client.getInstanceState("web");
  await act("web", "restart", { timeout: 0 });
  assert.notEqual((await shared.client.getInstanceState("web")).pid, pid);
  await shared.outcome("PUT", "/1.0/instances/web/state", { action: "freeze" });
  assert.equal(
    (await shared.outcome("PUT", "/1.0/instances/web/state", { action: "stop", timeout: 1 })).status,
    500,
    "one that does not listen is not killed",
  );
  assert.equal(await statusOf("web"), "Running");
  await act("web", "stop", { timeout: 0 });
  assert.equal(await statusOf("web"), "Stopped");
  await remove("web");
});

test("a forced stop sends the signal that raw.lxc has for it, and kills an init that does not end by it", async () => {
  const script = "trap 'echo asked >/asked; exit' USR2; touch /ready; while :; do sleep 0.05; done";
  for (const [signal, isAsked] of [
    ["SIGUSR2", true],
    ["SIGWINCH", false],
  ] as const) {
    const lines = [
      `lxc.signal.stop = ${signal}`,
      "lxc.signal.reboot = SIGINT",
      `lxc.init.cmd = /bin/sh -c "${script}"`,
    ];
    await launch("web", { config: { "raw.lxc": lines.join("\n") } });
    await until(async () => (await inside("web", "ls /ready")) === "/ready");
    await act("web", "stop", { force: true });
    assert.equal(await statusOf("web"), "Stopped");
    assert.equal((await shared.send("GET", "/1.0/instances/web/files?path=/asked")).status, isAsked ? 200 : 404);
    await remove("web");
  }
  const wrong = { config: { "raw.lxc": "lxc.signal.stop = SIGNONE" } };
  assert.equal((await shared.send("POST", "/1.0/profiles", { name: "wrong", ...wrong })).status, 400);
});

test("an ephemeral container is gone when it has stopped, by request or by itself", async () => {
  await shared.unchanged(async () => {
    await launch("brief", { ephemeral: true });
    await act("brief", "stop", { timeout: 30 });
    assert.equal((await shared.send("GET", "/1.0/instances/brief")).status, 404);
    await launch("brief", { ephemeral: true });
    await inside("brief", "poweroff");
    await until(async () => (await shared.send("GET", "/1.0/instances/brief")).status === 404);
  });
});

test("poweroff inside stops a container, reboot inside starts it again", async () => {
  await launch("self");
  const { pid } = await shared.client.getInstanceState("self");
  await inside("self", "reboot");
  await until(async () => {
    const state = await shared.client.getInstanceState("self");
    return state.status === "Running" && state.pid !== pid;
  });
  await inside("self", "poweroff");
  await until(async () => (await statusOf("self")) === "Stopped");
  await remove("self");
});

test("lists and states are told while containers come and go", async () => {
  const churn = async (name: string) => {
    for (let round = 0; round < 2; round += 1) {
      await launch(name, { ephemeral: true });
      await act(name, "stop", { force: true });
    }
  };
  let isOver = false;
  const churning = Promise.all(["a", "b", "c"].map(churn)).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    for (const recursion of [0, 1, 2])
      assert.equal((await shared.send("GET", `/1.0/instances?recursion=${recursion}`)).status, 200);
    for (const name of ["a", "b", "c"]) {
      const { status, text } = await shared.send("GET", `/1.0/instances/${name}/state`);
      assert.ok(status === 200 || status === 404, text);
    }
  }
  await churning;
});

test("an init that does not listen fails a clean stop in its time and goes on; force overtakes the waiting one", async () => {
  const deaf = `lxc.init.cmd = /bin/sh -c "trap : PWR; while :; do sleep 1; done"\nlxc.signal.halt = SIGPWR`;
  await launch("deaf", { config: { "raw.lxc": deaf } });
  // Its processes are counted, and the first moment has no sleep yet.
  await until(async () => (await inside("deaf", "pgrep -x sleep")) !== "");
  await shared.refuses(
    "PUT",
    "/1.0/instances/deaf/state",
    { action: "stop", timeout: 1 },
    500,
    /Failed shutting down instance, status is "Running": context deadline exceeded/,
  );
  assert.equal(await statusOf("deaf"), "Running");
  const waiting = await shared.client.setInstanceState("deaf", { action: "stop", timeout: 3000 });
  // It would hear nothing then.
  await shared.refuses("PUT", "/1.0/instances/deaf/state", { action: "freeze" }, 400, /asked to stop/);
  await act("deaf", "stop", { force: true });
  await waiting.wait();
  await remove("deaf");
});

test("the halt signal that is asked for is the one that comes, and our reaper takes orphans", async () => {
  const init = `lxc.init.cmd = /bin/sh -c 'trap "echo heard; exit 0" USR2; while :; do sleep 0.1; done'`;
  await launch("told", { config: { "raw.lxc": `${init}\nlxc.signal.halt = SIGUSR2` } });
  for (let round = 0; round < 5; round += 1) await inside("told", "(sleep 0.2 &) ; true");
  await until(async () => (await inside("told", "ps -o stat= | grep -c ^Z")) === "0");
  await act("told", "stop", { timeout: 30 });
  assert.match((await shared.send("GET", "/1.0/instances/told/console")).text, /heard/);
  await remove("told");
});

test("limits are there from the start and follow a change at once, as seen by the kernel", async () => {
  const config = {
    "limits.memory": "64MiB",
    "limits.processes": "40",
    "limits.cpu": "1",
    "limits.cpu.allowance": "20ms/100ms",
    "limits.kernel.nofile": "100:200",
  };
  await launch("tight", { config });
  const cgroup = (file: string) => inside("tight", `cat /sys/fs/cgroup/${file}`);
  const memory = (await inside("tight", "ls /sys/fs/cgroup")).includes("memory")
    ? () => cgroup("memory/memory.limit_in_bytes")
    : () => cgroup("memory.max");
  const pids = async () =>
    (await inside("tight", "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null")).trim();
  const cpus = async () => inside("tight", "nproc");
  assert.equal(await memory(), String(64 << 20));
  assert.equal(await pids(), "40");
  assert.equal(await cpus(), "1");
  assert.equal(await inside("tight", "ulimit -Sn; ulimit -Hn"), "100\n200");
  assert.match(await inside("tight", "for i in $(seq 60); do sleep 5 & done; wait"), /fork|unavailable/);
  const told = await patch("tight", {
    config: { "limits.memory": "128MiB", "limits.processes": "", "limits.cpu": "" },
  });
  assert.equal(told.status, 200, told.error);
  assert.equal(await memory(), String(128 << 20));
  assert.equal(await pids(), "max");
  assert.equal((await patch("tight", { config: { "limits.cpu": "4000" } })).status, 200, "more than there are is all");
  assert.equal(
    (await patch("tight", { config: { "limits.cpu": "0,8000-8001" } })).status,
    200,
    "the others are left out",
  );
  assert.equal(await cpus(), "1");
  await remove("tight");
});

test("a limit of memory that holds less than the container uses is refused, and the old one stays", async () => {
  await launch("full", { config: { "limits.memory": "64MiB" } });
  await inside("full", "dd if=/dev/zero of=/dev/shm/fill bs=1M count=20 2>/dev/null");
  await shared.refuses("PATCH", "/1.0/instances/full", { config: { "limits.memory": "1MiB" } }, 500, /memory/);
  assert.equal((await shared.client.getInstance("full")).value.config["limits.memory"], "64MiB");
  await remove("full");
});

test("environment is seen by init and by exec, and exec's own wins", async () => {
  const config = { "environment.COLOUR": "green", "environment.TEXT": "two\nlines" };
  await launch("env", { config });
  assert.match(await inside("env", "tr '\\0' '\\n' </proc/1/environ"), /^COLOUR=green$/m);
  const { stdout } = await shared.client.execOutput("env", {
    command: ["sh", "-c", 'echo "$COLOUR,$TEXT,$HOME,$USER,$LANG"'],
    environment: { COLOUR: "red" },
  });
  assert.equal(String(stdout), "red,two\nlines,/root,root,C.UTF-8\n");
  await remove("env");
});

test("a profile's change reaches its running instances; one that cannot follow keeps it from changing", async () => {
  await shared.client.createProfile({ name: "small", config: { "limits.processes": "50" } });
  await launch("member", { profiles: ["default", "small"] });
  const pids = () => inside("member", "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null");
  assert.equal(await pids(), "50");
  assert.equal(
    (await shared.outcome("PATCH", "/1.0/profiles/small", { config: { "limits.processes": "60" } })).status,
    200,
  );
  assert.equal(await pids(), "60");
  const device = { x: { type: "disk", source: "/no/such", path: "/x" } };
  const why = /instance "member" uses it\. Failed add validation for device "x": Missing source path/;
  await shared.refuses("PATCH", "/1.0/profiles/small", { devices: device }, 400, why);
  await shared.refuses("DELETE", "/1.0/profiles/small", undefined, 400, /Profile is currently in use/);
  assert.equal((await shared.outcome("POST", "/1.0/profiles/small", { name: "tiny" })).status, 201);
  assert.deepEqual((await shared.client.getInstance("member")).value.profiles, ["default", "tiny"]);
  await remove("member");
  await shared.client.deleteProfile("tiny");
});

test("an instance is renamed with its snapshots and its logs", async () => {
  await launch("old");
  await act("old", "stop", { force: true });
  const snap = await shared.outcome("POST", "/1.0/instances/old/snapshots", { name: "kept" });
  assert.equal(snap.status, 200, snap.error);
  assert.equal((await shared.outcome("POST", "/1.0/instances/old", { name: "new" })).status, 200);
  assert.equal((await shared.send("GET", "/1.0/instances/old")).status, 404);
  assert.deepEqual(
    (await shared.client.listSnapshots("new")).map(({ name }) => name),
    ["kept"],
  );
  assert.match((await shared.send("GET", "/1.0/instances/new/logs/lxc.log")).text, /Ended/);
  await act("new", "start");
  assert.equal(await inside("new", "hostname"), "new");
  await remove("new");
});

test("a snapshot without a name is named by the pattern, counting on from the highest", async () => {
  await launch("pattern");
  const names = async () => (await shared.client.listSnapshots("pattern")).map(({ name }) => name).sort();
  const take = async () => {
    const told = await shared.outcome("POST", "/1.0/instances/pattern/snapshots", {});
    assert.equal(told.status, 200, told.error);
  };
  await take();
  await take();
  await shared.outcome("DELETE", "/1.0/instances/pattern/snapshots/snap0");
  await take();
  assert.deepEqual(await names(), ["snap1", "snap2"]);
  await patch("pattern", { config: { "snapshots.pattern": "daily" } });
  await take();
  await take();
  assert.deepEqual(await names(), ["daily", "daily-0", "snap1", "snap2"]);
  await patch("pattern", { config: { "snapshots.pattern": "at-%d-oclock" } });
  await take();
  assert.ok((await names()).includes("at-0-oclock"));
  await remove("pattern");
});

test("a snapshot restores files and settings of a running container, which runs again", async () => {
  await launch("back", { config: { "user.note": "then" } });
  await inside("back", "echo then >/root/file");
  assert.equal((await shared.outcome("POST", "/1.0/instances/back/snapshots", { name: "then" })).status, 200);
  await inside("back", "echo now >/root/file; echo more >/root/more");
  await patch("back", { config: { "user.note": "now" } });
  const put = { restore: "then" };
  assert.equal((await shared.outcome("PUT", "/1.0/instances/back", put)).status, 200);
  assert.equal(await inside("back", "cat /root/file; ls /root"), "then\nfile");
  assert.equal((await shared.client.getInstance("back")).value.config["user.note"], "then");
  const url = "/1.0/instances/back";
  await shared.refuses("PUT", url, { restore: "nothing" }, 404, /snapshot not found/);
  await shared.refuses("PUT", url, { restore: "then", stateful: true }, 400, /stateful/i);
  await shared.refuses("PATCH", url, put, 400, /by PUT/);
  await shared.refuses("POST", `${url}/snapshots`, { name: "x", stateful: true }, 400, /stateful/i);
  await shared.refuses("POST", `${url}/snapshots`, { name: "x", expires_at: "tomorrow" }, 400, /expires_at: /);
  await shared.refuses("POST", `${url}/snapshots/then`, { name: "a/b" }, 400, /name: /);
  await shared.refuses("DELETE", `${url}/snapshots/nothing`, undefined, 404, /snapshot not found/);
  await remove("back");
});

test("copies are whole: of an instance with its snapshots, of a snapshot, and of itself never", async () => {
  await launch("from");
  await inside("from", "echo one >/root/file");
  await shared.outcome("POST", "/1.0/instances/from/snapshots", { name: "one" });
  await inside("from", "echo two >/root/file");
  const copy = (name: string, source: object) =>
    shared.outcome("POST", "/1.0/instances", { name, source: { type: "copy", ...source } });
  assert.equal((await copy("whole", { source: "from" })).status, 200);
  assert.equal((await copy("alone", { source: "from", instance_only: true })).status, 200);
  assert.equal((await copy("earlier", { source: "from/one" })).status, 200);
  assert.equal((await shared.client.listSnapshots("whole")).length, 1);
  assert.equal((await shared.client.listSnapshots("alone")).length, 0);
  const read = async (name: string) => (await shared.send("GET", `/1.0/instances/${name}/files?path=/root/file`)).text;
  assert.deepEqual([await read("whole"), await read("alone"), await read("earlier")], ["two\n", "two\n", "one\n"]);
  await shared.refuses(
    "POST",
    "/1.0/instances",
    { name: "from", source: { type: "copy", source: "from" } },
    409,
    /exists/,
  );
  for (const name of ["from", "whole", "alone", "earlier"]) await remove(name);
});

test("two creates of one name at once make one instance", async () => {
  const post = { name: "twin", source: image };
  const told = await Promise.all([1, 2, 3].map(() => shared.outcome("POST", "/1.0/instances", post)));
  assert.deepEqual(told.map(({ status }) => status).sort(), [200, 409, 409]);
  await act("twin", "start");
  await remove("twin");
});

test("a profile is not deleted under an instance that is being made of it", async () => {
  await shared.client.createProfile({ name: "busy" });
  const creating = shared.outcome("POST", "/1.0/instances", {
    name: "late",
    source: image,
    profiles: ["default", "busy"],
  });
  const deleted = await shared.send("DELETE", "/1.0/profiles/busy");
  const made = await creating;
  assert.ok((deleted.status === 200) !== (made.status === 200), `${deleted.status} and ${made.status}: ${made.error}`);
  assert.equal((await shared.send("GET", "/1.0/instances?recursion=1")).status, 200);
  if (made.status === 200) {
    await remove("late");
    await shared.client.deleteProfile("busy");
  }
});

test("what protects an instance from deletion is heeded until it is lifted", async () => {
  await launch("safe", { config: { "security.protection.delete": "true" } });
  await act("safe", "stop", { force: true });
  await shared.refusesAtOnce("DELETE", "/1.0/instances/safe", undefined, 400, /protected/);
  await patch("safe", { config: { "security.protection.delete": "" } });
  await remove("safe");
});

test("logs tell what happened, and the console log what the guest wrote", async () => {
  await launch("chatty");
  await inside("chatty", "echo hello from inside >/dev/console");
  const logs = await shared.client.listInstanceLogs("chatty");
  assert.ok(logs.includes("console.log"), logs.join());
  await until(async () =>
    (await shared.send("GET", "/1.0/instances/chatty/console")).text.includes("hello from inside"),
  );
  assert.equal((await shared.send("DELETE", "/1.0/instances/chatty/console")).status, 200);
  await inside("chatty", "echo again >/dev/console");
  await until(async () => (await shared.send("GET", "/1.0/instances/chatty/console")).text.includes("again"));
  assert.doesNotMatch((await shared.send("GET", "/1.0/instances/chatty/console")).text, /hello/);
  await remove("chatty");
});
