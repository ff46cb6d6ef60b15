/** Changes of volumes as requests ask for them: settings, content, name and place. */
import { userKeys } from "../../../sdk/api/config/instance/user";
import { badRequest, notFound } from "../../../sdk/api/errors";
import type { StorageVolumePost, StorageVolumePut } from "../../../sdk/api/storage-volume";
import { requireAccess } from "../../core/access";
import { patched, withoutEmpty } from "../../core/merge";
import { urlOf } from "../../core/ref";
import { requireConfig } from "../../core/validate";
import { type ApiRequest, asyncOp, created, ifMatchOf, param, type Reply, sync } from "../../http/route";
import { moveVolume } from "./move";
import { refOf, type VolumeId, type VolumeRecord, volumeNotFound } from "./record";
import { customId, typeOf } from "./request";
import type { StorageVolumeService } from "./service";
import { coveredOf, coveredOfRoot, told } from "./told";
import { shownOther } from "./view";

/** Replaces what can be changed of a custom volume or of an instance's root, or puts the content of a volume back. @throws ApiError */
export function putVolume(volumes: StorageVolumeService, request: ApiRequest, put: StorageVolumePut): Promise<Reply> {
  if (typeOf(request) === "container") return changeRoot(volumes, request, put);
  return put.restore === "" ? change(volumes, request, () => put) : restore(volumes, request, put.restore);
}

async function change(
  volumes: StorageVolumeService,
  request: ApiRequest,
  next: (have: VolumeRecord) => Pick<StorageVolumePut, "description" | "config">,
): Promise<Reply> {
  const id = customId(volumes, request);
  await volumes.home.changes.run(request.call, {
    of: volumes.lockedWith(id),
    etag: { ifMatch: ifMatchOf(request), parts: () => coveredOf(volumes.record(id)) },
    told: told("storage-volume-updated", refOf(id)),
    work: () => volumes.update(id, next(volumes.record(id))),
  });
  return sync();
}

/** Of an instance's root, keys of the user are all that can change. */
async function changeRoot(volumes: StorageVolumeService, request: ApiRequest, put: StorageVolumePut): Promise<Reply> {
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
  await volumes.home.changes.run(request.call, {
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

async function restore(volumes: StorageVolumeService, request: ApiRequest, snapshot: string): Promise<Reply> {
  const id = customId(volumes, request);
  await volumes.home.changes.run(request.call, {
    of: volumes.lockedWith(id),
    content: [refOf(id)],
    etag: { ifMatch: ifMatchOf(request), parts: () => coveredOf(volumes.record(id)) },
    told: told("storage-volume-restored", refOf(id), { snapshot }),
    work: () => volumes.snapshots.restore(id, snapshot),
  });
  return sync();
}

/** Changes some of a custom volume. @throws ApiError */
export function patchVolume(
  volumes: StorageVolumeService,
  request: ApiRequest,
  body: Partial<StorageVolumePut>,
): Promise<Reply> {
  const { restore: snapshot, ...fields } = body;
  if (snapshot) throw badRequest("Cannot restore a volume by PATCH: send it with PUT.");
  return change(volumes, request, ({ description, config }) => patched({ description, config }, fields));
}

/** Renames a custom volume, or moves it to another pool, project or server. @throws ApiError */
export async function moveOrRename(
  volumes: StorageVolumeService,
  request: ApiRequest,
  post: StorageVolumePost,
): Promise<Reply> {
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
  volumes.home.storagePools.record(to.pool);
  const of = [...volumes.lockedWith(from), refOf(to)];
  const content = [refOf(from)];
  const tale = told("storage-volume-renamed", refOf(to), { old_name: from.name });
  if (to.pool === from.pool && to.project === from.project) {
    await volumes.home.changes.run(call, { of, content, told: tale, work: () => volumes.rename(from, to) });
    return created(urlOf(refOf(to)));
  }
  requireAccess(call, of);
  return asyncOp(
    volumes.home.changes.start(call, {
      of,
      content,
      operation: { description: "Moving storage volume", resources: { storage_volumes: [urlOf(refOf(to))] } },
      told: tale,
      check: () => volumes.requireAtRest(from),
      work: () => moveVolume(volumes, from, to, post.volume_only),
    }),
  );
}
