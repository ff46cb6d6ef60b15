/** View: volumes of every type as the wire shows them. */
import type { StorageVolume } from "../../../sdk/api/storage-volume";
import { maySee } from "../../core/access";
import type { Call } from "../../core/call";
import { type Ref, urlOf, volumeSnapshotRef } from "../../core/ref";
import type { OtherVolume } from "./home";
import { refOf, type VolumeRecord } from "./record";
import type { StorageVolumeService } from "./service";
import type { VolumeSnapshotRecord } from "./snapshot/store";

export interface ListedVolume {
  readonly shown: StorageVolume;
  readonly url: string;
}

export function shownVolume(record: VolumeRecord, users: readonly Ref[]): StorageVolume {
  return {
    name: record.name,
    type: "custom",
    content_type: record.contentType,
    description: record.description,
    config: record.config,
    used_by: users.map(urlOf),
    location: "none",
    project: record.project,
    created_at: record.createdAt,
  };
}

function listedSnapshot({ contentType }: VolumeRecord, snapshot: VolumeSnapshotRecord): ListedVolume {
  const { pool, project, name: volume } = snapshot.volume;
  const shown = {
    name: `${volume}/${snapshot.name}`,
    type: "custom",
    content_type: contentType,
    description: snapshot.description,
    config: snapshot.config,
    used_by: [],
    location: "none",
    project,
    created_at: snapshot.createdAt,
  };
  return { shown, url: urlOf(volumeSnapshotRef(pool, volume, snapshot.name, project)) };
}

export function shownOther(other: OtherVolume): StorageVolume {
  return {
    name: other.name,
    type: other.type,
    content_type: "filesystem",
    description: other.description,
    config: other.config,
    used_by: [urlOf(other.owner)],
    location: "none",
    project: other.project,
    created_at: other.createdAt,
  };
}

function listedOther(pool: string, other: OtherVolume): ListedVolume {
  const [name = "", snapshot] = other.name.split("/");
  const custom = urlOf(
    snapshot === undefined
      ? refOf({ project: other.project, pool, name })
      : volumeSnapshotRef(pool, name, snapshot, other.project),
  );
  return { shown: shownOther(other), url: custom.replace("/volumes/custom/", `/volumes/${other.type}/`) };
}

/** All volumes of a pool that somebody sees, by type and name. @param project absent for every project that who calls has */
export function listVolumes(
  volumes: StorageVolumeService,
  call: Call,
  pool: string,
  project: string | undefined,
): ListedVolume[] {
  volumes.home.storagePools.record(pool);
  const owner = project === undefined ? undefined : volumes.homeOf(project);
  const custom = volumes.store
    .listIn(pool)
    .filter((record) => (owner === undefined ? maySee(call, record.project) : record.project === owner));
  const others = volumes.home.otherVolumes(pool, project).filter((other) => maySee(call, other.project));
  const all = [
    ...others.map((other) => listedOther(pool, other)),
    ...custom.flatMap((record) => [
      { shown: shownVolume(record, volumes.usersOf(record)), url: urlOf(refOf(record)) },
      ...volumes.snapshots.records(record).map((snapshot) => listedSnapshot(record, snapshot)),
    ]),
  ];
  const keyOf = ({ shown }: ListedVolume) => `${shown.type}\0${shown.name.replace("/", "\0")}`;
  return all.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
