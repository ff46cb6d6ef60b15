/** Inspect: everything that must hold before a file becomes an instance. A confined process reads the file; the daemon reads its result. */
import path from "node:path";
import { ApiError, badRequest } from "../../../../sdk/api/errors";
import type { TarLayout } from "../../image/archive/check";
import { checkedApart } from "../../image/archive/checked-apart";
import { type Compression, detectCompression } from "../../image/archive/compression";
import type { ImageLimits } from "../../image/archive/limits";
import { type BackedUp, readBackup } from "../format/read";
import { type BackedUpVolume, readVolumeBackup } from "../format/read-volume";
import type { BackupJob, BackupResult, CheckedBackup, CheckedVolumeBackup } from "./check-backup-process";

export interface InspectedBackup extends BackedUp {
  readonly compression: Compression;
  readonly container: TarLayout;
  /** metadata.yaml beside the instance's root, not checked, and the templates by their file name. */
  readonly metadata: unknown;
  readonly templates: Readonly<Record<string, string>>;
  /** Roots of snapshots by name. */
  readonly roots: ReadonlyMap<string, TarLayout>;
}

const program = path.join(__dirname, "check-backup-process.js");

/** @throws ApiError BAD_REQUEST "Cannot import backup: <cause>. <what to do>"; the signal's reason when it aborts */
export async function inspectBackup(file: string, limits: ImageLimits, signal: AbortSignal): Promise<InspectedBackup> {
  const { compression, checked } = await checkedFile<CheckedBackup>(file, "instance", limits, signal);
  const { index, beside, container, metadata, snapshots, templates } = checked;
  const backup = readBackup(index, beside);
  requirePlain(backup);
  const roots = rootsOf(backup.snapshots, snapshots);
  return { ...backup, compression, container, metadata, roots, templates };
}

export interface InspectedVolumeBackup extends BackedUpVolume {
  readonly compression: Compression;
  /** Where the content is. */
  readonly own: TarLayout;
  /** Content of snapshots by name. */
  readonly roots: ReadonlyMap<string, TarLayout>;
}

/** The same of a custom volume. */
export async function inspectVolumeBackup(
  file: string,
  limits: ImageLimits,
  signal: AbortSignal,
): Promise<InspectedVolumeBackup> {
  const { compression, checked } = await checkedFile<CheckedVolumeBackup>(file, "volume", limits, signal);
  const backup = readVolumeBackup(checked.index);
  requirePlain(backup);
  const { contentType } = backup.volume;
  const { own, snapshots } = checked[contentType];
  if (own === undefined)
    throw badRequest(
      `Cannot import backup: it holds no backup/volume${contentType === "block" ? ".img" : ""}. Send the whole file that an export gave.`,
    );
  return { ...backup, compression, own, roots: rootsOf(backup.snapshots, snapshots) };
}

async function checkedFile<Checked>(
  file: string,
  of: BackupJob["of"],
  limits: ImageLimits,
  signal: AbortSignal,
): Promise<{ compression: Compression; checked: Checked }> {
  const compression = await detectCompression(file).catch((error: unknown) => {
    throw ApiError.is(error) ? unsupported(error) : error;
  });
  const packed = { path: file, compression };
  if (compression === "squashfs") throw badRequest("Cannot import backup: it is a squashfs. Send it as a tarball.");
  const job: BackupJob = { file: packed, limits, of };
  const result = await checkedApart<BackupResult<Checked>>(program, job, [packed], signal);
  if ("refused" in result) throw badRequest(result.refused);
  return { compression, checked: result.checked };
}

function requirePlain({ isOptimized }: { readonly isOptimized: boolean }): void {
  if (isOptimized)
    throw badRequest(
      "Cannot import backup: it is of a format that only the storage driver knows which wrote it. Make it without optimized storage.",
    );
}

/** @throws ApiError BAD_REQUEST for a snapshot without one */
function rootsOf(
  told: readonly { readonly name: string }[],
  found: readonly (readonly [name: string, layout: TarLayout])[],
): ReadonlyMap<string, TarLayout> {
  const roots = new Map(found);
  for (const { name } of told)
    if (!roots.has(name))
      throw badRequest(
        `Cannot import backup: it lacks the root of the snapshot "${name}". Send the whole file that an export gave.`,
      );
  return roots;
}

const unsupported = (cause: ApiError): ApiError =>
  badRequest(
    "Cannot import backup: Unsupported compression. Send a tarball, plain or packed by gzip, bzip2, xz, lzma or zstd.",
    { cause },
  );

/** The same error in words of a backup: what reads tarballs speaks of images. */
export function inWordsOfBackups(error: unknown): unknown {
  if (!ApiError.is(error)) return error;
  const message = error.message
    .replace("Cannot import image:", "Cannot import backup:")
    .replaceAll("the image", "the backup");
  return new ApiError(error.code, message, { details: error.details, cause: error });
}
