/** Request: which volume a path names. */
import { badRequest } from "../../../sdk/api/errors";
import { type VolumeType, volumeTypes } from "../../../sdk/api/storage-volume";
import { type ApiRequest, param } from "../../http/route";
import type { VolumeId } from "./record";
import type { StorageVolumeService } from "./service";

export const volumesPath = "/1.0/storage-pools/:pool/volumes";

/** @throws ApiError BAD_REQUEST for a word that is no type */
export function typeOf(request: ApiRequest): VolumeType {
  const type = volumeTypes.find((known) => known === param(request, "type"));
  if (type === undefined) throw badRequest("Invalid storage volume type name");
  return type;
}

/** The custom volume that a request names. @throws ApiError BAD_REQUEST for volumes that are made with something else */
export function customId(volumes: StorageVolumeService, request: ApiRequest): VolumeId {
  const type = typeOf(request);
  if (type !== "custom")
    throw badRequest(`Invalid storage volume type "${type}": only volumes of the type "custom" can be changed here.`);
  return volumes.idFor(request.call.project, param(request, "pool"), param(request, "name"));
}
