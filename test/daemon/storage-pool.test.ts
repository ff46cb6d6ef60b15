/** Storage pools as the daemon keeps them: rules, images, crashes; over real file systems with the other services faked. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { ownCall } from "../../daemon/core/call";
import { ref } from "../../daemon/core/ref";
import type { UnpackOptions } from "../../daemon/kinds/image/archive/unpack";
import type { StoragePoolHome } from "../../daemon/kinds/storage-pool/home";
import { OpenPools } from "../../daemon/kinds/storage-pool/open-pools";
import { StoragePoolService } from "../../daemon/kinds/storage-pool/service";
import { StoragePoolStore, storagePoolSchema } from "../../daemon/kinds/storage-pool/store";
import { Volumes } from "../../daemon/kinds/storage-pool/volumes";
import type { Dirs } from "../../daemon/platform/folders/dirs";
import { BothyCell, type GotFile, type Native } from "../../daemon/platform/native/index";
import { cellProgram } from "../../sdk/host/package";
import { fakeNative } from "../support/fake-native";
import { type TestPlatform, testPlatform } from "../support/platform";
import { requireFeature } from "../support/require";
import { container, driversHere, hands, image, inRoot, smallPool, smallTree, snapshot } from "../support/storage";

const byDaemon = ownCall();
const fingerprint = "f".repeat(64);
const other = "a".repeat(64);
const quiet = { deviceNodes: false, warn: () => undefined };
const isRoot = { skip: requireFeature("root", process.getuid?.() === 0) };

/** Stands for bothy-cell: mounts overlays in a private mount namespace. */
const privateMounts = fakeNative({
  runWithRoot: async (root, at, command) => {
    assert.ok(root.type === "overlay");
    const options = `lowerdir=${root.lower.join(":")},upperdir=${root.upper},workdir=${root.work}`;
    const script = 'mount -t overlay -o "$1" overlay "$2"; shift 2; exec "$@"';
    execFileSync("unshare", ["--mount", "sh", "-euc", script, "sh", options, at, ...command]);
  },
  getFile: async (place) => {
    assert.ok("root" in place);
    inRoot(place.root, "true");
    return {} as GotFile;
  },
  run: hands.run,
  removeTree: hands.removeTree,
  folderProject: hands.folderProject,
});

class World {
  readonly state = mkdtempSync(path.join(tmpdir(), "bothy-service-"));
  readonly unpacked: { fingerprint: string; deviceNodes: boolean }[] = [];
  native: Native = privateMounts;
  unpack: (rootPath: string, options: UnpackOptions) => Promise<void> = smallTree;
  platform: TestPlatform;
  pools: StoragePoolService;
  volumes: Volumes;

  constructor() {
    this.platform = testPlatform(this.state, [storagePoolSchema], {});
    ({ pools: this.pools, volumes: this.volumes } = this.#makeServices());
  }

  get dirs(): Dirs {
    return this.platform.dirs;
  }

  #makeServices(): { pools: StoragePoolService; volumes: Volumes } {
    const home: StoragePoolHome = {
      ...this.platform,
      native: this.native,
      volumeKeys: () => ({}),
      snapshots: { urlsIn: () => [] },
      images: {
        urls: (all) => [...all].map((one) => `/1.0/images/${one}`),
        unpack: async (wanted, rootPath, options) => {
          this.unpacked.push({ fingerprint: wanted, deviceNodes: options.deviceNodes });
          await this.unpack(rootPath, options);
        },
      },
    };
    const open = new OpenPools(home);
    return { pools: new StoragePoolService(home, open), volumes: new Volumes(home, open) };
  }

