/** Whatever a guest leaves in its root: its container is deleted, and no pool is closed by it. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { PendingOperation } from "../../sdk/index";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";
import { driversHere } from "../support/storage";

const image = { type: "image", alias: "template:busybox" };
const done = async (operation: Promise<PendingOperation>) => (await operation).wait();

/** A hundred folders in each other whose names have 200 bytes: wrapped from the inside out, some at once, so that no path is ever too long. */
const nested = `
  n=$(printf '%0200d' 0); some=$n; for i in 2 3 4 5 6 7 8 9 10; do some=$some/$n; done
  mkdir x; for i in 1 2 3 4 5 6 7 8 9 10; do mkdir -p y/$some; mv x y/$some/$n; mv y x; done; mv x long`;

const mess = `
  mkdir /root/mess; cd /root/mess
  ${nested}
  mkdir -p deep/$(seq -s / 300)
  touch "$(printf 'not-utf8-\\377\\376')" "$(printf 'line\\nbreak')" "$(printf '\\001\\033[2J')" -- -rf '*' ' '
  mkdir "$(printf 'folder-\\377')"; touch "$(printf 'folder-\\377')/$(printf '\\200')"
  mkfifo pipe; ln -s / slash; ln -s . self; ln -s nowhere gone; echo x > one; ln one two
  mkdir shut; touch shut/in; chmod 0 shut; dd if=/dev/zero of=sparse bs=1k count=1 seek=1000000000 2>/dev/null`;

async function launch(daemon: TestDaemon, name: string, more: object = {}): Promise<void> {
  await done(daemon.client.createInstance({ name, source: image, ...more }));
  await done(daemon.client.setInstanceState(name, { action: "start" }));
}

async function inside(daemon: TestDaemon, name: string, script: string): Promise<void> {
  const { code, stderr } = await daemon.client.execOutput(name, { command: ["sh", "-euc", script] });
  assert.equal(code, 0, String(stderr));
}

const stop = (daemon: TestDaemon, name: string) =>
  done(daemon.client.setInstanceState(name, { action: "stop", force: true }));

const poolDir = (daemon: TestDaemon, ...parts: string[]) => path.join(daemon.dir, "storage-pools", "default", ...parts);

/** Nothing of anybody is in the pool, beside images. */
async function assertEmpty(daemon: TestDaemon): Promise<void> {
  assert.deepEqual(readdirSync(poolDir(daemon, "containers")), []);
  assert.deepEqual(readdirSync(poolDir(daemon, "containers-snapshots")), []);
  const warnings = await daemon.client.listWarnings();
  assert.deepEqual(
    warnings.filter(({ type, status }) => /Leftover|pool/.test(type) && status !== "resolved"),
    [],
  );
}

