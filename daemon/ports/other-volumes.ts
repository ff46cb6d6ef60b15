/** Other volumes: roots of instances, their snapshots, and images, as volumes of a pool. */
import { epoch } from "../../sdk/api/common";
import { ref, snapshotRef } from "../core/ref";
import type { ImageService } from "../kinds/image/service";
import type { InstanceBook } from "../kinds/instance/book";
import { instanceRef } from "../kinds/instance/record";
import type { ProjectService } from "../kinds/project/service";
import type { SnapshotService } from "../kinds/snapshot/service";
import type { StoragePoolService } from "../kinds/storage-pool/service";
import type { OtherVolume } from "../kinds/storage-volume/home";

interface Parts {
  readonly book: InstanceBook;
  readonly snapshots: SnapshotService;
  readonly storagePools: StoragePoolService;
  readonly projects: ProjectService;
  readonly images: ImageService;
}

/** Volumes that are made with what they are for. @param project of theirs; all projects when it is undefined */
export function otherVolumes(parts: Parts, pool: string, project: string | undefined): OtherVolume[] {
  const roots = parts.book.store
    .list()
    .filter((record) => record.pool === pool && (project === undefined || record.project === project))
    .flatMap((record) => [
      {
        name: record.name,
        createdAt: record.createdAt,
        config: record.volumeConfig,
        owner: instanceRef(record),
      },
      ...parts.snapshots.records(record).map(({ name, createdAt, settings }) => ({
        name: `${record.name}/${name}`,
        createdAt,
        config: settings.volumeConfig ?? {},
        owner: snapshotRef(record.name, name, record.project),
      })),
    ])
    .map((root): OtherVolume => ({ ...root, type: "container", project: root.owner.project, description: "" }));
  const held = new Set(parts.storagePools.imagesIn(pool));
  const home = project === undefined ? undefined : parts.projects.homeOf("images", project);
  const images = parts.images
    .ids()
    .filter((image) => held.has(image.fingerprint) && (home === undefined || image.project === home))
    .map(({ project: own, fingerprint }): OtherVolume => {
      const owner = ref("image", fingerprint, own);
      return { type: "image", project: own, name: fingerprint, description: "", config: {}, createdAt: epoch, owner };
    });
  return [...roots, ...images];
}
