/** Project quotas as drivers ask for them, where the file system is one that the test says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PoolPlace } from "../../../daemon/kinds/storage-pool/driver";
import {
  closeProjects,
  forgetProject,
  hasProjects,
  makeProject,
  openProjects,
  projectOf,
} from "../../../daemon/kinds/storage-pool/drivers/project-quota";
import type { FolderProject } from "../../../daemon/platform/native/index";

const nobody = async () => undefined;
const none: FolderProject = { id: 0, isOwn: false, used: 0, limit: undefined };
const ours: FolderProject = { id: 0x40000001, isOwn: true, used: 4096, limit: 2 ** 20 };

/** A pool of a name of its own. @param projects by folder; a folder that is not named has none @returns it, with what it was asked to change and told */
function poolWith(name: string, projects: Readonly<Record<string, FolderProject>> | undefined) {
  const changes: unknown[] = [];
  const notes: string[] = [];
  const pool: PoolPlace = {
    name,
    path: `/pools/${name}`,
    diskImage: `/disks/${name}.img`,
    config: {},
    removeTree: nobody,
    run: nobody,
    folderProject: async (folder, change) => {
      if (change !== undefined) changes.push([folder, ...change]);
      return projects && (projects[folder] ?? none);
    },
    keysOf: () => ({}),
    onNote: (note) => void notes.push(note),
    onLeft: () => undefined,
    onClosed: () => undefined,
  };
  return { pool, changes, notes };
}

test("a pool says by what it bounds its volumes, when it is opened", async () => {
  const [counted, bare] = [poolWith("counted", {}), poolWith("bare", undefined)];
  assert.equal(await openProjects(counted.pool), true);
  assert.equal(await openProjects(bare.pool), false);
  assert.deepEqual(counted.notes, ["Volumes with a size are bounded by project quotas"]);
  assert.deepEqual(bare.notes, ["Volumes with a size are bounded by file systems of their own"]);
  for (const { pool } of [counted, bare]) closeProjects(pool);
});

test("a pool within somebody's project bounds its volumes by file systems, so that all stay in that project", async () => {
  const { pool } = poolWith("nested", { "/pools/nested": { ...ours, id: 5, isOwn: false } });
  assert.equal(await hasProjects(pool), false);
  closeProjects(pool);
});

test("a size in which a volume has no folders, or that no number can say, is refused", async () => {
  const { pool, changes } = poolWith("small", {});
  await assert.rejects(makeProject(pool, "/pools/small/a", 100), { code: "BAD_REQUEST", message: /at least 64KiB/ });
  await assert.rejects(makeProject(pool, "/pools/small/a", 2 ** 62), { code: "BAD_REQUEST", message: /is so large/ });
  assert.deepEqual(changes, []);
});

test("a folder that goes loses its limit; one of somebody else's project, and one without, are left alone", async () => {
  const { pool, changes } = poolWith("going", { "/own": ours, "/other": { ...ours, isOwn: false } });
  for (const folder of ["/own", "/other", "/none"]) await forgetProject(pool, folder);
  assert.deepEqual(changes, [["/own", "limit", 0]]);
  assert.equal(await projectOf(pool, "/other"), undefined);
  closeProjects(pool);
});
