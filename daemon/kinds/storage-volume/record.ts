/** VolumeRecord: a custom volume as the database keeps it. */
import type { Config } from "../../../sdk/api/common";
import { storageVolumeConfig } from "../../../sdk/api/config/storage-volume";
import type { ContentType } from "../../../sdk/api/storage-volume";
import { customVolumeName, type Ref, volumeRef } from "../../core/ref";
import type { Volume } from "../storage-pool/driver";

/** Which volume: names count within a project and a pool. */
export interface VolumeId {
  readonly project: string;
  readonly pool: string;
  readonly name: string;
}

export interface VolumeRecord extends VolumeId {
  readonly description: string;
  readonly config: Config;
  readonly contentType: ContentType;
  /** RFC 3339. */
  readonly createdAt: string;
}

/** Whether containers see the owners of its files as the host has them. */
export const isUnmapped = ({ config }: Pick<VolumeRecord, "config">): boolean =>
  storageVolumeConfig(config).get("security.unmapped") === true;

export const refOf = ({ project, pool, name }: VolumeId): Ref => volumeRef(pool, name, project);

/** The volume in its pool. */
export const volumeOf = (id: VolumeId): Volume => ({ type: "custom", name: customVolumeName(id) });

export const snapshotVolumeOf = (id: VolumeId, snapshot: string): Volume => ({
  type: "custom-snapshots",
  name: customVolumeName(id, snapshot),
});

/** LXD's words. */
export const volumeNotFound = "Storage pool volume not found";
export const volumeTaken = "Volume by that name already exists";
