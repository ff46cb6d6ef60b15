/** Routes of backups of custom volumes. */
import { VolumeBackup, VolumeBackupsPost } from "../../../../sdk/api/backup";
import { urlOf } from "../../../core/ref";
import { type ApiRequest, asyncOp, inProjects, type Route, route } from "../../../http/route";
import { answers } from "../../../http/says";
import { refOf, type VolumeId } from "../../storage-volume/record";
import { customId, volumesPath } from "../../storage-volume/request";
import { type BackedUp, keptRoutes } from "../kept/routes";
import type { VolumeBackupService } from "./service";

const base = `${volumesPath}/:type/:name/backups`;

export function volumeBackupRoutes(backups: VolumeBackupService): Route[] {
  const { changes, projects, storageVolumes } = backups.home;
  const volumeOf = (request: ApiRequest) => customId(storageVolumes, request);

  /** LXD's client cuts the backup's name off a path that leads nowhere, so that one it is. */
  const about = (volume: VolumeId, name: string, description: string) => ({
    description,
    resources: { storage_volumes: [urlOf(refOf(volume))], backups: [`/1.0/backups/${name}`] },
  });

  function create(request: ApiRequest, post: VolumeBackupsPost) {
    const volume = volumeOf(request);
    storageVolumes.record(volume);
    const { project } = request.call;
    projects.allowBackup(project);
    const name = post.name || backups.freeName(volume);
    backups.requireFree(volume, name);
    const algorithm = backups.algorithmOf(project, post);
    const of = backups.refOf(volume, name);
    return asyncOp(
      changes.start(request.call, {
        of: [of, ...storageVolumes.lockedWith(volume)],
        // The locks are taken only until the content is copied.
        unlocked: true,
        content: [refOf(volume)],
        operation: { ...about(volume, name, "Creating custom volume backup"), mayCancel: true },
        told: { action: "storage-volume-backup-created", of, context: { type: "custom" } },
        work: (operation) => backups.create(volume, { ...post, name }, algorithm, operation),
      }),
    );
  }

  const ofVolumes: BackedUp<VolumeId> = {
    base,
    part: "backup",
    shown: VolumeBackup,
    ofWhat: " of a custom volume",
    listOf: "a custom volume",
    takenBy: "POST /1.0/storage-pools/:pool/volumes/custom",
    action: "storage-volume-backup",
    descriptions: { rename: "Renaming custom volume backup", delete: "Deleting custom volume backup" },
    ownerOf: volumeOf,
    refOf: (volume, name) => backups.refOf(volume, name),
    about,
    oldName: (volume, from) => `${volume.name}/${from}`,
  };

  return inProjects([
    ...keptRoutes(backups, changes, ofVolumes),
    route(
      "POST",
      base,
      {
        summary: "Makes a backup of a custom volume: a file with its content, its settings and its snapshots.",
        body: VolumeBackupsPost,
        answer: answers.operation,
      },
      create,
    ),
  ]);
}
