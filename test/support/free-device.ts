/** Free device: whether a block device is mounted by nobody, in no mount namespace. */
import { closeSync, constants, openSync } from "node:fs";

/** A device is had alone only while it is not mounted (open(2), O_EXCL). */
export function isFree(device: string): boolean {
  try {
    closeSync(openSync(device, constants.O_RDONLY | constants.O_EXCL));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EBUSY") return false;
    throw error;
  }
}
