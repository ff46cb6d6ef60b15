/** A guest fills the file system that holds pool and database: there is always a way back. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, statfsSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { ApiError, PendingOperation } from "../../sdk/index";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { type FileSystem, onFileSystem, programsOf } from "../support/file-system";
import { spread } from "../support/long";
import { hasProgram } from "../support/netns";
import { outcome, send } from "../support/raw-http";
import { requireFeature } from "../support/require";
import { driversHere } from "../support/storage";

const image = { type: "image", alias: "template:busybox" };
const hasNetworks = hasProgram("dnsmasq") && hasProgram("nft");
const done = async (operation: Promise<PendingOperation>) => (await operation).wait();

const sizes: Readonly<Record<FileSystem, string>> = { btrfs: "256M", ext4: "128M", tmpfs: "96M" };

async function launch(daemon: TestDaemon, name: string): Promise<void> {
  await done(daemon.client.createInstance({ name, source: image }));
  await done(daemon.client.setInstanceState(name, { action: "start" }));
}

/** In the guest: takes every byte, in big and in small pieces, and goes on with that. */
const hog = `
  dd if=/dev/zero of=/root/fill$$ bs=1M 2>/dev/null
  dd if=/dev/zero of=/root/more$$ bs=4k 2>/dev/null
  touch /dev/shm/full
  mkdir -p /root/small; i=0
  while :; do i=$((i+1)); { echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx > /root/small/$i; } 2>/dev/null || { dd if=/dev/zero of=/root/again$((i%50)) bs=64k 2>/dev/null; sleep 0.2; }; done`;

/** Makes a guest take all there is, and still try for more. */
async function fill(daemon: TestDaemon, name: string): Promise<void> {
  const { client } = daemon;
  const { code } = await client.execOutput(name, {
    command: ["sh", "-c", `(${hog}) >/dev/null 2>&1 </dev/null & echo`],
  });
  assert.equal(code, 0);
  const isFull = async () => (await client.execOutput(name, { command: ["test", "-e", "/dev/shm/full"] })).code === 0;
  for (const deadline = Date.now() + 120_000; !(await isFull()); await delay(200)) assert.ok(Date.now() < deadline);
}

/** Waits until the reserve is there. */
async function reserved(daemon: TestDaemon): Promise<void> {
  const file = path.join(daemon.dir, "database", "reserve", "15");
  for (const deadline = Date.now() + 60_000; !existsSync(file); await delay(100)) assert.ok(Date.now() < deadline);
}

const open = async (daemon: TestDaemon, type: string) =>
  (await daemon.client.listWarnings()).filter((warning) => warning.type === type && warning.status === "new");

/** The first and the last have least in common. */
const kinds: readonly { fileSystem: FileSystem; driver: string }[] = [
  { fileSystem: "ext4", driver: "overlay" },
  { fileSystem: "ext4", driver: "dir" },
  { fileSystem: "tmpfs", driver: "dir" },
  { fileSystem: "btrfs", driver: "overlay" },
  { fileSystem: "btrfs", driver: "btrfs" },
];

