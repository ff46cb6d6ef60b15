/** Routes of backups. */
import { Backup, BackupsPost } from "../../../sdk/api/backup";
import { backupRef } from "../../core/ref";
import { type ApiRequest, asyncOp, inProjects, type Route, route } from "../../http/route";
import { answers } from "../../http/says";
import { type InstanceId, instanceRef } from "../instance/record";
import { about, idOf } from "../instance/request";
import { type BackedUp, keptRoutes } from "./kept/routes";
import type { BackupService } from "./service";

const base = "/1.0/instances/:instance/backups";
const instanceOf = (request: ApiRequest) => idOf(request, "instance");
const refOf = ({ project, name: instance }: InstanceId, name: string) => backupRef(instance, name, project);

export function backupRoutes(backups: BackupService): Route[] {
  const { changes, instances, projects } = backups.home;
  const { book } = instances.home;

  /** What the operation tells. LXD's client cuts the backup's name off a path that leads nowhere, so that one it is. */
  function aboutBackup(instance: InstanceId, name: string, description: string, mayCancel = false) {
    const { resources, ...rest } = about(instance, description, mayCancel);
    return { ...rest, resources: { ...resources, backups: [`/1.0/backups/${name}`] } };
  }

  function create(request: ApiRequest, post: BackupsPost) {
    const instance = instanceOf(request);
    book.record(instance);
    projects.allowBackup(instance.project);
    const name = post.name || backups.freeName(instance);
    backups.requireFree(instance, name);
    backups.algorithmOf(instance, post);
    return asyncOp(
      changes.start(request.call, {
        of: [refOf(instance, name)],
        // The instance's lock is taken only until its root is copied.
        unlocked: true,
        content: [instanceRef(instance)],
        operation: aboutBackup(instance, name, "Backing up instance", true),
        told: { action: "instance-backup-created", of: refOf(instance, name) },
        work: (operation) => backups.create(instance, { ...post, name }, operation),
      }),
    );
  }

  const ofInstances: BackedUp<InstanceId> = {
    base,
    part: "name",
    shown: Backup,
    ofWhat: "",
    listOf: "an instance",
    takenBy: "POST /1.0/instances",
    action: "instance-backup",
    descriptions: { rename: "Renaming instance backup", delete: "Removing instance backup" },
    ownerOf: instanceOf,
    refOf,
    about: aboutBackup,
    oldName: (_instance, from) => from,
  };

  return inProjects([
    ...keptRoutes(backups, changes, ofInstances),
    route(
      "POST",
      base,
      {
        summary: "Makes a backup of an instance: a file with its root, its settings and its snapshots.",
        body: BackupsPost,
        answer: answers.operation,
      },
      create,
    ),
  ]);
}
