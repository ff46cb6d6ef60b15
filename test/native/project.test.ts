/** Projects of folders on this machine's file systems; test/vm/quota.ts has those that have project quotas. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { requireFeature } from "../support/require";
import { type Line, Spawner } from "./client";

const skip = requireFeature("root", process.getuid?.() === 0);

let spawner: Spawner;
let folder: string;
before(async () => {
  if (skip !== false) return;
  spawner = await Spawner.start(["unshare", "--mount"]);
  folder = mkdtempSync(path.join(tmpdir(), "bothy-project-"));
});
after(async () => {
  if (skip !== false) return;
  await spawner.stop();
  rmSync(folder, { recursive: true });
});

const ask = (...words: (string | number)[]): Promise<Line> => spawner.ask("project", ...words);

/** A file system that surely has none, in the mounts of the spawner alone. */
const inMemory = () => `/proc/${spawner.child.pid}/root${folder}`;

test("a file system without project quotas says so, and bounds nothing", { skip }, async () => {
  execFileSync("nsenter", ["--mount", "--target", String(spawner.child.pid), "mount", "-t", "tmpfs", "none", folder]);
  for (const place of [folder, inMemory()]) {
    assert.deepEqual(await ask("folder", place), { projects: false });
    for (const change of ["make", "limit"]) {
      const { error } = await ask("folder", place, change, 1048576);
      assert.deepEqual(
        [error?.phase, error?.op, error?.errno, error?.path],
        ["project", "folder", "EOPNOTSUPP", place],
      );
      assert.match(error?.message ?? "", /has no project quotas, or they are not switched on/);
    }
  }
});

test("what is no folder, no path, no number or no folder at all is refused", { skip }, async () => {
  const errnoOf = async (...words: (string | number)[]) => (await ask(...words)).error?.errno;
  assert.equal(await errnoOf("folder", path.join(folder, "nothing")), "ENOENT");
  assert.equal(await errnoOf("folder", "/etc/passwd"), "ENOTDIR");
  assert.equal(await errnoOf("folder", "etc"), "EINVAL");
  assert.equal(await errnoOf("folder", folder, "make", "-1"), "EINVAL");
  assert.equal(await errnoOf("make", 1), "EINVAL");
});
