/** Routes of storage volumes: those of a pool, and custom ones. */
import { badRequest, notFound } from "../../../sdk/api/errors";
import {
  StorageVolume,
  StorageVolumePost,
  StorageVolumePut,
  StorageVolumeState,
  StorageVolumesPost,
} from "../../../sdk/api/storage-volume";
import { visibleUses } from "../../core/access";
import { dryRun } from "../../http/dry-run";
import { matches, parseFilter } from "../../http/filter";
import {
  type ApiRequest,
  inProjects,
  isOfAllProjects,
  param,
  type Reply,
  type Route,
  recursionOf,
  route,
  sync,
} from "../../http/route";
import { allProjects, answers, filter, recursion } from "../../http/says";
import { moveOrRename, patchVolume, putVolume } from "./changing";
import { blockUsage } from "./content";
import { createVolume } from "./making";
import { notSupported } from "./not-supported";
import { refOf, volumeNotFound, volumeOf } from "./record";
import { customId, typeOf, volumesPath } from "./request";
import type { StorageVolumeService } from "./service";
import { snapshotRefOf } from "./snapshot/store";
import { coveredOf, coveredOfRoot, told } from "./told";
import { type ListedVolume, listVolumes, shownVolume } from "./view";

const ofType = `${volumesPath}/:type`;
const one = `${ofType}/:name`;

const createSays = {
  query: dryRun.query,
  headers: { name: "of a backup: name of the volume; that of the backup when absent" },
  upload: { "application/octet-stream": "the file of a backup of a custom volume" },
  body: StorageVolumesPost,
  answer: [
    { ...answers.nothing, when: "it is a new one" },
    { ...answers.operation, when: "`source.type` is `copy` or `migration`, or the body is a backup" },
    dryRun.answer,
  ],
} as const;

/** @param importBackup makes a volume of a body that is no JSON */
export function storageVolumeRoutes(
  volumes: StorageVolumeService,
  importBackup: (request: ApiRequest) => Promise<Reply>,
): Route[] {
  const { changes } = volumes.home;

  function found(request: ApiRequest): ListedVolume[] {
    const project = isOfAllProjects(request) ? undefined : request.call.project;
    const all = listVolumes(volumes, request.call, param(request, "pool"), project);
    return all.map(({ shown, url }) => ({
      url,
      shown: { ...shown, used_by: visibleUses(request.call, shown.used_by ?? []) },
    }));
  }

  function listed(request: ApiRequest, all: readonly ListedVolume[]): Reply {
    const wanted = parseFilter(request.query.get("filter"));
    const kept = wanted.length === 0 ? all : all.filter(({ shown }) => matches(wanted, shown));
    return sync(kept.map(({ shown, url }) => (recursionOf(request) === 0 ? url : shown)));
  }

  function listOfType(request: ApiRequest): Reply {
    const type = typeOf(request);
    return listed(
      request,
      found(request).filter(({ shown }) => shown.type === type),
    );
  }

  function get(request: ApiRequest): Reply {
    const type = typeOf(request);
    if (type === "custom") {
      const record = volumes.record(customId(volumes, request));
      const users = volumes.usersOf(record);
      const shown = shownVolume(record, users);
      return sync({ ...shown, used_by: visibleUses(request.call, shown.used_by ?? []) }, coveredOf(record));
    }
    const name = param(request, "name");
    const other = found(request).find(({ shown }) => shown.type === type && shown.name === name);
    if (other === undefined) throw notFound(volumeNotFound);
    return sync(other.shown, coveredOfRoot(other.shown));
  }

  async function remove(request: ApiRequest): Promise<Reply> {
    const { call } = request;
    const type = typeOf(request);
    if (type !== "custom") {
      get(request);
      throw badRequest(`Storage volumes of type "${type}" cannot be deleted with the storage API`);
    }
    const id = customId(volumes, request);
    await changes.run(call, {
      of: [refOf(id)],
      told: told("storage-volume-deleted", refOf(id)),
      work: () =>
        volumes.delete(id, (snapshot) =>
          changes.tell(call, { action: "storage-volume-snapshot-deleted", of: snapshotRefOf(id, snapshot) }),
        ),
    });
    return sync();
  }

  async function state(request: ApiRequest): Promise<Reply> {
    if (typeOf(request) !== "custom") {
      get(request);
      throw notSupported();
    }
    const record = volumes.record(customId(volumes, request));
    if (record.contentType === "block") {
      await volumes.requireUsable(record);
      return sync({ usage: await blockUsage(volumes.home, record) });
    }
    const usage = await volumes.home.volumes.usage(record.pool, volumeOf(record));
    if (usage === undefined) throw notSupported();
    return sync({ usage: { used: usage.used, total: usage.total ?? 0 } });
  }

  return inProjects([
    {
      ...route(
        "GET",
        volumesPath,
        {
          summary: "Lists the volumes of a pool, snapshots as well: those of instances, of images, and custom ones.",
          query: { ...recursion, ...filter, ...allProjects },
          answer: answers.list(StorageVolume),
        },
        (request) => listed(request, found(request)),
      ),
      access: "list",
    },
    {
      ...route(
        "GET",
        ofType,
        {
          summary: "Lists the volumes of a type: `container`, `image` or `custom`.",
          query: { ...recursion, ...filter, ...allProjects },
          answer: answers.list(StorageVolume),
        },
        listOfType,
      ),
      access: "list",
    },
    route(
      "POST",
      volumesPath,
      {
        summary: "Makes a custom volume: at once, or in the background where it is a copy.",
        query: dryRun.query,
        body: StorageVolumesPost,
        answer: [
          { ...answers.nothing, when: "it is a new one" },
          { ...answers.operation, when: "`source.type` is `copy` or `migration`" },
          dryRun.answer,
        ],
      },
      (request, post) => createVolume(volumes, request, post.type, post),
    ),
    route(
      "POST",
      ofType,
      {
        summary: "The same with the type in the path; of a backup as well.",
        ...createSays,
      },
      (request, post) => {
        if (post !== undefined) return createVolume(volumes, request, param(request, "type"), post);
        if (typeOf(request) !== "custom")
          throw badRequest("Invalid volume type: only custom volumes are made of backups.");
        return importBackup(request);
      },
    ),
    route("GET", one, { summary: "Shows a volume.", tagged: true, answer: answers.one(StorageVolume) }, get),
    route(
      "PUT",
      one,
      {
        summary:
          "Replaces the mutable part of a custom volume, or puts its content back to a snapshot's; of an instance's, its `user.*` keys.",
        body: StorageVolumePut,
        tagged: true,
        answer: answers.nothing,
      },
      (request, put) => putVolume(volumes, request, put),
    ),
    route(
      "PATCH",
      one,
      {
        summary: "Changes some of the mutable part of a custom volume.",
        patch: StorageVolumePut,
        tagged: true,
        answer: answers.nothing,
      },
      (request, patch) => patchVolume(volumes, request, patch),
    ),
    route(
      "POST",
      one,
      {
        summary:
          "Renames a custom volume, or moves it to another pool or project, or to another server, in the background.",
        body: StorageVolumePost,
        answer: [
          { ...answers.created, when: "it is renamed" },
          { ...answers.operation, when: "it is moved or sent" },
        ],
      },
      (request, post) => moveOrRename(volumes, request, post),
    ),
    route(
      "DELETE",
      one,
      { summary: "Deletes a custom volume that nobody uses, with its snapshots.", answer: answers.nothing },
      remove,
    ),
    route(
      "GET",
      `${one}/state`,
      { summary: "Shows how much a volume holds.", answer: answers.one(StorageVolumeState) },
      state,
    ),
  ]);
}
