/**
 * A power cut just after something was moved or made anew: what the old place had is whole in the new one before the old one goes. What is on the
 * disk by then is what the file below the file system of the pools holds.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { onFileSystem } from "../support/file-system";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

interface Ground {
  readonly daemon: TestDaemon;
  /** Does something with the file system as a power cut now would leave it. */
  readonly afterCut: (look: (pools: string) => void) => void;
}

const onDisk = (work: (ground: Ground) => Promise<void>): Promise<void> =>
  onFileSystem("ext4", "1G", (folder) =>
    withDaemon({ base: folder }, async (daemon) => {
      const afterCut: Ground["afterCut"] = (look) => {
        const scratch = mkdtempSync(path.join(tmpdir(), "bothy-cut-"));
        const [copy, at] = [path.join(scratch, "image"), path.join(scratch, "at")];
        try {
          execFileSync("cp", ["--sparse=always", path.join(path.dirname(folder), "image"), copy]);
          execFileSync("mkdir", [at]);
          execFileSync("mount", ["-o", "loop", copy, at]);
          try {
            look(path.join(at, path.relative(folder, daemon.dir), "storage-pools"));
          } finally {
            execFileSync("umount", [at]);
          }
        } finally {
          rmSync(scratch, { recursive: true });
        }
      };
      await work({ daemon, afterCut });
    }),
  );

const sumOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
/** Of a file that may be missing, or empty. */
const sumAt = (file: string) => (existsSync(file) ? sumOf(readFileSync(file)) : "missing");

test("what was moved or made anew is on the disk before the old one goes", { skip }, () =>
  onDisk(async ({ daemon, afterCut }) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    await client.createStoragePool({ name: "other", driver: "dir" });
    const content = randomBytes(1 << 20);
    const settle = () => execFileSync("sync", ["-f", daemon.dir]);
    const fileIn = (pools: string, ...parts: string[]) => path.join(pools, ...parts, "rootfs/file");

    await client.createStorageVolume("default", { name: "vol" });
    writeFileSync(fileIn(path.join(daemon.dir, "storage-pools"), "default/custom/default_vol"), content);
    settle();
    await (await client.moveStorageVolume("default", "vol", { name: "vol", pool: "other" })).wait();
    afterCut((pools) =>
      assert.equal(sumAt(fileIn(pools, "other/custom/default_vol")), sumOf(content), "a moved volume"),
    );

    await client.patchStorageVolume("other", "vol", { config: { size: "64MiB" } });
    settle();
    await client.patchStorageVolume("other", "vol", { config: { size: "" } });
    afterCut((pools) =>
      assert.equal(sumAt(fileIn(pools, "other/custom/default_vol")), sumOf(content), "one made anew"),
    );

    await (await client.createInstance({ name: "web", source: { type: "image", alias: "template:busybox" } })).wait();
    await client.putFile("web", "/file", content);
    settle();
    await (await client.moveInstance("web", { pool: "other" })).wait();
    afterCut((pools) => assert.equal(sumAt(fileIn(pools, "other/containers/web")), sumOf(content), "a moved instance"));
  }),
);
