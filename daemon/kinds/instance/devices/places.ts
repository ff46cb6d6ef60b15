/** Places: where devices are seen inside. Two cannot be at one. */
import path from "node:path";
import { badRequest } from "../../../../sdk/api/errors";

export interface Placed {
  readonly device: string;
  readonly type: string;
  /** As it is written. */
  readonly place: string;
}

/** @param isNew whether a request brings the device @throws ApiError BAD_REQUEST */
export function requireOwnPlaces(all: readonly Placed[], isNew: (device: string) => boolean): void {
  const found = new Map<string, Placed>();
  for (const placed of all) {
    const place = path.posix.normalize(`/${placed.place}/`);
    const other = found.get(place);
    if (other !== undefined && (isNew(placed.device) || isNew(other.device)))
      throw badRequest(
        `Invalid device "${placed.device}": the ${other.type === "disk" ? "disk" : "device"} "${other.device}" has the path "${placed.place}" too. Use another.`,
      );
    found.set(place, placed);
  }
}
