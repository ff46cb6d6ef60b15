/** Access: who may do what. The one place that decides it. */
import { ApiError } from "../../sdk/api/errors";
import type { Call } from "./call";
import { type Ref, urlOf } from "./ref";

/**
 * Whoever reaches the unix socket has the whole server, as its file's owner and group say; the daemon itself too.
 * @throws ApiError FORBIDDEN
 */
export function requireAccess({ actor }: Call, refs: readonly Ref[]): void {
  if (actor === undefined || actor.protocol === "unix") return;
  const [first] = refs;
  throw new ApiError("FORBIDDEN", `Cannot change "${first === undefined ? "/1.0" : urlOf(first)}": not authorized.`);
}
