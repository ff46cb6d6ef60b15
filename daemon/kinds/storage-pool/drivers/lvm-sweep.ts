/** LVM sweep: what a daemon that was killed left in a pool of LVM is finished or removed. */
import { rmdir } from "node:fs/promises";
import path from "node:path";
import { entries, ignoring } from "../../../platform/folders/files";
import type { PoolPlace } from "../driver";
import { deviceOf, isPartial, isReady, volumeOfLv } from "./lvm-names";
import { activate, groupOf, reportOf } from "./lvm-place";
import { inTime, removeLv } from "./lvm-pool";
import type { Lv } from "./lvm-report";
import { forTag, mountVolumes, removePoint, settle, unmount } from "./lvm-volume";
import { folderOf, orTell, partialMark, volumeTypes } from "./volume-folder";

/** Finishes replacements and removes unfinished work, and the folders of volumes that are gone. What fails is told, and keeps nobody from the rest. */
export async function sweepLvs(pool: PoolPlace): Promise<void> {
  const { vg } = groupOf(pool);
  const { lvs } = await reportOf(pool);
  await activate(vg, lvs);
  const isOpen = lvs.some(({ name }) => isReady(name));
  for (const { name, tags } of lvs.filter((lv) => isReady(lv.name))) {
    const volume = volumeOfLv(tags.find((tag) => tag.startsWith(forTag))?.slice(forTag.length) ?? "");
    await orTell(pool, deviceOf(vg, name), async () => volume && settle(pool, name, volume));
  }
  const settled = isOpen ? (await reportOf(pool)).lvs : lvs;
  await sweepPoints(pool, settled);
  for (const { name } of settled.filter((lv) => isPartial(lv.name)))
    await orTell(pool, deviceOf(vg, name), () => inTime(() => removeLv(vg, name)));
  await mountVolumes(pool, settled);
}

/** Folders of no volume: of unfinished work, and mount points whose volume is gone or has another name. */
async function sweepPoints(pool: PoolPlace, lvs: readonly Lv[]): Promise<void> {
  const wanted = new Set<string>();
  for (const { name } of lvs) {
    const volume = volumeOfLv(name);
    if (volume !== undefined) wanted.add(folderOf(pool, volume));
  }
  for (const folder of await pointsOf(pool)) {
    if (wanted.has(folder)) continue;
    await orTell(pool, folder, async () => {
      await unmount(folder, true);
      if (path.basename(folder).startsWith(partialMark)) await removePoint(pool, folder);
      else await ignoring(["ENOTDIR", "ENOENT", "ENOTEMPTY"], rmdir(folder));
    });
  }
}

/** The folders that may be mount points; after those of snapshots the folder that they are in. */
async function pointsOf(pool: PoolPlace): Promise<string[]> {
  const points: string[] = [];
  for (const type of volumeTypes) {
    const folder = path.join(pool.path, type);
    for (const name of await entries(folder)) {
      const point = path.join(folder, name);
      if (type.endsWith("-snapshots")) points.push(...(await entries(point)).map((one) => path.join(point, one)));
      points.push(point);
    }
  }
  return points;
}
