/** The daemon of an ordinary user: a life of a container, seen from inside and from the host (docs/rootless.md). */
import assert from "node:assert/strict";
import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Client } from "../../sdk/index";
import { preparePool } from "../support/daemon";
import { needs } from "../support/needs";
import { daemonProgram, OrdinaryUser, withUserDaemon } from "../support/ordinary-user";

const skip = needs("root", "uidmap");

const source = { type: "image", alias: "template:busybox" } as const;

const text = async (client: Client, name: string, command: string): Promise<string> => {
  const { code, stdout, stderr } = await client.execOutput(name, { command: ["sh", "-c", command] });
  assert.equal(code, 0, `${command}: ${stderr}`);
  return String(stdout).trim();
};

for (const driver of ["dir", "overlay"])
  test(`a user's container in a pool of driver ${driver} starts, does what it is told and goes`, { skip }, () =>
    withUserDaemon(async ({ user, daemon }) => {
      const { client } = daemon;
      await preparePool(daemon, driver);
      await (await client.createInstance({ name: "box", source })).wait();
      await (await client.setInstanceState("box", { action: "start" })).wait();
      assert.equal(await text(client, "box", "id -u; hostname"), "0\nbox");
      const map = await text(client, "box", "cat /proc/self/uid_map");
      assert.deepEqual(map.split(/\s+/).map(Number), [0, 0, 65536], "the ids of the daemon's own namespace");
      const state = await client.getInstanceState("box");
      const seen = readFileSync(`/proc/${state.pid}/status`, "utf8");
      assert.equal(
        /^Uid:\s+(\d+)/m.exec(seen)?.[1],
        String(user.firstId),
        "its root is the user's first subordinate id",
      );
      // What the image brought belongs to the container's root, and what the container makes to whom it says.
      assert.equal(await text(client, "box", "stat -c %u:%g /bin/busybox"), "0:0");
      await text(
        client,
        "box",
        'echo hi >/root/f && chown 1000:1000 /root/f && rm -r /etc && mkdir /etc && test -z "$(ls /etc)"',
      );
      assert.equal(await text(client, "box", "stat -c %u:%g /root/f"), "1000:1000");
      await client.putFile("box", "/root/g", "put", { uid: 7, gid: 8 });
      assert.equal(await text(client, "box", "stat -c %u:%g /root/g; cat /root/g"), "7:8\nput");
      await (await client.setInstanceState("box", { action: "stop", force: true })).wait();
      await (await client.deleteInstance("box")).wait();
      assert.deepEqual(await client.listInstances(), []);
    }),
  );

test("the user's socket and state folder are the user's, and nobody else comes near", { skip }, () =>
  withUserDaemon(async ({ user, daemon }) => {
    assert.equal(statSync(user.stateDir).uid, user.uid);
    const socket = statSync(daemon.socket);
    assert.deepEqual([socket.uid, socket.mode & 0o777], [user.uid, 0o660]);
    assert.equal(realpathSync(daemon.socket), path.join(user.runtimeDir, "bothy", "unix.socket"));
    const database = statSync(path.join(user.stateDir, "database"));
    assert.deepEqual([database.uid, database.mode & 0o777], [user.firstId, 0o700]);
  }),
);

test("a container of a user outlives the daemon, which finds it again, in the same namespaces", { skip }, () =>
  withUserDaemon(async ({ daemon }) => {
    const { client } = daemon;
    await preparePool(daemon, "overlay");
    await (await client.createInstance({ name: "box", source })).wait();
    await (await client.setInstanceState("box", { action: "start" })).wait();
    await text(client, "box", "echo here >/tmp/f");
    for (const end of [() => daemon.kill(), () => daemon.stop()]) {
      await end();
      await daemon.start();
      assert.equal((await client.getInstance("box")).value.status, "Running");
      assert.equal(await text(client, "box", "cat /tmp/f"), "here");
    }
  }),
);

test("what only root's daemon can is refused with the key's name", { skip }, () =>
  withUserDaemon(async ({ daemon }) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    for (const [key, value] of [
      ["security.privileged", "true"],
      ["raw.idmap", "both 1000 1000"],
      ["security.idmap.base", "500000"],
    ] as const)
      await assert.rejects(
        async () => (await client.createInstance({ name: "box", source, config: { [key]: value } })).wait(),
        (error: Error) => error.message.includes(`Invalid value for "${key}"`),
      );
  }),
);

test(
  "limits that nothing enforces are told once, as warnings, and do not keep a container from starting",
  { skip },
  () =>
    withUserDaemon(async ({ daemon }) => {
      const { client } = daemon;
      await preparePool(daemon, "dir");
      const config = { "limits.memory": "64MiB", "limits.processes": "50", "limits.cpu": "1" };
      await (await client.createInstance({ name: "box", source, config })).wait();
      await (await client.setInstanceState("box", { action: "start" })).wait();
      assert.equal(await text(client, "box", "id -u"), "0");
      const about = (await client.listWarnings()).filter(({ type }) => type.includes("CGroup"));
      assert.deepEqual(
        about.map(({ type, count }) => [type, count]).sort(),
        ["CPU", "CPUset", "memory", "pids"].map((name) => [`Couldn't find the CGroup ${name} controller`, 1]).sort(),
      );
    }),
);

test("a user to whom root has given no ids is told the command that does, and nothing is made", { skip }, async () => {
  await using user = await OrdinaryUser.create({ ids: false });
  const { code, stderr } = await user.run([process.execPath, daemonProgram]);
  assert.equal(code, 1);
  const range = String.raw`(\d+)-\d+`;
  const command = new RegExp(`Have root run: usermod --add-subuids ${range} --add-subgids \\1-\\d+ ${user.name}\\. `);
  assert.match(stderr, command);
  assert.equal(existsSync(user.stateDir), false);
});
