/** Routes of snapshots of volumes. */
import { never } from "../../../../sdk/api/common";
import { notFound } from "../../../../sdk/api/errors";
import {
  VolumeSnapshot,
  VolumeSnapshotPost,
  VolumeSnapshotPut,
  VolumeSnapshotsPost,
} from "../../../../sdk/api/storage-volume";
import type { Ref } from "../../../core/ref";
import { urlOf } from "../../../core/ref";
import { dryRun } from "../../../http/dry-run";
import {
  type ApiRequest,
  asyncOp,
  ifMatchOf,
  inProjects,
  param,
  type Reply,
  type Route,
  recursionOf,
  route,
  sync,
} from "../../../http/route";
import { answers, recursion } from "../../../http/says";
import { refOf, type VolumeId, volumeNotFound } from "../record";
import { customId, typeOf, volumesPath } from "../request";
import type { StorageVolumeService } from "../service";
import { listVolumes } from "../view";
import { snapshotRefOf } from "./store";

const base = `${volumesPath}/:type/:name/snapshots`;
const one = `${base}/:snapshot`;

interface Shown {
  readonly shown: VolumeSnapshot;
  readonly url: string;
}

interface Extra {
  /** What else is locked. */
  readonly more?: readonly Ref[];
  readonly context?: Record<string, unknown>;
  /** Whether the snapshot's content goes or moves, so that nobody may read it meanwhile. */
  readonly takesAway?: boolean;
}

export function volumeSnapshotRoutes(volumes: StorageVolumeService): Route[] {
  const { snapshots } = volumes;
  const { changes } = volumes.home;
  const nameOf = (request: ApiRequest) => param(request, "snapshot");
  const coveredOf = ({ description, expires_at }: VolumeSnapshot) => ({ description, expires_at });

  /** Those of an instance's root are made and deleted with the instance. */
  function others(request: ApiRequest): Shown[] {
    const type = typeOf(request);
    const all = listVolumes(volumes, request.call, param(request, "pool"), request.call.project);
    const owner = param(request, "name");
    if (!all.some(({ shown }) => shown.type === type && shown.name === owner)) throw notFound(volumeNotFound);
    return all
      .filter(({ shown }) => shown.type === type && shown.name.startsWith(`${owner}/`))
      .map(({ shown: { name, description, config, content_type, created_at }, url }) => ({
        shown: { name, description, config, content_type, created_at, expires_at: never },
        url,
      }));
  }

  function found(request: ApiRequest): Shown[] {
    if (typeOf(request) !== "custom") return others(request);
    const id = customId(volumes, request);
    return snapshots.list(id).map((shown) => ({
      shown,
      url: urlOf(snapshotRefOf(id, shown.name.slice(id.name.length + 1))),
    }));
  }

  const list = (request: ApiRequest): Reply =>
    sync(found(request).map(({ shown, url }) => (recursionOf(request) === 0 ? url : shown)));

  function get(request: ApiRequest): Reply {
    if (typeOf(request) === "custom") {
      const shown = snapshots.get(customId(volumes, request), nameOf(request));
      return sync(shown, coveredOf(shown));
    }
    const other = others(request).find(({ shown }) => shown.name === `${param(request, "name")}/${nameOf(request)}`);
    if (other === undefined) throw notFound(volumeNotFound);
    return sync({ ...other.shown, name: nameOf(request) }, coveredOf(other.shown));
  }

  /** Starts work on a snapshot, which changes with its volume. */
  function start(
    request: ApiRequest,
    id: VolumeId,
    name: string,
    [description, action]: readonly [description: string, action: string],
    work: () => Promise<void>,
    { more = [], context, takesAway = false }: Extra = {},
  ): Reply {
    const of = snapshotRefOf(id, name);
    return asyncOp(
      changes.start(request.call, {
        of: [of, ...more],
        content: takesAway ? [refOf(id)] : [],
        operation: {
          description,
          resources: { storage_volumes: [urlOf(refOf(id))], storage_volume_snapshots: [urlOf(of)] },
        },
        told: { action, of, ...(context === undefined ? {} : { context }) },
        work,
      }),
    );
  }

  function create(request: ApiRequest, post: VolumeSnapshotsPost): Reply {
    const id = customId(volumes, request);
    const name = post.name || snapshots.freeName(id);
    snapshots.requirePossible(id, name);
    if (request.call.isDryRun) return sync();
    return start(
      request,
      id,
      name,
      ["Creating storage volume snapshot", "storage-volume-snapshot-created"],
      () => snapshots.create(id, name, post),
      { more: volumes.lockedWith(id), context: { type: "custom" } },
    );
  }

  async function change(request: ApiRequest, next: (have: VolumeSnapshot) => VolumeSnapshotPut): Promise<Reply> {
    const id = customId(volumes, request);
    const name = nameOf(request);
    const of = snapshotRefOf(id, name);
    await changes.run(request.call, {
      of: [of],
      etag: { ifMatch: ifMatchOf(request), parts: () => coveredOf(snapshots.get(id, name)) },
      told: { action: "storage-volume-snapshot-updated", of },
      work: () => snapshots.update(id, name, next(snapshots.get(id, name))),
    });
    return sync();
  }

  function rename(request: ApiRequest, { name: to }: VolumeSnapshotPost): Reply {
    const id = customId(volumes, request);
    const from = nameOf(request);
    snapshots.record(id, from);
    snapshots.requireFree(id, to);
    return start(
      request,
      id,
      to,
      ["Renaming storage volume snapshot", "storage-volume-snapshot-renamed"],
      () => snapshots.rename(id, from, to),
      { context: { old_name: from }, takesAway: true },
    );
  }

  function remove(request: ApiRequest): Reply {
    const id = customId(volumes, request);
    const name = nameOf(request);
    snapshots.record(id, name);
    return start(
      request,
      id,
      name,
      ["Deleting storage volume snapshot", "storage-volume-snapshot-deleted"],
      () => snapshots.delete(id, name),
      { takesAway: true },
    );
  }

  return inProjects([
    route(
      "GET",
      base,
      { summary: "Lists the snapshots of a volume.", query: recursion, answer: answers.list(VolumeSnapshot) },
      list,
    ),
    route(
      "POST",
      base,
      {
        summary: "Takes a snapshot of a custom volume.",
        query: dryRun.query,
        body: VolumeSnapshotsPost,
        answer: [answers.operation, dryRun.answer],
      },
      create,
    ),
    route(
      "GET",
      one,
      { summary: "Shows a snapshot of a volume.", tagged: true, answer: answers.one(VolumeSnapshot) },
      get,
    ),
    route(
      "PUT",
      one,
      {
        summary: "Says anew what a snapshot is for and when it expires.",
        body: VolumeSnapshotPut,
        tagged: true,
        answer: answers.nothing,
      },
      (request, put) => change(request, () => put),
    ),
    route(
      "PATCH",
      one,
      {
        summary: "Changes description or expiry of a snapshot; what is not given stays.",
        patch: VolumeSnapshotPut,
        tagged: true,
        answer: answers.nothing,
      },
      (request, { description, expires_at: expiresAt }) =>
        change(request, (have) => ({
          description: description ?? have.description,
          expires_at: expiresAt ?? have.expires_at,
        })),
    ),
    route(
      "POST",
      one,
      { summary: "Renames a snapshot of a custom volume.", body: VolumeSnapshotPost, answer: answers.operation },
      rename,
    ),
    route("DELETE", one, { summary: "Deletes a snapshot of a custom volume.", answer: answers.operation }, remove),
  ]);
}
