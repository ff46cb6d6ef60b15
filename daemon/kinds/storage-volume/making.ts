/** Making of custom volumes as requests ask for it: new ones, copies, and those that another server sends. */
import { badRequest } from "../../../sdk/api/errors";
import type { StorageVolumesPost } from "../../../sdk/api/storage-volume";
import { requireAccess, requireSight } from "../../core/access";
import { lockKeyOf, urlOf } from "../../core/ref";
import { type ApiRequest, asyncOp, param, type Reply, sync } from "../../http/route";
import { nowText } from "../../platform/time";
import { carryOutCopy, planCopy } from "./copy";
import { refOf, type VolumeId } from "./record";
import type { StorageVolumeService } from "./service";
import { told } from "./told";

type SourcedPost = StorageVolumesPost & { readonly source: NonNullable<StorageVolumesPost["source"]> };

/** Makes a custom volume, at once or in the background. @param type in the path, or in the body @throws ApiError */
export function createVolume(
  volumes: StorageVolumeService,
  request: ApiRequest,
  type: string,
  post: StorageVolumesPost,
): Promise<Reply> | Reply {
  if (type === "") throw badRequest("You must provide a storage volume type of the storage volume");
  if (type !== "custom") throw badRequest(`Currently not allowed to create storage volumes of type "${type}"`);
  const { call } = request;
  const pool = param(request, "pool");
  volumes.home.storagePools.record(pool);
  const id = volumes.idFor(call.project, pool, post.name);
  const { source } = post;
  if (source?.type === "copy" && source.name !== "") return copy(volumes, request, id, { ...post, source });
  if (source?.type === "migration") return receive(volumes, request, id, { ...post, source });
  if (source?.type && source.type !== "copy")
    throw badRequest(
      `Unknown source type "${source.type}": it must be "copy" or "migration", or absent for a new volume.`,
    );
  return make(volumes, request, id, post);
}

async function make(
  volumes: StorageVolumeService,
  { call }: ApiRequest,
  id: VolumeId,
  post: StorageVolumesPost,
): Promise<Reply> {
  const contentType = post.content_type || "filesystem";
  await volumes.home.changes.run(call, {
    of: [refOf(id)],
    told: told("storage-volume-created", refOf(id), { type: "custom" }),
    work: () => {
      const config = volumes.configFor(id.pool, contentType, post.config);
      const record = { ...id, description: post.description, config, contentType, createdAt: nowText() };
      return call.isDryRun ? volumes.requireCreatable(record) : volumes.create(record);
    },
  });
  // As LXD: 200, and no path.
  return sync();
}

async function receive(
  volumes: StorageVolumeService,
  { call }: ApiRequest,
  id: VolumeId,
  post: SourcedPost,
): Promise<Reply> {
  requireAccess(call, [refOf(id)]);
  if (call.isDryRun)
    throw badRequest('Cannot make a dry run of a migration: what comes is known when it is here. Leave out "dry-run".');
  const coming = volumes.home.migrations.receiveVolume(id, post);
  if (!coming.isRefresh) await volumes.requireFree(id);
  const action = coming.isRefresh ? "storage-volume-updated" : "storage-volume-created";
  const resources = { storage_volumes: [urlOf(refOf(id))] };
  return asyncOp(
    volumes.home.changes.start(call, {
      of: volumes.lockedWith(id),
      content: coming.isRefresh ? [refOf(id)] : [],
      operation: { description: "Creating storage volume", resources, mayCancel: true, ...coming.operation },
      told: told(action, refOf(id), { type: "custom" }),
      work: coming.work,
    }),
  );
}

async function copy(
  volumes: StorageVolumeService,
  { call }: ApiRequest,
  id: VolumeId,
  post: SourcedPost,
): Promise<Reply> {
  const sourceProject = post.source.project || call.project;
  requireSight(call, sourceProject);
  const plan = planCopy(volumes, id, sourceProject, post);
  if (!plan.isRefresh) await volumes.requireFree(id);
  requireAccess(call, [refOf(id)]);
  if (call.isDryRun) {
    if (!plan.isRefresh) await volumes.requireCreatable(plan.record);
    return sync();
  }
  return asyncOp(
    volumes.home.changes.start(call, {
      of: [refOf(id)],
      // Source and target together, so that two that copy each other do not wait for ever.
      unlocked: true,
      content: plan.isRefresh ? [refOf(id)] : [],
      operation: { description: "Copying storage volume", resources: { storage_volumes: [urlOf(refOf(id))] } },
      told: told(plan.isRefresh ? "storage-volume-updated" : "storage-volume-created", refOf(id), { type: "custom" }),
      work: () =>
        volumes.home.locks.runAll([...volumes.lockedWith(id), ...volumes.lockedWith(plan.source)].map(lockKeyOf), () =>
          carryOutCopy(volumes, plan),
        ),
    }),
  );
}
