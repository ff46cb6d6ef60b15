/** What the backup of a custom volume says of itself, read with suspicion: it comes from elsewhere. */
import * as z from "zod";
import { never, SnapshotName, Text } from "../../../../sdk/api/common";
import { badRequest } from "../../../../sdk/api/errors";
import type { ContentType } from "../../../../sdk/api/storage-volume";
import { config, list, parse, time, word, yes } from "./words";

const contentType = z
  .enum(["filesystem", "block", ""])
  .nullish()
  .transform((value): ContentType => (value === "block" ? "block" : "filesystem"));

const Volume = z
  .object({ name: word, description: word, config, content_type: contentType, created_at: time(never) })
  .transform(({ content_type, created_at, ...rest }) => ({
    ...rest,
    contentType: content_type,
    createdAt: created_at,
  }));

const Snapshot = z
  .object({
    name: Text.transform((name) => name.split("/").at(-1) ?? "").pipe(SnapshotName),
    description: word,
    config,
    created_at: time(never),
    expires_at: time(never),
  })
  .transform(({ created_at, expires_at, ...rest }) => ({ ...rest, createdAt: created_at, expiresAt: expires_at }));
export type BackedUpVolumeSnapshot = z.output<typeof Snapshot>;

const Index = z.object({
  name: word,
  optimized: yes,
  type: word,
  snapshots: list(Text),
  config: z.object({ volume: Volume.nullish(), volume_snapshots: list(Snapshot) }).nullish(),
});

export interface BackedUpVolume {
  readonly volume: z.output<typeof Volume>;
  readonly snapshots: readonly BackedUpVolumeSnapshot[];
  readonly isOptimized: boolean;
}

/** @param index of the backup, as readYaml gives it @throws ApiError BAD_REQUEST */
export function readVolumeBackup(index: unknown): BackedUpVolume {
  const { name, optimized, type, snapshots, config: told } = parse("index.yaml", Index, index);
  if (type !== "custom")
    throw badRequest(`Cannot import backup: it is of the type "${type}". Send one of a custom storage volume.`);
  const volume = told?.volume;
  if (volume === undefined || volume === null)
    throw badRequest("Cannot import backup: its index.yaml tells of no volume. Make it again.");
  // The files of those that the index does not name are not there.
  const kept = (told?.volume_snapshots ?? []).filter((snapshot) => snapshots.includes(snapshot.name));
  if (new Set(kept.map((snapshot) => snapshot.name)).size < kept.length)
    throw badRequest("Cannot import backup: its index.yaml has two snapshots of one name. Make it again.");
  return { volume: { ...volume, name: name || volume.name }, snapshots: kept, isOptimized: optimized };
}