  /** The daemon is killed and another one starts. */
  async restart(): Promise<void> {
    this.platform.database.close();
    this.platform = testPlatform(this.state, [storagePoolSchema], {});
    ({ pools: this.pools, volumes: this.volumes } = this.#makeServices());
    await this.pools.startAll();
  }

  /** Puts bothy-cell in the place of the fake. */
  async useRealNative(): Promise<void> {
    this.native = await BothyCell.start(cellProgram, this.dirs, this.platform.log);
    ({ pools: this.pools, volumes: this.volumes } = this.#makeServices());
  }

  create(name: string, driver: string, config: Record<string, string> = {}): Promise<void> {
    return this.pools.create(byDaemon, { name, driver, description: "", config });
  }

  see(pool: string, name: string, script: string): string {
    return inRoot(this.volumes.root(pool, container(name)), script);
  }
}

async function withWorld(work: (world: World) => Promise<void>): Promise<void> {
  const world = new World();
  try {
    await work(world);
    assert.equal(world.platform.locks.size, 0, "no lock is left");
  } finally {
    if (world.native instanceof BothyCell) await world.native.stop();
    await world.pools.stopAll();
    world.platform.database.close();
    world.platform.log.close();
    rmSync(world.state, { recursive: true });
  }
}

test("a new pool tells its driver, its filled-in source and who uses it", isRoot, () =>
  withWorld(async (world) => {
    await world.create("fast", "dir", { "user.owner": "me" });
    await world.volumes.createFromImage("fast", fingerprint, container("web"), quiet);
    for (const [kind, name, pool] of [
      ["instance", "web", "fast"],
      ["instance", "elsewhere", "slow"],
      ["profile", "default", "fast"],
      ["profile", "big", "slow"],
    ] as const)
      world.platform.references.say(ref(kind, name), [ref("storage-pool", pool)]);
    assert.deepEqual(world.pools.get(byDaemon, "fast"), {
      name: "fast",
      description: "",
      driver: "dir",
      config: { "user.owner": "me", source: world.dirs.pool("fast") },
      status: "Created",
      used_by: [`/1.0/images/${fingerprint}`, "/1.0/instances/web", "/1.0/profiles/default"],
      locations: ["none"],
    });
    assert.deepEqual(
      world.pools.list().map(({ name }) => name),
      ["fast"],
    );
  }),
);

test("wrong pools are refused with the cause, and nothing is left of them", isRoot, () =>
  withWorld(async (world) => {
    await world.create("taken", "dir");
    const full = path.join(world.state, "..", `${path.basename(world.state)}-full`);
    mkdirSync(full);
    writeFileSync(path.join(full, "precious"), "");
    const link = `${full}-link`;
    symlinkSync(full, link);
    const cases: [string, string, Record<string, string>, string, RegExp][] = [
      ["a", "ceph", {}, "BAD_REQUEST", /Cannot create storage pool "a": unknown driver "ceph"/],
      ["taken", "dir", {}, "CONFLICT", /Cannot create storage pool "taken": The storage pool already exists/],
      ["a", "dir", { size: "1GiB" }, "BAD_REQUEST", /Unknown configuration key: size/],
      ["a", "dir", { source: "relative" }, "BAD_REQUEST", /"source": it must be an absolute path/],
      ["a", "dir", { source: "/nowhere/at/all" }, "BAD_REQUEST", /does not exist/],
      ["a", "dir", { source: "/etc/passwd" }, "BAD_REQUEST", /is not a folder/],
      ["a", "dir", { source: full }, "BAD_REQUEST", /is not empty/],
      ["a", "overlay", { source: link }, "BAD_REQUEST", /is not empty/],
      ["a", "dir", { source: "/" }, "BAD_REQUEST", /must/],
      ["a", "dir", { source: `${full}/../x` }, "BAD_REQUEST", /without "\.\."/],
      ["a", "dir", { source: path.join(world.state, "images") }, "BAD_REQUEST", /must not be in the state folder/],
      ["a", "dir", { source: world.dirs.pool("taken") }, "BAD_REQUEST", /is that of storage pool "taken"/],
      ["a", "btrfs", { size: "much" }, "BAD_REQUEST", /it must be a size/],
    ];
    for (const [name, driver, config, code, message] of cases)
      await assert.rejects(
        world.create(name, driver, config),
        { code, message },
        `${driver} ${JSON.stringify(config)}`,
      );
    assert.deepEqual(readdirSync(full), ["precious"]);
    assert.deepEqual(readdirSync(path.join(world.state, "storage-pools")), ["taken"]);
    assert.throws(() => world.pools.get(byDaemon, "a"), { code: "NOT_FOUND", message: "Storage pool not found" });
    rmSync(link);
    rmSync(full, { recursive: true });
  }),
);

test("a folder that lies where the pool would be is never touched", () =>
  withWorld(async (world) => {
    const folder = world.dirs.pool("lost");
    mkdirSync(path.join(folder, "containers", "web"), { recursive: true });
    await assert.rejects(world.create("lost", "dir"), { code: "BAD_REQUEST", message: /is there already/ });
    assert.ok(existsSync(path.join(folder, "containers", "web")));
  }));

test("a folder of the user's becomes a pool and is his again after it", isRoot, () =>
  withWorld(async (world) => {
    const source = mkdtempSync(path.join(tmpdir(), "bothy-source-"));
    await world.create("mine", "dir", { source });
    await world.volumes.createFromImage("mine", fingerprint, container("web"), quiet);
    assert.ok(existsSync(path.join(source, "containers", "web", "rootfs", "etc")));
    await world.restart();
    assert.equal(world.see("mine", "web", "cat etc/name"), "image");
    writeFileSync(path.join(source, "note"), "");
    await world.volumes.delete("mine", container("web"));
    await world.pools.delete(byDaemon, "mine");
    assert.deepEqual(readdirSync(source), ["note"]);
    assert.equal(existsSync(world.dirs.pool("mine")), false);
    rmSync(source, { recursive: true });
  }),
);

test("description and user keys can change, what the pool stands on cannot", () =>
  withWorld(async (world) => {
    const store = new StoragePoolStore(world.platform.database);
    const own = { source: "/disks/p.img", size: "1GiB", "volatile.initial_source": "x" };
    const given = { "btrfs.mount_options": "noatime", "user.a": "1" };
    store.insert({ name: "p", driver: "btrfs", description: "", config: { ...own, ...given }, state: "created" });
    await world.pools.update(byDaemon, "p", {
      description: "new",
      config: { "btrfs.mount_options": "noatime", "user.b": "2" },
    });
    const { description, config } = world.pools.get(byDaemon, "p");
    assert.equal(description, "new");
    assert.deepEqual(config, { ...own, "btrfs.mount_options": "noatime", "user.b": "2" }, "what was filled in stays");
    const wrong: [Record<string, string>, RegExp][] = [
      [{ ...config, source: "/srv" }, /Cannot update storage pool "p": "source" cannot be changed/],
      [{ ...config, "volatile.mine": "1" }, /"volatile.mine" cannot be changed/],
      [{ ...config, nonsense: "1" }, /Unknown configuration key: nonsense/],
      [{ ...config, "volume.size": "much" }, /Invalid value for "volume.size": it must be a size/],
      [{ ...config, "rsync.bwlimit": "fast" }, /Invalid value for "rsync.bwlimit"/],
      [{ ...config, "rsync.compression": "maybe" }, /Invalid value for "rsync.compression"/],
    ];
    for (const [put, message] of wrong)
      await assert.rejects(world.pools.update(byDaemon, "p", { description: "", config: put }), {
        code: "BAD_REQUEST",
        message,
      });
    assert.deepEqual(world.pools.get(byDaemon, "p").config, config);
    store.delete("p");
  }));

test("a pool in use stays, image volumes alone do not hinder", isRoot, () =>
  withWorld(async (world) => {
    await world.create("p", "dir");
    const inUse = { code: "BAD_REQUEST", message: "The storage pool is currently in use" };
    await world.volumes.createFromImage("p", fingerprint, container("web"), quiet);
    await assert.rejects(world.pools.delete(byDaemon, "p"), inUse);
    await world.volumes.delete("p", container("web"));
    const { references } = world.platform;
    references.say(ref("instance", "web"), [ref("storage-pool", "p")]);
    await assert.rejects(world.pools.delete(byDaemon, "p"), inUse);
    references.forget(ref("instance", "web"));
    references.say(ref("profile", "default"), [ref("storage-pool", "p")]);
    await assert.rejects(world.pools.delete(byDaemon, "p"), inUse);
    references.forget(ref("profile", "default"));
    await world.pools.delete(byDaemon, "p");
    assert.throws(() => world.pools.get(byDaemon, "p"), { code: "NOT_FOUND" });
    assert.deepEqual(readdirSync(path.join(world.state, "storage-pools")), []);
  }),
);

test("a pool stays while a volume is being made in it", isRoot, () =>
  withWorld(async (world) => {
    await world.create("p", "dir");
    let release: () => void = () => undefined;
    world.unpack = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const making = world.volumes.createFromImage("p", fingerprint, container("web"), quiet);
    while (world.unpacked.length === 0) await new Promise(setImmediate);
    await assert.rejects(world.pools.delete(byDaemon, "p"), /currently in use/);
    release();
    await making;
  }),
);

test("a pool is deleted after the image volumes whose removal is under way", isRoot, () =>
  withWorld(async (world) => {
    await world.create("p", "dir");
    await world.volumes.createFromImage("p", fingerprint, container("web"), quiet);
    await world.volumes.delete("p", container("web"));
    await Promise.all([world.volumes.forgetImage(fingerprint), world.pools.delete(byDaemon, "p")]);
    assert.throws(() => world.pools.get(byDaemon, "p"), { code: "NOT_FOUND" });
    assert.deepEqual(readdirSync(path.join(world.state, "storage-pools")), []);
  }),
);

test("an image is unpacked once for all who ask, and once more with device nodes", isRoot, () =>
  withWorld(async (world) => {
    await world.create("p", "overlay");
    const names = ["a", "b", "c", "d"];
    await Promise.all(names.map((name) => world.volumes.createFromImage("p", fingerprint, container(name), quiet)));
    assert.deepEqual(world.unpacked, [{ fingerprint, deviceNodes: false }]);
    const privileged = { ...quiet, deviceNodes: true };
    await world.volumes.createFromImage("p", fingerprint, container("e"), privileged);
    await world.volumes.createFromImage("p", fingerprint, container("f"), privileged);
    assert.deepEqual(world.unpacked[1], { fingerprint, deviceNodes: true });
    assert.equal(world.unpacked.length, 2);
    assert.deepEqual(world.pools.get(byDaemon, "p").used_by, [`/1.0/images/${fingerprint}`]);
  }),
);

test("every container of an image hears what unpacking it left out", isRoot, () =>
  withWorld(async (world) => {
    await world.create("p", "dir");
    world.unpack = async (rootPath, { warn }) => {
      await smallTree(rootPath);
      warn("Skipped 3 device nodes");
    };
    const heard: string[] = [];
    const options = { deviceNodes: false, warn: (message: string) => heard.push(message) };
    await world.volumes.createFromImage("p", fingerprint, container("a"), options);
    await world.restart();
    await world.volumes.createFromImage("p", fingerprint, container("b"), options);
    assert.deepEqual(heard, ["Skipped 3 device nodes", "Skipped 3 device nodes"]);
    assert.equal(world.unpacked.length, 1);
  }),
);

test("an image that fails to unpack fails all who wait for it, and is tried again by the next", isRoot, () =>
  withWorld(async (world) => {
    await world.create("p", "dir");
    world.unpack = async () => {
      throw new Error("broken tarball");
    };
    await assert.rejects(world.volumes.createFromImage("p", fingerprint, container("a"), quiet), /broken tarball/);
    world.unpack = smallTree;
    await world.volumes.createFromImage("p", fingerprint, container("a"), quiet);
    assert.equal(world.see("p", "a", "cat etc/name"), "image");
  }),
);

test("a forgotten image leaves every pool, after the clones that are under way", isRoot, () =>
  withWorld(async (world) => {
    for (const driver of ["dir", "overlay"]) {
      await world.create(driver, driver);
      await world.volumes.createFromImage(driver, other, container("kept"), quiet);
    }
    const names = ["a", "b", "c"];
    const making = ["dir", "overlay"].flatMap((pool) =>
      names.map((name) => world.volumes.createFromImage(pool, fingerprint, container(name), quiet)),
    );
    while (world.unpacked.length < 4) await new Promise(setImmediate);
    await Promise.all([...making, world.volumes.forgetImage(fingerprint)]);
    for (const pool of ["dir", "overlay"]) {
      assert.deepEqual(await world.volumes.list(pool, "images"), [other]);
      assert.deepEqual(world.pools.get(byDaemon, pool).used_by, [`/1.0/images/${other}`]);
      for (const name of names) assert.equal(world.see(pool, name, "cat etc/name"), "image");
    }
  }),
);

const hasCell = { skip: isRoot.skip || requireFeature("cell", existsSync(cellProgram)) };

test("volumes go from any driver to any other with all that they have", hasCell, async () => {
  const here = (await driversHere()).filter(({ skip }) => skip === false).map(({ driver }) => driver.name);
  await withWorld(async (world) => {
    await world.useRealNative();
    for (const driver of here) await world.create(driver, driver, smallPool(driver));
    const look = "cat etc/name; stat -c '%a %u:%g' bin/tool var/spool .; [ etc/one -ef etc/two ]; ls etc var";
    for (const from of here) {
      await world.volumes.createFromImage(from, fingerprint, container(`of-${from}`), quiet);
      world.see(from, `of-${from}`, "echo changed > etc/name; rm etc/kept; rm -r var; mkdir -p var/spool; chmod 711 .");
      await world.volumes.clone(
        { pool: from, volume: container(`of-${from}`) },
        { pool: from, volume: snapshot(`of-${from}/s`) },
      );
      for (const to of here.filter((name) => name !== from)) {
        const target = container(`to-${to}-of-${from}`);
        await world.volumes.clone({ pool: from, volume: snapshot(`of-${from}/s`) }, { pool: to, volume: target });
        assert.equal(world.see(to, target.name, look), world.see(from, `of-${from}`, look), `${from} to ${to}`);
      }
    }
    assert.deepEqual(readdirSync(world.dirs.scratch), []);
  });
});

test("a copy into another pool takes no attribute along that overlayfs or the host would heed", hasCell, async (t) => {
  const here = (await driversHere()).filter(({ skip }) => skip === false).map(({ driver }) => driver.name);
  if (!here.includes("overlay")) {
    t.skip("this machine lacks overlay");
    return;
  }
  await withWorld(async (world) => {
    await world.useRealNative();
    for (const driver of ["dir", "overlay"]) await world.create(driver, driver);
    await world.volumes.createFromImage("dir", fingerprint, container("web"), quiet);
    // As the root of a privileged container can.
    const given = ["trusted.overlay.opaque=y", "trusted.mine=1", "user.mine=2", "user.overlay.mine=3"];
    const options = given.map((one) => `--pax-option=SCHILY.xattr.${one.replace("=", ":=")}`).join(" ");
    const make = `echo x > etc/marked; tar --format=pax ${options} -cf m.tar etc/marked; tar --xattrs --xattrs-include='*' -xf m.tar; rm m.tar`;
    world.see("dir", "web", make);
    const look =
      "tar --xattrs --xattrs-include='*' --format=pax -cf - etc/marked | grep -ao 'SCHILY.xattr.[a-z.]*' | sort";
    assert.match(world.see("dir", "web", look), /trusted\.overlay\.opaque/, "this machine lets root make them");
    await world.volumes.clone(
      { pool: "dir", volume: container("web") },
      { pool: "overlay", volume: container("copy") },
    );
    const root = world.volumes.root("overlay", container("copy"));
    assert.ok(root.type === "overlay");
    const bytes = execFileSync("sh", ["-c", `cd "$1"; ${look}`, "sh", root.upper], { encoding: "utf8" });
    assert.deepEqual(bytes.trim().split("\n"), ["SCHILY.xattr.user.mine", "SCHILY.xattr.user.overlay.mine"]);
  });
});

test("a pool that cannot be opened at the start is unavailable, and usable again when it can", isRoot, () =>
  withWorld(async (world) => {
    const source = mkdtempSync(path.join(tmpdir(), "bothy-source-"));
    await world.create("good", "dir");
    await world.create("away", "dir", { source });
    await world.volumes.createFromImage("away", fingerprint, container("web"), quiet);
    execFileSync("mv", [source, `${source}-moved`]);
    await world.restart();
    assert.equal(world.pools.get(byDaemon, "away").status, "Unavailable");
    assert.equal(world.pools.get(byDaemon, "good").status, "Created");
    await assert.rejects(world.volumes.createEmpty("away", container("b")), {
      code: "UNAVAILABLE",
      message: /Cannot use storage pool "away": it is unavailable\. .*is missing/,
    });
    assert.throws(() => world.volumes.root("away", container("web")), { code: "UNAVAILABLE" });
    await world.volumes.forgetImage(fingerprint);
    execFileSync("mv", [`${source}-moved`, source]);
    assert.deepEqual(await world.volumes.list("away", "containers"), ["web"]);
    assert.deepEqual(await world.volumes.list("away", "images"), [], "an image forgotten meanwhile");
    assert.equal(world.pools.get(byDaemon, "away").status, "Created");
    rmSync(source, { recursive: true });
  }),
);

test("a pool whose making or deleting was cut off is gone after the next start", isRoot, () =>
  withWorld(async (world) => {
    const store = new StoragePoolStore(world.platform.database);
    await world.create("p", "overlay");
    await world.volumes.createFromImage("p", fingerprint, container("web"), quiet);
    const record = world.pools.record("p");
    store.update({ ...record, state: "deleting" });
    store.insert({ name: "q", driver: "dir", description: "", config: {}, state: "creating" });
    store.insert({ name: "r", driver: "dir", description: "", config: { source: "/usr" }, state: "creating" });
    assert.throws(() => world.pools.get(byDaemon, "p"), { code: "NOT_FOUND" });
    await world.restart();
    assert.deepEqual(readdirSync(path.join(world.state, "storage-pools")), []);
    assert.ok(existsSync("/usr/bin"), "a source that was never taken is not touched");
    await world.create("p", "dir");
  }),
);

test(
  "volumes that the database does not know are told, and stay: a restored database lacks what is newer",
  isRoot,
  () =>
    withWorld(async (world) => {
      await world.create("p", "overlay");
      for (const name of ["web", "stray"]) {
        await world.volumes.createFromImage("p", fingerprint, container(name), quiet);
        for (const snap of ["s0", "s1"])
          await world.volumes.clone(
            { pool: "p", volume: container(name) },
            { pool: "p", volume: snapshot(`${name}/${snap}`) },
          );
      }
      writeFileSync(path.join(world.dirs.pool("p"), "containers", "file"), "");
      await world.restart();
      const result = await world.volumes.reconcile("p", {
        containers: ["web", "lost"],
        "containers-snapshots": ["web/s0"],
      });
      assert.deepEqual(result, {
        missing: [container("lost")],
        strays: [container("file"), container("stray"), snapshot("stray/s0"), snapshot("stray/s1"), snapshot("web/s1")],
      });
      assert.deepEqual(await world.volumes.list("p", "containers"), ["file", "stray", "web"]);
      assert.equal(world.see("p", "stray", "cat etc/name"), "image");
    }),
);

test("a rename that the database did not get to know is undone, one that the disk did not is done", isRoot, () =>
  withWorld(async (world) => {
    await world.create("p", "dir");
    for (const name of ["web", "db"]) {
      await world.volumes.createEmpty("p", container(name));
      world.see("p", name, `echo ${name} > me`);
      await world.volumes.clone({ pool: "p", volume: container(name) }, { pool: "p", volume: snapshot(`${name}/s`) });
    }
    await world.volumes.rename("p", container("web"), container("web2"));
    await world.volumes.rename("p", container("web2"), container("web3"));
    await world.volumes.rename("p", snapshot("web/s"), snapshot("web3/s"));
    new StoragePoolStore(world.platform.database).addRename("p", { from: container("db"), to: container("db2") });
    await world.restart();
    const result = await world.volumes.reconcile("p", {
      containers: ["web2", "db2"],
      "containers-snapshots": ["web/s", "db/s"],
    });
    assert.deepEqual(result, { strays: [], missing: [] });
    assert.equal(world.see("p", "web2", "cat me"), "web");
    assert.equal(world.see("p", "db2", "cat me"), "db");
    assert.deepEqual(await world.volumes.list("p", "containers-snapshots"), ["db/s", "web/s"]);
  }),
);

test("image volumes that only disk or only database knows are made anew", isRoot, () =>
  withWorld(async (world) => {
    await world.create("p", "dir");
    await world.volumes.createFromImage("p", fingerprint, container("a"), quiet);
    await world.volumes.createFromImage("p", other, container("b"), quiet);
    new StoragePoolStore(world.platform.database).deleteImage("p", fingerprint);
    rmSync(path.join(world.dirs.pool("p"), "images", other), { recursive: true });
    await world.restart();
    assert.deepEqual(await world.volumes.list("p", "images"), []);
    assert.deepEqual(world.pools.get(byDaemon, "p").used_by, []);
    await world.volumes.createFromImage("p", other, container("c"), quiet);
    assert.equal(world.unpacked.length, 3);
    assert.equal(image(other).type, "images");
  }),
);

test("a driver that the host cannot carry is refused with the reason, and not the default", isRoot, () =>
  withWorld(async (world) => {
    world.native = fakeNative({
      getFile: async () => {
        throw new Error("Cannot mount the folder through the id map");
      },
    });
    await world.restart();
    await assert.rejects(world.create("p", "overlay"), {
      code: "BAD_REQUEST",
      message: /Cannot create storage pool "p": overlays .*through the id map.*bothy doctor/,
    });
    assert.notEqual(await world.pools.defaultDriver(), "overlay");
    const [warning] = world.platform.warnings.list();
    assert.match(warning?.last_message ?? "", /does without the driver "overlay": overlays .*through the id map/);
    assert.deepEqual(readdirSync(world.dirs.scratch), []);
  }),
);

test("the default driver is one that works here", hasCell, () =>
  withWorld(async (world) => {
    await world.useRealNative();
    const driver = await world.pools.defaultDriver();
    await world.create("default", driver, smallPool(driver));
    await world.volumes.createFromImage("default", fingerprint, container("web"), quiet);
    assert.equal(world.see("default", "web", "cat etc/name"), "image");
  }),
);
