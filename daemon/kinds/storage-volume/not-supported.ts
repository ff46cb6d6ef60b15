/** Not supported: what a pool's driver cannot tell. */
import { ApiError } from "../../../sdk/api/errors";

/** LXD's words. */
export const notSupported = (): ApiError =>
  new ApiError("NOT_IMPLEMENTED", "Not supported: this pool cannot tell how much a volume holds.");
