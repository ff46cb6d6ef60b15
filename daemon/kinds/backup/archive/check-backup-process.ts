/** Check process: reads an uploaded backup in a process of its own, confined and with bounded memory. Its argument is a job as JSON; it prints one result as JSON. */
import { ApiError } from "../../../../sdk/api/errors";
import { readTarball } from "../../image/archive/check-tarball";
import type { Compression } from "../../image/archive/compression";
import type { ImageLimits } from "../../image/archive/limits";
import { readYaml } from "../../image/archive/metadata-yaml";
import { type BackupContent, checkBackup } from "./check";
import { checkVolumeBackup, type VolumeBackupContent } from "./check-volume";

export interface BackupJob {
  readonly file: { readonly path: string; readonly compression: Compression };
  readonly limits: ImageLimits;
  /** What the backup shall be of. */
  readonly of: "instance" | "volume";
}

export interface CheckedBackup extends Pick<BackupContent, "container" | "snapshots" | "templates"> {
  /** index.yaml as maps, lists, texts and nulls. */
  readonly index: unknown;
  /** backup.yaml and metadata.yaml in the same form. */
  readonly beside: unknown;
  readonly metadata: unknown;
}

export interface CheckedVolumeBackup extends Pick<VolumeBackupContent, "filesystem" | "block"> {
  /** index.yaml as maps, lists, texts and nulls. */
  readonly index: unknown;
}

export type BackupResult<Checked> = { readonly checked: Checked } | { readonly refused: string };

async function checkInstance({ file, limits }: BackupJob): Promise<CheckedBackup> {
  const { container, snapshots, templates, indexYaml, besideYaml, metadataYaml } = await readTarball(
    file,
    limits,
    (entries) => checkBackup(entries, limits),
  );
  return {
    container,
    snapshots,
    templates,
    index: readYaml(indexYaml, "index.yaml"),
    beside: readYaml(besideYaml ?? "", "backup.yaml"),
    metadata: readYaml(metadataYaml ?? ""),
  };
}

async function checkVolume({ file, limits }: BackupJob): Promise<CheckedVolumeBackup> {
  const { indexYaml, ...roots } = await readTarball(file, limits, (entries) => checkVolumeBackup(entries, limits));
  return { ...roots, index: readYaml(indexYaml, "index.yaml") };
}

async function main(): Promise<void> {
  let result: BackupResult<CheckedBackup | CheckedVolumeBackup>;
  try {
    const job = JSON.parse(process.argv[2] ?? "") as BackupJob;
    result = { checked: await (job.of === "volume" ? checkVolume(job) : checkInstance(job)) };
  } catch (error) {
    if (!ApiError.is(error)) throw error;
    result = { refused: error.message };
  }
  process.stdout.write(JSON.stringify(result));
}

void main();
