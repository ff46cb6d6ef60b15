/** Ended: what a client is told when a container has ended between the daemon's look and the kernel's answer. */
import { type ApiError, badRequest } from "../../../sdk/api/errors";
import { type CellError, errnoOf } from "./connection";

/** A container ends at any moment: whoever asks just then has asked for one that does not run. */
export function justEnded(cause: unknown): ApiError {
  const details = (cause as { details?: CellError } | undefined)?.details;
  return badRequest("Instance is not running: it has just ended. Try again.", { cause, details });
}

/** @returns the error that the client gets: another one where bothy-cell found no such process */
export const orJustEnded = (error: unknown): unknown => (errnoOf(error) === "ESRCH" ? justEnded(error) : error);

/** Whether nobody listens at a supervisor's socket any more, or its listener left before it answered. */
export function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  // Without a folder of its own no supervisor can be there.
  return ["ENOENT", "ECONNREFUSED", "ENOTDIR", "ELOOP"].includes(code) || errnoOf(error) === "ECONNRESET";
}
