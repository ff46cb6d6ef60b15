/** Delete: what is gone already counts as deleted, what only looks so does not, and what is still used waits for its users to go. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../../sdk";
import { ApiError } from "../../../sdk/api/errors";
import type { Context } from "./core";
import { ifThere, isNotFound } from "./failure";
import { isBusy } from "./write";

export interface Deletion {
  /** Path on the server, such as "/1.0/instances/web": how others name the object among their users. */
  readonly url: string;
  remove(): Promise<void>;
  /** Reads the object. @throws ApiError NOT_FOUND */
  look(): Promise<unknown>;
  /** Paths of those that use the object; for kinds that stay while they are used. */
  users?(): Promise<readonly string[]>;
}

const attempts = 3;

/** Pulumi deletes objects at the same time when it knows of no dependency; a user that is not being deleted yet has this long to begin. */
const graceMs = 3000;
const pauseMs = 100;

/** Paths of the objects that this process is deleting, by server. */
const leaving = new WeakMap<Client, Map<string, number>>();

/**
 * Deletes an object. NOT_FOUND may be about something that the server met on the way and that somebody else deletes at the same
 * time, so it counts only when the object itself is not found.
 * @throws whatever else goes wrong; for an object in use an ApiError that names its users
 */
export async function untilGone(context: Context, deletion: Deletion): Promise<void> {
  const going = leaving.get(context.client) ?? new Map<string, number>();
  leaving.set(context.client, going);
  going.set(deletion.url, (going.get(deletion.url) ?? 0) + 1);
  try {
    await removed(context, deletion, (url) => going.has(url));
  } finally {
    const left = (going.get(deletion.url) ?? 1) - 1;
    if (left === 0) going.delete(deletion.url);
    else going.set(deletion.url, left);
  }
}

async function removed({ signal }: Context, deletion: Deletion, isLeaving: (url: string) => boolean): Promise<void> {
  let lost = 0;
  let end = Date.now() + graceMs;
  let before = "";
  for (;;) {
    signal.throwIfAborted();
    try {
      return await deletion.remove();
    } catch (error) {
      if (isNotFound(error)) {
        if (await isGone(deletion)) return;
        lost += 1;
        if (lost === attempts) throw error;
      } else if (isInUse(error) && deletion.users !== undefined) {
        const users = (await ifThere(deletion.users()))?.map(pathOf);
        if (users === undefined) continue;
        // As long as they become fewer, or one of them is being deleted, there is something to wait for.
        if (users.some(isLeaving) || users.join() !== before) end = Date.now() + graceMs;
        before = users.join();
        if (Date.now() >= end) throw naming(error, users);
        await sleep(pauseMs, undefined, { signal });
      } else if (isBusy(error)) await sleep(pauseMs, undefined, { signal });
      else throw error;
    }
  }
}

const isInUse = (error: unknown): error is ApiError =>
  ApiError.is(error) && /(currently|that is) in use/i.test(error.message);

/** Without the project, which a server may add. */
const pathOf = (url: string): string => decodeURIComponent(url.replace(/\?.*$/, ""));

/** "/1.0/storage-pools/big" becomes `storage pool "big"`. */
function titleOf(path: string): string {
  const [kind = "", name = ""] = path.split("/").slice(-2);
  return `${kind.replace(/s$/, "").replaceAll("-", " ")} "${name}"`;
}

function naming(error: ApiError, users: readonly string[]): ApiError {
  const titles = users.map(titleOf);
  if (titles.length === 0 || titles.every((title) => error.message.includes(title))) return error;
  const stock = error.message.replace(/\.$/, "");
  return new ApiError(error.code, `${stock}, by ${titles.join(", ")}. Delete these first, or take it out of them.`);
}

const isGone = async (deletion: Deletion): Promise<boolean> =>
  (await ifThere(deletion.look().then(() => true))) === undefined;
