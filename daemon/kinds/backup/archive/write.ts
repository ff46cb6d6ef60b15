/** Write: the file of a backup, in LXD's format: index.yaml, then each snapshot and the instance with its root and what lies beside it. */
import { stringify } from "yaml";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { ApiError } from "../../../../sdk/api/errors";
import { tarTree } from "../../../platform/archive/tar-tree";
import { tarEnd, tarFile, tarFolder } from "../../../platform/archive/tar-writer";
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
  const { pool, config } = what.instance;
  await home.volumes.requireThere(pool, volume);
  yield tarFolder(folder, folderMode);
  yield tarFile(`${folder}/backup.yaml`, backupYaml(what), yamlMode);
  const image = imageOf(home, instanceConfig(config).get("volatile.base_image"));
  if (image !== undefined) {
    yield tarFile(`${folder}/metadata.yaml`, stringify(image.metadata, { version: "1.1", lineWidth: 0 }));
    if (Object.keys(image.templates).length > 0) yield tarFolder(`${folder}/templates`);
    for (const [name, text] of Object.entries(image.templates)) yield tarFile(`${folder}/templates/${name}`, text);
  }
  yield* tarTree(home, home.volumes.root(pool, volume), `${folder}/rootfs`, signal);
}

/** What the image says of itself that an instance was made of; nothing of one that is gone. */
function imageOf({ images }: BackupHome, fingerprint: string | undefined) {
  try {
    return fingerprint === undefined ? undefined : images.readMetadata(fingerprint);
  } catch (error) {
    if (ApiError.is(error) && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
