/** security.nesting: a container in a container, while the host's secrets stay hidden. */
import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { test } from "node:test";
import { preparePool, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

/** What a container runtime inside does first: namespaces of its own, and a fresh proc. */
const nested = ["unshare", "-U", "-r", "-m", "-p", "-f", "sh", "-c", "mount -t proc proc /proc && cat /proc/self/stat"];

test("only a nesting container may mount a fresh proc for one of its own, and both keep their masks", { skip }, () =>
  withDaemon({ bare: true }, async (daemon) => {
    await preparePool(daemon, "dir");
    const { client } = daemon;
    for (const [name, isNesting] of [
      ["outer", "true"],
      ["plain", "false"],
    ] as const) {
      const config = { "security.nesting": isNesting };
      const source = { type: "image", alias: "template:busybox" };
      await (await client.createInstance({ name, source, config })).wait();
      await (await client.setInstanceState(name, { action: "start" })).wait();
      const masked = await client.execOutput(name, { command: ["sh", "-c", "cat /proc/keys; ls /sys/firmware"] });
      assert.equal(masked.stdout.toString(), "", "what is masked shows nothing");
      const inner = await client.execOutput(name, { command: nested });
      if (name === "outer") assert.match(inner.stdout.toString(), /^1 \(cat\)|^\d+ \(cat\)/, inner.stderr.toString());
      else assert.notEqual(inner.code, 0);
      await (await client.setInstanceState(name, { action: "stop", force: true })).wait();
      await (await client.deleteInstance(name)).wait();
    }
  }),
);

test(
  "a container that nests from its next start on has sixteen times the ids, and nobody else's; its files stay its own",
  {
    skip,
  },
  () =>
    withDaemon({ bare: true }, async (daemon) => {
      await preparePool(daemon, "dir");
      const { client } = daemon;
      const source = { type: "image" as const, alias: "template:busybox" };
      const map = async (name: string) => {
        const { stdout } = await client.execOutput(name, { command: ["cat", "/proc/self/uid_map"] });
        const [, base = 0, count = 0] = String(stdout).trim().split(/\s+/).map(Number);
        return { base, count };
      };
      const restart = async (name: string) =>
        (await client.setInstanceState(name, { action: "restart", force: true })).wait();
      for (const name of ["first", "second", "third"]) {
        await (await client.createInstance({ name, source })).wait();
        await (await client.setInstanceState(name, { action: "start" })).wait();
      }
      await client.putFile("first", "/root/note", "kept", { uid: 12 });
      for (const name of ["first", "second"]) {
        assert.equal((await map(name)).count, 65536);
        await client.patchInstance(name, { config: { "security.nesting": "true" } });
        assert.equal((await map(name)).count, 65536, "a running one goes on as it was made");
        await restart(name);
        assert.equal((await map(name)).count, 1048576);
      }
      const maps = await Promise.all(["first", "second", "third"].map(map));
      for (const [i, one] of maps.entries())
        for (const other of maps.slice(i + 1))
          assert.ok(one.base + one.count <= other.base || other.base + other.count <= one.base, JSON.stringify(maps));
      const { stdout } = await client.execOutput("first", { command: ["stat", "-c", "%u", "/root/note", "/bin"] });
      assert.equal(String(stdout), "12\n0\n");
      await daemon.stop();
      await daemon.start();
      await (await client.createInstance({ name: "fourth", source, config: { "security.nesting": "true" } })).wait();
      await (await client.setInstanceState("fourth", { action: "start" })).wait();
      const fourth = await map("fourth");
      assert.equal(fourth.count, 1048576);
      assert.ok(
        maps.every(({ base }) => base !== fourth.base),
        "the next daemon knows whose they are",
      );
      await restart("first");
      assert.deepEqual(await map("first"), maps[0], "they are kept");
      await assert.rejects(
        client.patchInstance("third", { config: { "security.idmap.size": "100000" } }),
        /more than 65536 ids need a place of their own/,
      );
      await client.patchInstance("first", { config: { "security.idmap.size": "100000" } });
      await restart("first");
      assert.deepEqual(await map("first"), { base: maps[0]?.base, count: 100_000 });
    }),
);

test("users of a nesting container may open what containers of theirs need, and no others", { skip }, () =>
  withDaemon({ bare: true }, async (daemon) => {
    await preparePool(daemon, "dir");
    const { client } = daemon;
    const source = { type: "image" as const, alias: "template:busybox" };
    for (const isNesting of ["true", "false"]) {
      const config = { "security.nesting": isNesting };
      await (await client.createInstance({ name: "c", source, config })).wait();
      await (await client.setInstanceState("c", { action: "start" })).wait();
      for (const node of ["/dev/fuse", "/dev/net/tun"].filter((file) => existsSync(file))) {
        const { stdout } = await client.execOutput("c", { command: ["stat", "-c", "%a %t:%T", node] });
        const { mode } = statSync(node);
        const seen = isNesting === "true" ? "666" : (mode & 0o7777).toString(8);
        assert.match(String(stdout), new RegExp(`^${seen} a:`), `${node} with security.nesting=${isNesting}`);
        const opened = await client.execOutput("c", { command: ["sh", "-c", `: <>${node}`], user: 1000, group: 1000 });
        assert.equal(opened.code === 0, isNesting === "true" || (mode & 0o006) === 0o006, node);
      }
      await (await client.setInstanceState("c", { action: "stop", force: true })).wait();
      await (await client.deleteInstance("c")).wait();
    }
  }),
);
