/** Control groups that a user's own service manager delegates: limits and pauses of an ordinary user's containers. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, rmdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { readCgroupLayout } from "../../sdk/host/cgroups";
import { preparePool } from "../support/daemon";
import { needs } from "../support/needs";
import { commandProgram, type OrdinaryUser, withUserDaemon } from "../support/ordinary-user";
import { requireFeature } from "../support/require";
import { until } from "../support/until";

const skip = needs("root", "uidmap", "user-manager");

const source = { type: "image", alias: "template:busybox" } as const;

const v2 = readCgroupLayout().v2;
const skipGiven = needs("root", "uidmap") || requireFeature("cgroup2 of any kind", v2 !== undefined);

const groupOf = (uid: number): string => `/sys/fs/cgroup/bothy-test-user-${uid}`;

/** Shows the user a host of version 2 alone, and starts in a new group among the user's, as a service manager has it with scopes. */
const inOwnGroup = ({ uid, gid }: OrdinaryUser): string[] => {
  const [all, scope] = [groupOf(uid), `${groupOf(uid)}/scope-$$`];
  const own = `mkdir -p ${scope} && chown ${uid}:${gid} ${all} ${all}/cgroup.procs && chown -R ${uid}:${gid} ${scope}`;
  const script = `mount --bind ${v2} /sys/fs/cgroup && ${own} && echo $$ >${scope}/cgroup.procs && exec "$@"`;
  return ["unshare", "--mount", "--", "sh", "-c", script, "sh"];
};

/** Groups below one, the deepest first. */
const groupsBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [...groupsBelow(path.join(folder, name)), path.join(folder, name)]);

test("a group that is the user's own is divided: a container has one of its own, is paused, and found again", {
  skip: skipGiven,
}, async () => {
  let given = "";
  let left: string[] = [];
  const life = withUserDaemon(
    async ({ user, daemon }) => {
      given = path.join(v2 ?? "", path.basename(groupOf(user.uid)));
      const { client } = daemon;
      await preparePool(daemon, "overlay");
      await (await client.createInstance({ name: "box", source })).wait();
      await (await client.setInstanceState("box", { action: "start" })).wait();
      const run = async (command: string) =>
        String((await client.execOutput("box", { command: ["sh", "-c", command] })).stdout).trim();
      assert.match(await run("cat /proc/self/cgroup"), /^0::\/$/m, "the guest sees its own group as the root");
      assert.equal(
        await run("mkdir /sys/fs/cgroup/mine && test -e /sys/fs/cgroup/mine/cgroup.procs && echo made"),
        "made",
      );
      const { pid } = await client.getInstanceState("box");
      const inGroup = /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1] ?? "";
      assert.match(inGroup, new RegExp(`/bothy-test-user-${user.uid}/scope-\\d+/bothy-[0-9a-f]+/box/`));
      const events = path.join(v2 ?? "", inGroup.replace(/(\/box)\/.*$/, "$1"), "cgroup.events");
      for (const end of [() => daemon.kill(), () => daemon.stop()]) {
        await (await client.setInstanceState("box", { action: "freeze" })).wait();
        assert.match(readFileSync(events, "utf8"), /^frozen 1$/m);
        await end();
        await daemon.start();
        assert.equal((await client.getInstance("box")).value.status, "Frozen");
        await (await client.setInstanceState("box", { action: "unfreeze" })).wait();
        assert.equal(await run("echo alive"), "alive");
      }
    },
    { before: inOwnGroup, env: { BOTHY_SCOPE: "1" } },
  );
  await life.finally(() => {
    left = groupsBelow(given);
    for (const folder of [...left, given]) rmdirSync(folder);
  });
  assert.deepEqual(
    left.filter((folder) => !/^(?:scope-\d+|daemon)$/.test(path.basename(folder))),
    [],
    "no group of a container is left",
  );
});

test(
  "a user with a service manager has limits that the kernel enforces, and containers that can be paused",
  { skip },
  () =>
    withUserDaemon(
      async ({ daemon }) => {
        const { client } = daemon;
        await preparePool(daemon, "overlay");
        const config = { "limits.memory": "64MiB", "limits.processes": "50" };
        await (await client.createInstance({ name: "box", source, config })).wait();
        await (await client.setInstanceState("box", { action: "start" })).wait();
        const read = async (file: string) =>
          String((await client.execOutput("box", { command: ["cat", file] })).stdout).trim();
        assert.match(await read("/proc/self/cgroup"), /^0::\//);
        const state = await client.getInstanceState("box");
        const group = /^0::(.*)$/m.exec(readFileSync(`/proc/${state.pid}/cgroup`, "utf8"))?.[1] ?? "";
        assert.match(group, /user@\d+\.service\/app\.slice\/.*\.scope\/bothy-[0-9a-f]+\/box/);
        const limits = group.replace(/\/guest.*$/, "");
        assert.equal(readFileSync(`/sys/fs/cgroup${limits}/memory.max`, "utf8").trim(), String(64 << 20));
        assert.equal(state.memory.usage > 0 && state.processes > 0, true, "figures are those of the groups");
        const hog = await client.execOutput("box", { command: ["sh", "-c", "head -c 200m /dev/zero | tail | wc -c"] });
        assert.notEqual(String(hog.stdout).trim(), String(200 << 20), "what takes too much is killed");
        await (await client.setInstanceState("box", { action: "freeze" })).wait();
        assert.equal((await client.getInstance("box")).value.status, "Frozen");
        await (await client.setInstanceState("box", { action: "unfreeze" })).wait();
        // A daemon that comes later is in another scope, and joins the first one's groups.
        await daemon.kill();
        await daemon.start();
        assert.match(await read("/proc/self/cgroup"), /^0::\//);
        assert.deepEqual(
          (await client.listWarnings()).filter(({ type }) => /CGroup (memory|pids|CPU) /.test(type)),
          [],
        );
      },
      { lingers: true },
    ),
);

test("doctor tells a user which controllers are delegated", { skip }, () =>
  withUserDaemon(
    async ({ user }) => {
      await until(async () =>
        execFileSync("loginctl", ["show-user", user.name], { encoding: "utf8" }).includes("State="),
      );
      const { stdout } = await user.run([process.execPath, commandProgram, "doctor", "--format", "json"]);
      const findings = JSON.parse(stdout) as { subject: string; status: string; found: string }[];
      const groups = findings.find(({ subject }) => subject === "cgroups");
      assert.equal(groups?.status, "ok");
      assert.match(groups?.found ?? "", /^delegated: .*memory/);
    },
    { lingers: true },
  ),
);
