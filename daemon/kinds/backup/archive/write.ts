/** Write: the file of a backup, in LXD's format: index.yaml, then each snapshot and the instance with its root and what lies beside it. */
import { stringify } from "yaml";
import { tarTree } from "../../../platform/archive/tar-tree";
import { tarEnd, tarFile, tarFolder } from "../../../platform/archive/tar-writer";
import { metadataOf } from "../../instance/metadata/metadata";
import type { KeptMetadata } from "../../instance/metadata/store";
import { snapshotVolume } from "../../instance/volume";
import type { Volume } from "../../storage-pool/driver";
import { backupYaml, type Described, indexYaml } from "../format/write";
import type { BackupHome } from "../home";

/** As LXD has it: nobody but root may look into the folder. */
const folderMode = 0o100;
const yamlMode = 0o400;

/** All that is told of an instance and its snapshots at one moment. */
export interface Contents {
  readonly pool: string;
  readonly index: string;
  readonly snapshots: readonly { readonly name: string; readonly volume: Volume; readonly yaml: string }[];
  /** backup.yaml of the instance itself. */
  readonly yaml: string;
  /** Of snapshots too: the instance's as they are now. */
  readonly metadata: KeptMetadata;
}

export function contentsOf({ instances }: BackupHome, what: Described): Contents {
  const { instance, snapshots } = what;
  return {
    pool: instance.pool,
    index: indexYaml(what),
    snapshots: snapshots.map(({ name, settings }) => {
      const { architecture, description, config, devices, profiles, ephemeral, lastUsedAt } = settings;
      const asItWas = { ...instance, architecture, description, config, devices, profiles, ephemeral, lastUsedAt };
      const inside = { ...what, instance: asItWas, snapshots: [] };
      return { name, volume: snapshotVolume(instance, name), yaml: backupYaml(inside) };
    }),
    yaml: backupYaml(what),
    metadata: metadataOf(instances.home, instance),
  };
}

/** @param volume of the instance's root at rest @throws ApiError NOT_FOUND for a volume that is gone */
export async function* backupArchive(
  home: BackupHome,
  contents: Contents,
  volume: Volume,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { index, snapshots, yaml } = contents;
  yield tarFile("backup/index.yaml", index);
  for (const { name, ...part } of snapshots) yield* partOf(home, `backup/snapshots/${name}`, contents, part, signal);
  yield* partOf(home, "backup/container", contents, { volume, yaml }, signal);
  yield tarEnd;
}

async function* partOf(
  home: BackupHome,
  folder: string,
  { pool, metadata: { metadata, templates } }: Contents,
  { volume, yaml }: { readonly volume: Volume; readonly yaml: string },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  await home.volumes.requireThere(pool, volume);
  yield tarFolder(folder, folderMode);
  yield tarFile(`${folder}/backup.yaml`, yaml, yamlMode);
  yield tarFile(`${folder}/metadata.yaml`, stringify(metadata, { version: "1.1", lineWidth: 0 }));
  if (Object.keys(templates).length > 0) yield tarFolder(`${folder}/templates`);
  for (const [name, text] of Object.entries(templates)) yield tarFile(`${folder}/templates/${name}`, text);
  yield* tarTree(home, home.volumes.root(pool, volume), `${folder}/rootfs`, signal);
}
