/** Routes of storage volumes: those of a pool, and custom ones. */
import { userKeys } from "../../../sdk/api/config/instance/user";
import { badRequest, notFound } from "../../../sdk/api/errors";
import {
  StorageVolume,
  StorageVolumePost,
  StorageVolumePut,
  StorageVolumeState,
  StorageVolumesPost,
} from "../../../sdk/api/storage-volume";
import { requireAccess, requireSight, visibleUses } from "../../core/access";
import { patched, withoutEmpty } from "../../core/merge";
import { lockKeyOf, type Ref, urlOf } from "../../core/ref";
import { requireConfig } from "../../core/validate";
import { matches, parseFilter } from "../../http/filter";
import {
  type ApiRequest,
  asyncOp,
  created,
  ifMatchOf,
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
import { nowText } from "../../platform/time";
import { blockUsage } from "./content";
import { carryOutCopy, planCopy } from "./copy";
import { moveVolume } from "./move";
import { notSupported } from "./not-supported";
import { refOf, type VolumeId, type VolumeRecord, volumeNotFound, volumeOf } from "./record";
import { customId, typeOf, volumesPath } from "./request";
import type { StorageVolumeService } from "./service";
import { snapshotRefOf } from "./snapshot/store";
import { type ListedVolume, listVolumes, shownOther, shownVolume } from "./view";

const ofType = `${volumesPath}/:type`;
const one = `${ofType}/:name`;

const coveredOf = ({ name, contentType, config, description }: VolumeRecord) => ({
  name,
  type: "custom",
  content_type: contentType,
  config,
  description,
});

const coveredOfRoot = ({ name, type, config, description }: StorageVolume) => ({ name, type, config, description });

const told = (action: string, of: Ref, context?: Record<string, unknown>) => ({
  action,
  of,
  ...(context === undefined ? {} : { context }),
});

const createSays = {
  headers: { name: "of a backup: name of the volume; that of the backup when absent" },
  upload: { "application/octet-stream": "the file of a backup of a custom volume" },
  body: StorageVolumesPost,
  answer: [
    { ...answers.nothing, when: "it is a new one" },
    { ...answers.operation, when: "`source.type` is `copy` or `migration`, or the body is a backup" },
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

  /** @param type in the path, or in the body */
  function create(request: ApiRequest, type: string, post: StorageVolumesPost): Promise<Reply> | Reply {
    if (type === "") throw badRequest("You must provide a storage volume type of the storage volume");
    if (type !== "custom") throw badRequest(`Currently not allowed to create storage volumes of type "${type}"`);
    const { call } = request;
    const pool = param(request, "pool");
    volumes.home.storagePools.record(pool);
    const id = volumes.idFor(call.project, pool, post.name);
    const { source } = post;
    if (source?.type === "copy" && source.name !== "") return copy(request, id, { ...post, source });
    if (source?.type === "migration") return receive(request, id, { ...post, source });
    if (source?.type && source.type !== "copy")
      throw badRequest(
        `Unknown source type "${source.type}": it must be "copy" or "migration", or absent for a new volume.`,
      );
    return make(request, id, post);
  }

  async function make({ call }: ApiRequest, id: VolumeId, post: StorageVolumesPost): Promise<Reply> {
    const contentType = post.content_type || "filesystem";
    await changes.run(call, {
      of: [refOf(id)],
      told: told("storage-volume-created", refOf(id), { type: "custom" }),
      work: () =>
        volumes.create({
          ...id,
          description: post.description,
          config: volumes.configFor(id.pool, contentType, post.config),
          contentType,
          createdAt: nowText(),
        }),
    });
    // As LXD: 200, and no path.
    return sync();
  }

  async function receive(
    { call }: ApiRequest,
    id: VolumeId,
    post: StorageVolumesPost & { source: NonNullable<StorageVolumesPost["source"]> },
  ): Promise<Reply> {
    requireAccess(call, [refOf(id)]);
    const coming = volumes.home.migrations.receiveVolume(id, post);
    if (!coming.isRefresh) await volumes.requireFree(id);
    const action = coming.isRefresh ? "storage-volume-updated" : "storage-volume-created";
    const resources = { storage_volumes: [urlOf(refOf(id))] };
    return asyncOp(
      changes.start(call, {
        of: volumes.lockedWith(id),
        content: coming.isRefresh ? [refOf(id)] : [],
        operation: { description: "Creating storage volume", resources, mayCancel: true, ...coming.operation },
        told: told(action, refOf(id), { type: "custom" }),
        work: coming.work,
      }),
    );
  }

  async function copy(
    { call }: ApiRequest,
    id: VolumeId,
    post: StorageVolumesPost & { source: NonNullable<StorageVolumesPost["source"]> },
  ): Promise<Reply> {
    const sourceProject = post.source.project || call.project;
    requireSight(call, sourceProject);
    const plan = planCopy(volumes, id, sourceProject, post);
    if (!plan.isRefresh) await volumes.requireFree(id);
    requireAccess(call, [refOf(id)]);
    return asyncOp(
      changes.start(call, {
        of: [refOf(id)],
        // Source and target together, so that two that copy each other do not wait for ever.
        unlocked: true,
        content: plan.isRefresh ? [refOf(id)] : [],
        operation: { description: "Copying storage volume", resources: { storage_volumes: [urlOf(refOf(id))] } },
        told: told(plan.isRefresh ? "storage-volume-updated" : "storage-volume-created", refOf(id), { type: "custom" }),
        work: () =>
          volumes.home.locks.runAll(
            [...volumes.lockedWith(id), ...volumes.lockedWith(plan.source)].map(lockKeyOf),
            () => carryOutCopy(volumes, plan),
          ),
      }),
    );
  }

  async function change(
    request: ApiRequest,
    next: (have: VolumeRecord) => Pick<StorageVolumePut, "description" | "config">,
  ): Promise<Reply> {
    const id = customId(volumes, request);
    await changes.run(request.call, {
      of: volumes.lockedWith(id),
      etag: { ifMatch: ifMatchOf(request), parts: () => coveredOf(volumes.record(id)) },
      told: told("storage-volume-updated", refOf(id)),
      work: () => volumes.update(id, next(volumes.record(id))),
    });
    return sync();
  }

  /** Of an instance's root, keys of the user are all that can change. */
  async function changeRoot(request: ApiRequest, put: StorageVolumePut): Promise<Reply> {
    const [pool, name] = [param(request, "pool"), param(request, "name")];
    const root = () => {
      const all = volumes.home.otherVolumes(pool, request.call.project);
      const found = all.find((other) => other.type === "container" && other.name === name);
      if (found === undefined) throw notFound(volumeNotFound);
      return found;
    };
    const { owner, project, description } = root();
    if (put.restore !== "") throw badRequest("The root of an instance is put back by way of the instance.");
    if (put.description !== description)
      throw badRequest("The volume of an instance has no description of its own. Change that of the instance.");
    const config = withoutEmpty(put.config);
    requireConfig(userKeys, config);
    await changes.run(request.call, {
      of: [owner],
      etag: { ifMatch: ifMatchOf(request), parts: () => coveredOfRoot(shownOther(root())) },
      told: told("instance-updated", owner),
      work: () => {
        root();
        volumes.home.setRootConfig({ project, name }, config);
      },
    });
    return sync();
  }

  async function restore(request: ApiRequest, snapshot: string): Promise<Reply> {
    const id = customId(volumes, request);
    await changes.run(request.call, {
      of: volumes.lockedWith(id),
      content: [refOf(id)],
      etag: { ifMatch: ifMatchOf(request), parts: () => coveredOf(volumes.record(id)) },
      told: told("storage-volume-restored", refOf(id), { snapshot }),
      work: () => volumes.snapshots.restore(id, snapshot),
    });
    return sync();
  }

  function patch(request: ApiRequest, body: Partial<StorageVolumePut>): Promise<Reply> {
    const { restore: snapshot, ...fields } = body;
    if (snapshot) throw badRequest("Cannot restore a volume by PATCH: send it with PUT.");
    return change(request, ({ description, config }) => patched({ description, config }, fields));
  }

  async function move(request: ApiRequest, post: StorageVolumePost): Promise<Reply> {
    const { call } = request;
    if (typeOf(request) !== "custom")
      throw badRequest(`Renaming storage volumes of type "${typeOf(request)}" is not allowed`);
    const from = customId(volumes, request);
    volumes.record(from);
    if (post.migration) {
      const sending = { withSnapshots: !post.volume_only, target: post.target ?? undefined };
      return asyncOp(volumes.home.migrations.sendVolume(call, from, sending));
    }
    const project = post.project === "" ? from.project : volumes.homeOf(post.project);
    volumes.home.projects.require(project);
    const to: VolumeId = { project, pool: post.pool || from.pool, name: post.name };
    const of = [...volumes.lockedWith(from), refOf(to)];
    const content = [refOf(from)];
    const tale = told("storage-volume-renamed", refOf(to), { old_name: from.name });
    if (to.pool === from.pool && to.project === from.project) {
      await changes.run(call, { of, content, told: tale, work: () => volumes.rename(from, to) });
      return created(urlOf(refOf(to)));
    }
    requireAccess(call, of);
    return asyncOp(
      changes.start(call, {
        of,
        content,
        operation: { description: "Moving storage volume", resources: { storage_volumes: [urlOf(refOf(to))] } },
        told: tale,
        check: () => volumes.requireAtRest(from),
        work: () => moveVolume(volumes, from, to, post.volume_only),
      }),
    );
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
        body: StorageVolumesPost,
        answer: [
          { ...answers.nothing, when: "it is a new one" },
          { ...answers.operation, when: "`source.type` is `copy` or `migration`" },
        ],
      },
      (request, post) => create(request, post.type, post),
    ),
    route(
      "POST",
      ofType,
      {
        summary: "The same with the type in the path; of a backup as well.",
        ...createSays,
      },
      (request, post) => {
        if (post !== undefined) return create(request, param(request, "type"), post);
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
      (request, put) => {
        if (typeOf(request) === "container") return changeRoot(request, put);
        return put.restore === "" ? change(request, () => put) : restore(request, put.restore);
      },
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
      patch,
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
      move,
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
