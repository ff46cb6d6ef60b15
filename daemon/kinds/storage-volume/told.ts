/** What listeners are told of volumes, and what the ETag of one covers. */
import type { StorageVolume } from "../../../sdk/api/storage-volume";
import type { Told } from "../../core/changes";
import type { Ref } from "../../core/ref";
import type { VolumeRecord } from "./record";

/** Of a custom volume. */
export const coveredOf = ({ name, contentType, config, description }: VolumeRecord) => ({
  name,
  type: "custom",
  content_type: contentType,
  config,
  description,
});

/** Of the root of an instance. */
export const coveredOfRoot = ({ name, type, config, description }: StorageVolume) => ({
  name,
  type,
  config,
  description,
});

/** @param context more of it, where there is more */
export const told = (action: string, of: Ref, context?: Record<string, unknown>): Told => ({
  action,
  of,
  ...(context === undefined ? {} : { context }),
});