driversHere().then((drivers) => {
  for (const { fileSystem, driver } of spread(kinds, 2)) {
    const lacks = programsOf(fileSystem).find((program) => !hasProgram(program));
    const skip =
      drivers.find((one) => one.driver.name === driver)?.skip ||
      requireFeature(lacks ?? fileSystem, lacks === undefined);
    test(`${driver} on ${fileSystem}: with no byte free the daemon answers, starts again, and deletes`, { skip }, () =>
      onFileSystem(fileSystem, sizes[fileSystem], (base) =>
        withDaemon({ base }, async (daemon) => {
          const { client } = daemon;
          await preparePool(daemon, driver);
          for (const name of ["hog", "other", "third"]) await launch(daemon, name);
          await done(client.createSnapshot("third", { name: "s" }));
          await reserved(daemon);
          await fill(daemon, "hog");

          assert.equal((await client.listInstancesFull()).length, 3);
          await done(client.setInstanceState("other", { action: "stop", force: true }));
          await done(client.deleteInstance("other"));
          await fill(daemon, "hog");
          await done(client.deleteSnapshot("third", "s"));

          await daemon.stop();
          await daemon.start();
          assert.deepEqual((await client.listInstances()).map(({ name, status }) => `${name} ${status}`).sort(), [
            "hog Running",
            "third Running",
          ]);
          await daemon.kill();
          await daemon.start();
          assert.equal(String((await client.execOutput("third", { command: ["hostname"] })).stdout), "third\n");
          assert.equal((await client.getStoragePool("default")).value.status, "Created");
          await fill(daemon, "hog");

          await done(client.setInstanceState("third", { action: "stop", force: true }));
          await done(client.deleteInstance("third"));
          await done(client.setInstanceState("hog", { action: "stop", force: true }));
          await done(client.deleteInstance("hog"));
          assert.deepEqual(await client.listInstances(), []);
          await launch(daemon, "next");
          await done(client.setInstanceState("next", { action: "stop", force: true }));
          await done(client.deleteInstance("next"));
          assert.deepEqual(await open(daemon, "Leftover cannot be removed"), []);
          assert.deepEqual(await open(daemon, "No space left for the database"), []);
        }),
      ),
    );
  }

  const root = requireFeature("root", process.getuid?.() === 0);
  test("whatever finds no space on a full disk is refused with 503 and says so", { skip: root }, () =>
    onFileSystem("ext4", sizes.ext4, (base) =>
      withDaemon({ base }, async (daemon) => {
        await preparePool(daemon, "dir");
        await launch(daemon, "hog");
        await reserved(daemon);
        await fill(daemon, "hog");
        const octets = { "content-type": "application/octet-stream" };
        const file = "/1.0/instances/hog/files?path=/root/pushed";
        const refused = [
          await outcome(daemon.socket, "POST", "/1.0/instances", { name: "made", source: image }),
          await outcome(daemon.socket, "POST", "/1.0/instances", {
            name: "made",
            source: { type: "copy", source: "hog" },
          }),
          await outcome(daemon.socket, "POST", "/1.0/instances/hog/snapshots", { name: "s" }),
          await outcome(daemon.socket, "POST", "/1.0/storage-pools", { name: "made", driver: "dir", config: {} }),
          await send(daemon.socket, "POST", "/1.0/images", Buffer.alloc(1 << 20, 1), octets),
          await send(daemon.socket, "POST", file, Buffer.alloc(1 << 20, 1), octets),
        ].map((told) => [told.status, ("json" in told ? told.json.error : told.error) ?? ""] as const);
        for (const [status, error] of refused) {
          assert.equal(status, 503, error);
          assert.match(error, /no space left on device/i);
        }
        assert.equal((await daemon.client.listStoragePools()).length, 1);
        assert.equal((await daemon.client.listInstances()).length, 1);
      }),
    ),
  );

  test("a daemon on a file system that is read-only says so", { skip: root }, () =>
    onFileSystem("ext4", sizes.ext4, (base) =>
      withDaemon({ base }, async (daemon) => {
        await preparePool(daemon, "dir");
        await daemon.stop();
        execFileSync("mount", ["-o", "remount,ro", base]);
        await assert.rejects(
          daemon.start(),
          /Cannot use the state folder ".*": its file system is read-only\. Mount it so that it can be written/,
        );
        execFileSync("mount", ["-o", "remount,rw", base]);
        await daemon.start();
      }),
    ),
  );
  const ext4 = root || requireFeature("mkfs.ext4", hasProgram("mkfs.ext4"));
  const mkfs = root || requireFeature("mkfs.btrfs", hasProgram("mkfs.btrfs"));

  test(
    "what cannot be stored is refused and told, what is read or deleted works, and all works again once there is room",
    { skip: ext4 },
    () =>
      onFileSystem("ext4", sizes.ext4, (base) =>
        withDaemon({ base }, async (daemon) => {
          const { client } = daemon;
          await preparePool(daemon, "dir");
          for (const name of ["hog", "other"]) await launch(daemon, name);
          await reserved(daemon);
          await fill(daemon, "hog");
          const description = "x".repeat(100_000);
          let refused: ApiError | undefined;
          let made = 0;
          for (; refused === undefined && made < 1000; made += 1)
            await client
              .createProfile({ name: `p${made}`, description, config: {}, devices: {} })
              .catch((error: ApiError) => {
                refused = error;
              });
          assert.equal(refused?.status, 503);
          assert.match(
            refused?.message ?? "",
            /Cannot change anything: the file system of ".*bothy\.db" is full\. Delete what is not needed/,
          );
          const [told] = await open(daemon, "No space left for the database");
          assert.match(told?.last_message ?? "", /Nothing can be changed but deleted/);
          assert.equal((await client.listProfiles()).length, made, "those stored before, and the default one");

          await daemon.kill();
          await daemon.start();
          assert.equal((await client.listInstances()).length, 2);
          await done(client.setInstanceState("other", { action: "stop", force: true }));
          await done(client.deleteInstance("other"));
          await client.deleteProfile("p0");
          await done(client.setInstanceState("hog", { action: "stop", force: true }));
          await done(client.deleteInstance("hog"));
          await client.createProfile({ name: "again", description, config: {}, devices: {} });
          assert.deepEqual(await open(daemon, "No space left for the database"), []);
        }),
      ),
  );

  test("with no inode free the daemon answers, starts again, and deletes", { skip: ext4 }, () =>
    onFileSystem("ext4", sizes.ext4, (base) =>
      withDaemon({ base }, async (daemon) => {
        const { client } = daemon;
        await preparePool(daemon, "dir");
        for (const name of ["hog", "other"]) await launch(daemon, name);
        await reserved(daemon);
        const script =
          "mkdir /root/many; i=0; while : > /root/many/$i; do i=$((i+1)); done; while :; do : > /root/many/again; sleep 0.01; done";
        const { code } = await client.execOutput("hog", {
          command: ["sh", "-c", `(${script}) >/dev/null 2>&1 </dev/null & echo`],
        });
        assert.equal(code, 0);
        for (const deadline = Date.now() + 300_000; statfsSync(base).ffree > 0; await delay(100))
          assert.ok(Date.now() < deadline);
        for (const end of ["stop", "kill"] as const) {
          await daemon[end]();
          await daemon.start();
          assert.equal((await client.listInstancesFull()).length, 2);
        }
        assert.equal(String((await client.execOutput("other", { command: ["hostname"] })).stdout), "other\n");
        for (const name of ["other", "hog"]) {
          await done(client.setInstanceState(name, { action: "stop", force: true }));
          await done(client.deleteInstance(name));
        }
        await launch(daemon, "next");
        await done(client.setInstanceState("next", { action: "stop", force: true }));
        await done(client.deleteInstance("next"));
      }),
    ),
  );

  test(
    "a full pool of its own btrfs lets containers and snapshots go, and has the room for the next",
    { skip: mkfs },
    () =>
      withDaemon({}, async (daemon) => {
        const { client } = daemon;
        await client.createStoragePool({ name: "default", driver: "btrfs", config: { size: "192MiB" } });
        const { value } = await client.getProfile("default");
        await client.updateProfile("default", {
          ...value,
          devices: { root: { type: "disk", path: "/", pool: "default" } },
        });
        for (const name of ["hog", "other"]) await launch(daemon, name);
        await done(client.createSnapshot("other", { name: "s" }));
        await fill(daemon, "hog");
        await done(client.deleteSnapshot("other", "s"));
        await daemon.stop();
        await daemon.start();
        for (const name of ["other", "hog"]) {
          await done(client.setInstanceState(name, { action: "stop", force: true }));
          await done(client.deleteInstance(name));
        }
        await launch(daemon, "next");
        await done(client.setInstanceState("next", { action: "stop", force: true }));
        await done(client.deleteInstance("next"));
        assert.deepEqual(await open(daemon, "Leftover cannot be removed"), []);
      }),
  );

  test(
    "a pool whose image file filled the disk below it can be used again once its containers are stopped",
    { skip: ext4 || mkfs },
    () =>
      onFileSystem("ext4", "256M", (base) =>
        withDaemon({ base }, async (daemon) => {
          const { client } = daemon;
          await client.createStoragePool({ name: "default", driver: "btrfs", config: { size: "512MiB" } });
          const { value } = await client.getProfile("default");
          await client.updateProfile("default", {
            ...value,
            devices: { root: { type: "disk", path: "/", pool: "default" } },
          });
          for (const name of ["hog", "other"]) await launch(daemon, name);
          await client.execOutput("hog", { command: ["sh", "-c", "dd if=/dev/zero of=/root/fill bs=1M; sync"] });
          const write = { command: ["sh", "-c", "echo x > /root/x && sync"] };
          for (
            const deadline = Date.now() + 60_000;
            (await client.execOutput("other", write)).code === 0;
            await delay(200)
          )
            assert.ok(Date.now() < deadline, "the kernel makes the file system read-only");
          await done(client.setInstanceState("hog", { action: "stop", force: true }));
          await assert.rejects(done(client.deleteInstance("hog")), {
            code: "UNAVAILABLE",
            message: /as on a full disk below the image file, make room there, and stop every container of the pool/,
          });
          assert.equal((await client.getStoragePool("default")).value.status, "Unavailable");
          assert.equal((await open(daemon, "Storage pool unavailable"))[0]?.entity_url, "/1.0/storage-pools/default");
          await done(client.setInstanceState("other", { action: "stop", force: true }));
          for (const name of ["hog", "other"]) await done(client.deleteInstance(name));
          const { bavail, bsize } = statfsSync(base);
          assert.ok(bavail * bsize > 2 ** 26, `the disk below has its room back: ${bavail * bsize} bytes`);
          assert.deepEqual(await open(daemon, "Storage pool unavailable"), []);
          await launch(daemon, "next");
          await done(client.setInstanceState("next", { action: "stop", force: true }));
          await done(client.deleteInstance("next"));
        }),
      ),
  );

  for (const driver of spread(["overlay", "dir", "btrfs"], 1))
    test(`${driver}: a quota that is used up is a full disk too`, { skip: mkfs }, () =>
      onFileSystem("btrfs", "512M", async (base) => {
        const limited = path.join(base, "limited");
        execFileSync("btrfs", ["-q", "subvolume", "create", limited]);
        execFileSync("btrfs", ["quota", "enable", base]);
        execFileSync("btrfs", ["qgroup", "limit", "100M", limited]);
        await withDaemon({ base: limited }, async (daemon) => {
          const { client } = daemon;
          await preparePool(daemon, driver);
          const subnet = { "ipv4.address": "10.95.1.1/24", "ipv6.address": "none" };
          if (hasNetworks) await client.createNetwork({ name: "net", config: subnet });
          for (const name of ["hog", "other"]) await launch(daemon, name);
          await reserved(daemon);
          await fill(daemon, "hog");
          for (const end of ["stop", "kill"] as const) {
            await daemon[end]();
            await daemon.start();
            assert.equal((await client.listInstancesFull()).length, 2);
            if (hasNetworks) assert.equal((await client.getNetwork("net")).value.status, "Created");
          }
          for (const name of ["other", "hog"]) {
            await done(client.setInstanceState(name, { action: "stop", force: true }));
            await done(client.deleteInstance(name));
          }
          await launch(daemon, "next");
          await done(client.setInstanceState("next", { action: "stop", force: true }));
          await done(client.deleteInstance("next"));
          assert.deepEqual(await open(daemon, "Leftover cannot be removed"), []);
          if (hasNetworks) await client.deleteNetwork("net");
        });
      }),
    );
});
