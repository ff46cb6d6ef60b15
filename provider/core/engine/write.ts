/** Write: changing an object that others may change at the same time. */
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "../../../sdk/api/errors";
import type { Context } from "./core";

const attempts = 40;
const pauseMs = 100;
/** Writers that met each other must not meet again at once. */
const spreadMs = 20;

/** Whether the object is in the middle of something else: LXD refuses instead of letting one wait for the other. */
export const isBusy = (error: unknown): boolean => ApiError.is(error) && /\bbusy running\b/i.test(error.message);

const wasChanged = (error: unknown): boolean => ApiError.is(error) && error.code === "PRECONDITION_FAILED";

/**
 * Reads, changes and writes with the ETag that was read; begins again when somebody else was faster.
 * @param change reads the object and writes it with its ETag
 * @throws the last error after 40 attempts, or any other at once; an object that is busy is waited for
 */
export async function withRetry<T>(context: Context, change: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    context.signal.throwIfAborted();
    try {
      return await change();
    } catch (error) {
      if (isBusy(error)) await sleep(pauseMs * attempt, undefined, { signal: context.signal });
      else if (attempt >= attempts || !wasChanged(error)) throw error;
      else await sleep(Math.random() * spreadMs * Math.min(attempt, 10), undefined, { signal: context.signal });
    }
  }
}
