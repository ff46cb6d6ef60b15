/** Check process: reads an uploaded backup in a process of its own, confined and with bounded memory. */
import { answerJob, type Refused } from "../../image/archive/answer-job";
import { readTarball } from "../../image/archive/check-tarball";
import type { Compression } from "../../image/archive/compression";
import type { Growth } from "../../image/archive/growing-file";
import type { ImageLimits } from "../../image/archive/limits";
import { readYaml } from "../../image/archive/metadata-yaml";
import type { TarEntry } from "../../image/archive/tar";
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

export type BackupResult<Checked> = { readonly checked: Checked } | Refused;

async function checkInstance({ file, limits }: BackupJob, growth: Growth): Promise<CheckedBackup> {
  const { container, snapshots, templates, indexYaml, besideYaml, metadataYaml } = await readTarball(
    file,
    growth,
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

async function checkVolume({ file, limits }: BackupJob, growth: Growth): Promise<CheckedVolumeBackup> {
  const check = (entries: AsyncIterable<TarEntry>) => checkVolumeBackup(entries, limits);
  const { indexYaml, ...roots } = await readTarball(file, growth, limits, check);
  return { ...roots, index: readYaml(indexYaml, "index.yaml") };
}

void answerJob(async (job: BackupJob, growth: Growth) => ({
  checked: await (job.of === "volume" ? checkVolume(job, growth) : checkInstance(job, growth)),
}));
