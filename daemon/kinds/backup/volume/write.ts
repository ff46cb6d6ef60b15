/** Write: the file of a custom volume, in LXD's format: index.yaml, then the content of each snapshot and of the volume. */
import type { Config } from "../../../../sdk/api/common";
import { tarTree, tarTreeFile } from "../../../platform/archive/tar-tree";
import { tarEnd, tarFile } from "../../../platform/archive/tar-writer";
import type { Volume } from "../../storage-pool/driver";
import { imageFile } from "../../storage-volume/content";
import { snapshotVolumeOf, type VolumeRecord } from "../../storage-volume/record";
import type { VolumeSnapshotRecord } from "../../storage-volume/snapshot/store";
import type { StillContent } from "../../storage-volume/volume-readers";
import { yamlText } from "../format/yaml";
import type { VolumeBackupHome } from "./home";

export interface Described {
  readonly volume: VolumeRecord;
  /** Of its pool. */
  readonly driver: string;
  readonly snapshots: readonly VolumeSnapshotRecord[];
}

/** @throws ApiError NOT_FOUND for a volume that is gone */
export async function* volumeArchive(
  home: VolumeBackupHome,
  { begun: what, volume: content }: StillContent<Described>,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const { volume, snapshots } = what;
  yield tarFile("backup/index.yaml", indexYaml(what));
  for (const { name } of snapshots)
    yield* part(home, volume, `backup/volume-snapshots/${name}`, snapshotVolumeOf(volume, name), signal);
  yield* part(home, volume, "backup/volume", content, signal);
  yield tarEnd;
}

async function* part(
  home: VolumeBackupHome,
  { pool, contentType }: VolumeRecord,
  name: string,
  content: Volume,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  await home.volumes.requireThere(pool, content);
  const root = home.volumes.root(pool, content);
  if (contentType === "block") yield* tarTreeFile(home, root, { file: imageFile, name: `${name}.img` }, signal);
  else yield* tarTree(home, root, name, signal);
}

/** What is of this host alone is of no use elsewhere. */
const passedOn = (config: Config): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => !key.startsWith("volatile.")));

function indexYaml({ volume, driver, snapshots }: Described): string {
  const { contentType: content_type } = volume;
  return yamlText({
    name: volume.name,
    backend: driver,
    pool: volume.pool,
    ...(snapshots.length === 0 ? {} : { snapshots: snapshots.map(({ name }) => name) }),
    optimized: false,
    optimized_header: false,
    type: "custom",
    config: {
      volume: {
        config: passedOn(volume.config),
        description: volume.description,
        name: volume.name,
        type: "custom",
        used_by: [],
        location: "none",
        content_type,
        project: volume.project,
        created_at: volume.createdAt,
      },
      volume_snapshots: snapshots.map(({ name, description, config, createdAt, expiresAt }) => ({
        description,
        expires_at: expiresAt,
        name,
        config: passedOn(config),
        content_type,
        created_at: createdAt,
      })),
    },
  });
}
