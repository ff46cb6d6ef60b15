/** Write: changing an object that others may change at the same time. */
import { ApiError } from "../../sdk/api/errors";
import type { Context } from "./core";

const attempts = 8;

const isBusy = (error: unknown): boolean =>
  ApiError.is(error) && (error.code === "PRECONDITION_FAILED" || /\bbusy running\b/i.test(error.message));

/**
 * Reads, changes and writes with the ETag that was read; begins again when somebody else was faster.
 * @param change reads the object and writes it with its ETag
 * @throws the last error after 8 attempts, or any other at once
 */
export async function withRetry<T>(context: Context, change: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    context.signal.throwIfAborted();
    try {
      return await change();
    } catch (error) {
      if (attempt === attempts || !isBusy(error)) throw error;
    }
  }
}
