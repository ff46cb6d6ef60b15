/** Routes of backups. */
import { Backup, BackupPost, BackupsPost } from "../../../sdk/api/backup";
import { backupRef, urlOf } from "../../core/ref";
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
} from "../../http/route";
import { answers, recursion } from "../../http/says";
import type { InstanceId } from "../instance/record";
import { about, idOf } from "../instance/request";
import type { BackupService } from "./service";

const base = "/1.0/instances/:instance/backups";
const one = `${base}/:name`;
const instanceOf = (request: ApiRequest) => idOf(request, "instance");
const nameOf = (request: ApiRequest) => param(request, "name");
const refOf = ({ project, name: instance }: InstanceId, name: string) => backupRef(instance, name, project);

export function backupRoutes(backups: BackupService): Route[] {
  const { changes, instances, projects } = backups.home;
  const { book } = instances.home;

  /** What the operation tells. LXD's client cuts the backup's name off a path that leads nowhere, so that one it is. */
  function aboutBackup(instance: InstanceId, name: string, description: string, mayCancel = false) {
    const { resources, ...rest } = about(instance, description, mayCancel);
    return { ...rest, resources: { ...resources, backups: [`/1.0/backups/${name}`] } };
  }

  function list(request: ApiRequest) {
    const instance = instanceOf(request);
    const found = backups.list(instance);
    return sync(recursionOf(request) === 0 ? found.map(({ name }) => urlOf(refOf(instance, name))) : found);
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
        operation: aboutBackup(instance, name, "Backing up instance", true),
        told: { action: "instance-backup-created", of: refOf(instance, name) },
        work: (operation) => backups.create(book.record(instance), { ...post, name }, operation),
      }),
    );
  }

  async function exportBackup(request: ApiRequest) {
    const instance = instanceOf(request);
    const name = nameOf(request);
    const { sizeBytes, body } = await backups.open(instance, name);
    changes.tell(request.call, { action: "instance-backup-retrieved", of: refOf(instance, name) });
    return raw(body, { "content-length": String(sizeBytes), "content-disposition": "inline;filename=" });
  }

  function rename(request: ApiRequest, { name: to }: BackupPost) {
    const instance = instanceOf(request);
    const from = nameOf(request);
    backups.record(instance, from);
    backups.requireFree(instance, to);
    return asyncOp(
      changes.start(request.call, {
        of: [refOf(instance, to)],
        operation: aboutBackup(instance, to, "Renaming instance backup"),
        told: { action: "instance-backup-renamed", of: refOf(instance, to), context: { old_name: from } },
        work: () => backups.rename(instance, from, to),
      }),
    );
  }

  function remove(request: ApiRequest) {
    const instance = instanceOf(request);
    const name = nameOf(request);
    backups.record(instance, name);
    return asyncOp(
      changes.start(request.call, {
        of: [refOf(instance, name)],
        operation: aboutBackup(instance, name, "Removing instance backup"),
        told: { action: "instance-backup-deleted", of: refOf(instance, name) },
        work: () => backups.delete(instance, name),
      }),
    );
  }

  return inProjects([
    route(
      "GET",
      base,
      { summary: "Lists the backups of an instance.", query: recursion, answer: answers.list(Backup) },
      list,
    ),
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
    route("GET", one, { summary: "Shows a backup.", answer: answers.one(Backup) }, (request) =>
      sync(backups.get(instanceOf(request), nameOf(request))),
    ),
    route(
      "GET",
      `${one}/export`,
      { summary: "Gives the file of a backup.", answer: answers.raw("a tarball, which `POST /1.0/instances` takes") },
      exportBackup,
    ),
    route("POST", one, { summary: "Renames a backup.", body: BackupPost, answer: answers.operation }, rename),
    route("DELETE", one, { summary: "Deletes a backup.", answer: answers.operation }, remove),
  ]);
}
