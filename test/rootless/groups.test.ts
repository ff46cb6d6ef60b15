/** Control groups that a user's own service manager delegates: limits and pauses of an ordinary user's containers. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { preparePool } from "../support/daemon";
import { needs } from "../support/needs";
import { commandProgram, withUserDaemon } from "../support/ordinary-user";
import { until } from "../support/until";

const skip = needs("root", "uidmap", "user-manager");

const source = { type: "image", alias: "template:busybox" } as const;

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