driversHere().then((all) => {
  for (const { driver, skip } of all) {
    test(`in a pool of ${driver.name}`, { skip }, (t) =>
      withDaemon({}, async (daemon) => {
        const { client } = daemon;
        await preparePool(daemon, driver.name);
        await t.test("a container is deleted whatever its guest left, and the pool opens again", async () => {
          await launch(daemon, "web");
          await inside(daemon, "web", mess);
          await launch(daemon, "brief", { ephemeral: true });
          await inside(daemon, "brief", mess);
          await stop(daemon, "brief");
          // It is deleted once its end is noticed.
          while ((await client.listInstances()).length > 1) await delay(50);
          await stop(daemon, "web");
          await done(client.deleteInstance("web"));
          await assertEmpty(daemon);
          await daemon.stop();
          await daemon.start();
          assert.equal((await client.getStoragePool("default")).value.status, "Created");
          await launch(daemon, "next");
          await stop(daemon, "next");
          await done(client.deleteInstance("next"));
        });

        await t.test(
          "a snapshot or copy of such a root is whole or refused, and leaves nothing half made",
          async () => {
            await launch(daemon, "web");
            await inside(daemon, "web", mess);
            for (const [make, remove] of [
              [() => client.createSnapshot("web", { name: "s" }), () => client.deleteSnapshot("web", "s")],
              [
                () => client.createInstance({ name: "twin", source: { type: "copy", source: "web" } }),
                () => client.deleteInstance("twin"),
              ],
            ] as const) {
              const made = await done(make()).then(
                () => undefined,
                (error: Error) => error,
              );
              if (made === undefined) await done(remove());
              else assert.ok(made.message.length < 8192, "the message is for people");
            }
            await client.getInstanceState("web");
            await stop(daemon, "web");
            await done(client.deleteInstance("web"));
            await assertEmpty(daemon);
          },
        );

        await t.test(
          "what is mounted in a deleted container's root stays whole, is told, and goes when it is unmounted",
          async () => {
            await done(client.createInstance({ name: "web", source: image }));
            const upper = driver.name === "overlay" ? "upper" : "rootfs";
            const root = poolDir(daemon, "containers", "web", upper);
            const point = path.join(root, "srv-mount");
            const outside = path.join(path.dirname(daemon.dir), "outside");
            for (const folder of [point, outside]) mkdirSync(folder, { recursive: true });
            writeFileSync(path.join(outside, "file"), "precious\n");
            execFileSync("mount", ["--bind", outside, point]);
            await done(client.deleteInstance("web"));
            assert.equal(readFileSync(path.join(outside, "file"), "utf8"), "precious\n");
            assert.deepEqual(await client.listInstances(), []);
            await done(client.createInstance({ name: "web", source: image }));
            const mounted = execFileSync("findmnt", ["-rno", "TARGET"], { encoding: "utf8" })
              .split("\n")
              .filter((line) => line.startsWith(daemon.dir) && line.endsWith("srv-mount"));
            const leftovers = async () =>
              (await client.listWarnings()).filter(({ type }) => type === "Leftover cannot be removed");
            if (driver.name === "btrfs") {
              // The kernel takes a mount off with the subvolume that it is in.
              assert.deepEqual([mounted, await leftovers()], [[], []]);
              return done(client.deleteInstance("web")).then(() => undefined);
            }
            const [warning] = await leftovers();
            assert.match(
              warning?.last_message ?? "",
              /\.partial:.*"(upper|rootfs)\/srv-mount": something is mounted there/,
            );
            assert.equal(warning?.entity_url, "/1.0/storage-pools/default");
            await daemon.stop();
            await daemon.start();
            assert.equal((await client.getStoragePool("default")).value.status, "Created");
            assert.equal((await leftovers())[0]?.status, "new");
            const [target = ""] = execFileSync("findmnt", ["-rno", "TARGET"], { encoding: "utf8" })
              .split("\n")
              .filter((line) => line.startsWith(daemon.dir) && line.endsWith("srv-mount"));
            execFileSync("umount", [target]);
            await daemon.stop();
            await daemon.start();
            assert.deepEqual(readdirSync(poolDir(daemon, "containers")), ["web"]);
            assert.equal((await leftovers())[0]?.status, "resolved");
            assert.ok(existsSync(path.join(outside, "file")));
            await done(client.deleteInstance("web"));
          },
        );
      }),
    );
  }

  const root = requireFeature("root", process.getuid?.() === 0);
  const chattr = root || requireFeature("chattr", hasProgram("chattr"));
  test("files that a privileged guest made immutable are deleted with it", { skip: chattr }, () =>
    withDaemon({}, async (daemon) => {
      await preparePool(daemon, "dir");
      await done(
        daemon.client.createInstance({ name: "web", source: image, config: { "security.privileged": "true" } }),
      );
      const folder = poolDir(daemon, "containers", "web", "rootfs");
      execFileSync(
        "sh",
        ["-euc", "mkdir locked; touch locked/a etc/b; chattr +i locked/a locked etc/b; chattr +a etc ."],
        { cwd: folder },
      );
      await done(daemon.client.createSnapshot("web", { name: "s" }));
      await done(daemon.client.restoreSnapshot("web", "s"));
      execFileSync("sh", ["-euc", "chattr +i locked locked/a"], { cwd: folder });
      await done(daemon.client.deleteInstance("web"));
      await assertEmpty(daemon);
    }),
  );

  test("the daemon answers while a root of very many files is removed", { skip: root }, () =>
    withDaemon({}, async (daemon) => {
      const { client } = daemon;
      await preparePool(daemon, "dir");
      await done(client.createInstance({ name: "web", source: image }));
      const folder = poolDir(daemon, "containers", "web", "rootfs");
      execFileSync("perl", ["-e", 'for (1..40000) { open F, ">", "f$_" or die $!; close F }'], { cwd: folder });
      const deleting = await client.deleteInstance("web");
      let isOver = false;
      const over = deleting.wait().then(() => {
        isOver = true;
      });
      let answers = 0;
      for (; !isOver; answers += 1) await client.getServer();
      assert.ok(answers > 10, `${answers} answers meanwhile`);
      await over;
      await assertEmpty(daemon);
    }),
  );
});
