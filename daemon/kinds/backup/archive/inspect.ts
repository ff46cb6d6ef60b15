/** Inspect: everything that must hold before a file becomes an instance. A confined process reads the file; the daemon reads its result. */
import path from "node:path";
import { ApiError, badRequest } from "../../../../sdk/api/errors";
import type { TarLayout } from "../../image/archive/check";
import { checkedApart } from "../../image/archive/checked-apart";
import { type Compression, detectCompression, knownCompression } from "../../image/archive/compression";
import { EarlyCheck } from "../../image/archive/early-check";
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

type Of = BackupJob["of"];
type Result<Checked> = BackupResult<Checked>;
type AnyResult = Result<CheckedBackup | CheckedVolumeBackup>;

/** A file that is there. */
export interface BackupFile {
  readonly path: string;
  /** When its check began while it came. */
  readonly check?: EarlyCheck<AnyResult> | undefined;
}

/** Begins the check of a backup that is still coming. @returns nothing for a file that an inspection is to tell about when it is whole */
export async function beginBackupCheck(
  file: string,
  of: Of,
  limits: ImageLimits,
): Promise<EarlyCheck<AnyResult> | undefined> {
  const compression = await knownCompression(file);
  if (compression === undefined || compression === "squashfs") return undefined;
  const packed = { path: file, compression };
  return EarlyCheck.begin<AnyResult>(program, jobFor(packed, of, limits), packed);
}

const jobFor = (file: BackupJob["file"], of: Of, limits: ImageLimits): BackupJob => ({ file, limits, of });

/** @throws ApiError BAD_REQUEST "Cannot import backup: <cause>. <what to do>"; the signal's reason when it aborts */
export async function inspectBackup(
  file: BackupFile,
  limits: ImageLimits,
  signal: AbortSignal,
): Promise<InspectedBackup> {
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
  file: BackupFile,
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

async function checkedFile<Checked extends CheckedBackup | CheckedVolumeBackup>(
  { path: file, check }: BackupFile,
  of: Of,
  limits: ImageLimits,
  signal: AbortSignal,
): Promise<{ compression: Compression; checked: Checked }> {
  const packed = check?.file ?? { path: file, compression: await compressionOf(file) };
  if (packed.compression === "squashfs")
    throw badRequest("Cannot import backup: it is a squashfs. Send it as a tarball.");
  const whole = () => checkedApart<AnyResult>(program, jobFor(packed, of, limits), [packed], signal);
  const result = (await (check?.result(signal) ?? whole())) as Result<Checked>;
  if ("refused" in result) throw badRequest(result.refused);
  return { compression: packed.compression, checked: result.checked };
}

const compressionOf = (file: string): Promise<Compression> =>
  detectCompression(file).catch((error: unknown) => {
    throw ApiError.is(error) ? unsupported(error) : error;
  });

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
