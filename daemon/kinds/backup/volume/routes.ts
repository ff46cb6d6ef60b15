/** Routes of backups of custom volumes. */
import { BackupPost, VolumeBackup, VolumeBackupsPost } from "../../../../sdk/api/backup";
import { urlOf } from "../../../core/ref";
import {
  type ApiRequest,
  asyncOp,
  inProjects,
  param,
  type Route,
  raw,
  recursionOf,
  route,
  sync,
} from "../../../http/route";
import { answers, recursion } from "../../../http/says";
import { refOf, type VolumeId } from "../../storage-volume/record";
import { customId, volumesPath } from "../../storage-volume/request";
import type { VolumeBackupService } from "./service";

const base = `${volumesPath}/:type/:name/backups`;
const one = `${base}/:backup`;

export function volumeBackupRoutes(backups: VolumeBackupService): Route[] {
  const { changes, projects, storageVolumes } = backups.home;
  const volumeOf = (request: ApiRequest) => customId(storageVolumes, request);
  const nameOf = (request: ApiRequest) => param(request, "backup");

  /** LXD's client cuts the backup's name off a path that leads nowhere, so that one it is. */
  const about = (volume: VolumeId, name: string, description: string) => ({
    description,
    resources: { storage_volumes: [urlOf(refOf(volume))], backups: [`/1.0/backups/${name}`] },
  });

  function list(request: ApiRequest) {
    const volume = volumeOf(request);
    const found = backups.list(volume);
    return sync(recursionOf(request) === 0 ? found.map(({ name }) => urlOf(backups.refOf(volume, name))) : found);
  }

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
        operation: { ...about(volume, name, "Creating custom volume backup"), mayCancel: true },
        told: { action: "storage-volume-backup-created", of, context: { type: "custom" } },
        work: (operation) => backups.create(storageVolumes.record(volume), { ...post, name }, algorithm, operation),
      }),
    );
  }

  async function exportBackup(request: ApiRequest) {
    const volume = volumeOf(request);
    const name = nameOf(request);
    const { sizeBytes, body } = await backups.open(volume, name);
    changes.tell(request.call, { action: "storage-volume-backup-retrieved", of: backups.refOf(volume, name) });
    return raw(body, { "content-length": String(sizeBytes), "content-disposition": "inline;filename=" });
  }

  function rename(request: ApiRequest, { name: to }: BackupPost) {
    const volume = volumeOf(request);
    const from = nameOf(request);
    backups.get(volume, from);
    backups.requireFree(volume, to);
    const of = backups.refOf(volume, to);
    return asyncOp(
      changes.start(request.call, {
        of: [of],
        operation: about(volume, to, "Renaming custom volume backup"),
        told: { action: "storage-volume-backup-renamed", of, context: { old_name: `${volume.name}/${from}` } },
        work: () => backups.rename(volume, from, to),
      }),
    );
  }

  function remove(request: ApiRequest) {
    const volume = volumeOf(request);
    const name = nameOf(request);
    backups.get(volume, name);
    const of = backups.refOf(volume, name);
    return asyncOp(
      changes.start(request.call, {
        of: [of],
        operation: about(volume, name, "Deleting custom volume backup"),
        told: { action: backups.deletedAction, of },
        work: () => backups.delete(volume, name),
      }),
    );
  }

  return inProjects([
    route(
      "GET",
      base,
      { summary: "Lists the backups of a custom volume.", query: recursion, answer: answers.list(VolumeBackup) },
      list,
    ),
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
    route("GET", one, { summary: "Shows a backup of a custom volume.", answer: answers.one(VolumeBackup) }, (request) =>
      sync(backups.get(volumeOf(request), nameOf(request))),
    ),
    route(
      "GET",
      `${one}/export`,
      {
        summary: "Gives the file of a backup of a custom volume.",
        answer: answers.raw("a tarball, which `POST /1.0/storage-pools/:pool/volumes/custom` takes"),
      },
      exportBackup,
    ),
    route(
      "POST",
      one,
      { summary: "Renames a backup of a custom volume.", body: BackupPost, answer: answers.operation },
      rename,
    ),
    route("DELETE", one, { summary: "Deletes a backup of a custom volume.", answer: answers.operation }, remove),
  ]);
}
