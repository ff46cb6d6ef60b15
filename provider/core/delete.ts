/** Delete: what is gone already counts as deleted, what only looks so does not. */
import type { Context } from "./core";
import { isNotFound } from "./failure";

const attempts = 3;

/**
 * Deletes an object. NOT_FOUND may be about something that the server met on the way and that somebody else deletes at the same
 * time, so it counts only when the object itself is not found.
 * @param look reads the object
 * @throws whatever else goes wrong
 */
export async function untilGone(
  { signal }: Context,
  remove: () => Promise<void>,
  look: () => Promise<unknown>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await remove();
    } catch (error) {
      if (!isNotFound(error)) throw error;
      if (await isGone(look)) return;
      if (attempt === attempts) throw error;
    }
  }
}

async function isGone(look: () => Promise<unknown>): Promise<boolean> {
  try {
    await look();
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}
