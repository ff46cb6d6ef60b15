/** Copy: a volume made from another, in its pool or another one, and a volume brought to what another is. */
import { badRequest, conflict } from "../../../sdk/api/errors";
import type { StorageVolumesPost } from "../../../sdk/api/storage-volume";
import { isNoSpace } from "../../platform/folders/files";
import { nowText } from "../../platform/time";
import type { Volume } from "../storage-pool/driver";
import type { Volumes } from "../storage-pool/volumes";
import { boundOf } from "./content";
import { snapshotVolumeOf, type VolumeId, type VolumeRecord, volumeOf } from "./record";
import type { StorageVolumeService } from "./service";
import type { VolumeSnapshotRecord } from "./snapshot/store";

export interface CopyPlan {
  readonly source: VolumeRecord;
  /** Whose content is taken, when it is not the volume's own. */
  readonly snapshot: string | undefined;
  readonly record: VolumeRecord;
  readonly withSnapshots: boolean;
  /** Whether one that is there is brought to what the copy would be. */
  readonly isRefresh: boolean;
}

type CopyPost = StorageVolumesPost & { readonly source: NonNullable<StorageVolumesPost["source"]> };

/** @param source as its project sees it @throws ApiError NOT_FOUND, CONFLICT, BAD_REQUEST */
export function planCopy(
  volumes: StorageVolumeService,
  target: VolumeId,
  sourceProject: string,
  post: CopyPost,
): CopyPlan {
  const { name: sourceName, pool, volume_only: isAlone, refresh } = post.source;
  const [name = "", snapshot] = sourceName.split("/");
  const source = volumes.record(volumes.idFor(sourceProject, pool, name));
  const from = snapshot === undefined ? source : volumes.snapshots.record(source, snapshot);
  const { contentType } = source;
  if (post.content_type !== "" && post.content_type !== contentType)
    throw badRequest(
      `Cannot copy volume "${sourceName}": it holds a ${contentType}, not a ${post.content_type}. Leave out "content_type".`,
    );
  const own = Object.fromEntries(Object.entries(from.config).filter(([key]) => !key.startsWith("volatile.")));
  const given = Object.keys(post.config).length > 0 ? post.config : own;
  return {
    source,
    snapshot,
    record: {
      ...target,
      description: post.description || source.description,
      config: volumes.configOfCopy(target.pool, contentType, given),
      contentType,
      createdAt: nowText(),
    },
    withSnapshots: !isAlone && snapshot === undefined,
    isRefresh: refresh && volumes.find(target) !== undefined,
  };
}

/** Under the locks of source and target and of those who have them. @param taken the copy takes the source's place: what else changes then, once the copy is on the disk */
export async function carryOutCopy(volumes: StorageVolumeService, plan: CopyPlan, taken?: () => void): Promise<void> {
  if (plan.isRefresh) return refresh(volumes, plan);
  const { source, snapshot, record, withSnapshots } = plan;
  const { home, snapshots } = volumes;
  const content = snapshot === undefined ? volumeOf(source) : snapshotVolumeOf(source, snapshot);
  const fill = async (volume: Volume) => {
    const [from, to] = [
      { pool: source.pool, volume: content },
      { pool: record.pool, volume },
    ];
    const clone = () => fitting(home.volumes, record, home.volumes.clone(from, to, boundOf(home.volumes, record)));
    await (snapshot === undefined ? home.volumeUsers.whileStill(source, clone) : clone());
    if (withSnapshots) for (const old of snapshots.records(source)) await snapshots.copyInto(record, old);
    if (taken !== undefined) await home.volumes.flush(record.pool, volume);
  };
  await volumes.create(record, fill, taken);
}

/** @throws ApiError BAD_REQUEST when the size of the copy does not hold the content */
async function fitting(
  volumes: Pick<Volumes, "roomForFile">,
  record: VolumeRecord,
  copying: Promise<void>,
): Promise<void> {
  try {
    await copying;
  } catch (error) {
    if (boundOf(volumes, record) === undefined || !isNoSpace(error)) throw error;
    const message = `Cannot copy into volume "${record.name}": the content does not fit into its size, or the host's disk is full. Give a larger "size".`;
    throw badRequest(message, { cause: error });
  }
}

const isSameMoment = (a: VolumeSnapshotRecord, b: VolumeSnapshotRecord): boolean =>
  a.name === b.name && Date.parse(a.createdAt) === Date.parse(b.createdAt);

/** The target keeps its settings. Snapshots that are missing or of another time are copied, those that the source has no more are removed. */
async function refresh(
  volumes: StorageVolumeService,
  { source, record, withSnapshots, snapshot }: CopyPlan,
): Promise<void> {
  const { home, snapshots } = volumes;
  const target = volumes.record(record);
  if (target.contentType !== source.contentType)
    throw conflict(
      `Cannot refresh volume "${target.name}": it holds a ${target.contentType}, not a ${source.contentType}.`,
    );
  volumes.requireAtRest(target);
  if (withSnapshots) {
    const theirs = snapshots.records(source);
    const isKept = (own: VolumeSnapshotRecord) => theirs.some((other) => isSameMoment(other, own));
    for (const own of snapshots.records(target)) if (!isKept(own)) await snapshots.erase(target, own.name);
    const have = new Set(snapshots.names(target));
    for (const other of theirs) if (!have.has(other.name)) await snapshots.copyInto(target, other);
  }
  const content = snapshot === undefined ? volumeOf(source) : snapshotVolumeOf(source, snapshot);
  const take = async () => {
    if (source.pool === target.pool) return home.volumes.restore(target.pool, content, volumeOf(target));
    // By way of a snapshot of its own, which the next start takes away after a crash.
    const passing = await snapshots.takeOver(target, { pool: source.pool, volume: content });
    try {
      await home.volumes.restore(target.pool, snapshotVolumeOf(target, passing), volumeOf(target));
    } finally {
      await snapshots.erase(target, passing);
    }
  };
  await (snapshot === undefined ? home.volumeUsers.whileStill(source, take) : take());
}
