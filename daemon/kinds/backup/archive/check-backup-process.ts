/** Check process: reads an uploaded backup in a process of its own, confined and with bounded memory. Its argument is a job as JSON; it prints one result as JSON. */
import { ApiError } from "../../../../sdk/api/errors";
import { readTarball } from "../../image/archive/check-tarball";
import type { Compression } from "../../image/archive/compression";
import type { ImageLimits } from "../../image/archive/limits";
import { readYaml } from "../../image/archive/metadata-yaml";
import { type BackupContent, checkBackup } from "./check";

export interface BackupJob {
  readonly file: { readonly path: string; readonly compression: Compression };
  readonly limits: ImageLimits;
}

export interface CheckedBackup extends Pick<BackupContent, "container" | "snapshots" | "templates"> {
  /** index.yaml as maps, lists, texts and nulls. */
  readonly index: unknown;
  /** backup.yaml and metadata.yaml in the same form. */
  readonly beside: unknown;
  readonly metadata: unknown;
}

export type BackupResult = { readonly checked: CheckedBackup } | { readonly refused: string };

async function check({ file, limits }: BackupJob): Promise<CheckedBackup> {
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

async function main(): Promise<void> {
  let result: BackupResult;
  try {
    result = { checked: await check(JSON.parse(process.argv[2] ?? "") as BackupJob) };
  } catch (error) {
    if (!ApiError.is(error)) throw error;
    result = { refused: error.message };
  }
  process.stdout.write(JSON.stringify(result));
}

void main();
