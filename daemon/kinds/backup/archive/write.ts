/** Write: the file of a backup, in LXD's format: index.yaml, then each snapshot and the instance with its root and what lies beside it. */
import { stringify } from "yaml";
import { tarTree } from "../../../platform/archive/tar-tree";
import { tarEnd, tarFile, tarFolder } from "../../../platform/archive/tar-writer";
import { metadataOf } from "../../instance/metadata/metadata";
import { snapshotVolume } from "../../instance/volume";
import type { Volume } from "../../storage-pool/driver";
import { backupYaml, type Described, indexYaml } from "../format/write";
import type { BackupHome } from "../home";

/** As LXD has it: nobody but root may look into the folder. */
const folderMode = 0o100;
const yamlMode = 0o400;

/** @param volume of the instance's root at rest @throws ApiError NOT_FOUND for a volume that is gone */
export async function* backupArchive(
  home: BackupHome,
  what: Described,
  volume: Volume,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { instance, snapshots } = what;
  yield tarFile("backup/index.yaml", indexYaml(what));
  for (const snapshot of snapshots) {
    const { architecture, description, config, devices, profiles, ephemeral, lastUsedAt } = snapshot.settings;
    const asItWas = { ...instance, architecture, description, config, devices, profiles, ephemeral, lastUsedAt };
    const inside = { ...what, instance: asItWas, snapshots: [] };
    yield* part(home, `backup/snapshots/${snapshot.name}`, inside, snapshotVolume(instance, snapshot.name), signal);
  }
  yield* part(home, "backup/container", what, volume, signal);
  yield tarEnd;
}

async function* part(
  home: BackupHome,
  folder: string,
  what: Described,
  volume: Volume,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { pool } = what.instance;
  // Of snapshots too: the instance's as they are now.
  const { metadata, templates } = metadataOf(home.instances.home, what.instance);
  await home.volumes.requireThere(pool, volume);
  yield tarFolder(folder, folderMode);
  yield tarFile(`${folder}/backup.yaml`, backupYaml(what), yamlMode);
  yield tarFile(`${folder}/metadata.yaml`, stringify(metadata, { version: "1.1", lineWidth: 0 }));
  if (Object.keys(templates).length > 0) yield tarFolder(`${folder}/templates`);
  for (const [name, text] of Object.entries(templates)) yield tarFile(`${folder}/templates/${name}`, text);
  yield* tarTree(home, home.volumes.root(pool, volume), `${folder}/rootfs`, signal);
}
