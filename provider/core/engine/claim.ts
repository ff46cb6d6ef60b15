/**
 * Claim: making an object whose name may be taken: by what an earlier up of the same resource left when it was killed, or by what somebody
 * else made and the program adopts. A foreign one stays what it is.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../../../sdk/api/common";
import { ApiError, conflict } from "../../../sdk/api/errors";
import type { Context } from "./core";
import { isAlive, pidOf, thisMaker } from "./maker";
import { isOwn, ownerText, pendingKey, stampFor } from "./stamp";
import type { Props } from "./values";

/** How an object came to be: newly made, left half made by an earlier up of the same resource, or adopted from somebody else. */
export type Origin = "made" | "own" | "adopted";

export interface Claim {
  /** "container" */
  readonly kind: string;
  readonly news: Props;
  /** @param stamp keys to give the object @throws ApiError CONFLICT when its name is taken */
  make(stamp: Config): Promise<void>;
  /** Reads the keys of the object that has the name; nothing while one is being made or deleted. @throws when it can never be taken over */
  find(error: ApiError): Promise<Config | undefined>;
}

const pauseMs = 100;
/** For errors of which only the code or only the words tell that a name is taken, as most of LXD's: they may be about another thing. */
const attempts = 20;

const saysExists = ({ message }: ApiError): boolean => /already exists/i.test(message);

/** Some servers give the words of their database for a name that is taken, as Incus does of projects and instances. */
const saysDuplicate = (error: unknown): boolean => ApiError.is(error) && /UNIQUE constraint failed/.test(error.message);

/** Whether an error may say that the name of an object is taken. */
export const isTaken = (error: unknown): error is ApiError =>
  ApiError.is(error) && (error.code === "CONFLICT" || saysExists(error));

/** Keys of an object that its engine has not heard of yet. */
export function pendingStamp(kind: string, news: Props): Config {
  const stamp = stampFor(kind, news);
  return Object.keys(stamp).length === 0 ? {} : { ...stamp, [pendingKey]: thisMaker() };
}

/**
 * Makes an object, or says how the one that has its name is to be taken over.
 * @throws ApiError CONFLICT that says whose it is and what to do
 */
export async function claim({ signal }: Context, { kind, news, make, find }: Claim): Promise<Origin> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    try {
      await make(pendingStamp(kind, news));
      return "made";
    } catch (thrown) {
      const error = saysDuplicate(thrown) ? conflict(`The ${kind.replaceAll("-", " ")} already exists.`) : thrown;
      if (!isTaken(error)) throw error;
      const found = await find(error);
      if (found !== undefined) return judge(error, kind, news, found);
      if (attempt >= attempts && !(error.code === "CONFLICT" && saysExists(error))) throw error;
    }
    // Somebody makes or deletes one of that name this moment: it is there or gone soon.
    await sleep(pauseMs, undefined, { signal });
  }
}

function judge(error: ApiError, kind: string, news: Props, found: Config): Origin {
  const maker = found[pendingKey];
  const name = typeof news.name === "string" ? news.name : undefined;
  const own = isOwn(found, kind, news, name);
  const isMaking = maker !== undefined && maker !== thisMaker() && isAlive(maker);
  if (own && maker !== undefined && !isMaking) return "own";
  const stock = error.message.replace(/\.?\s*(Choose another name.*)?$/s, "");
  if (isMaking)
    throw conflict(
      `${stock}. It is being made this moment, by process ${pidOf(maker)}. Run up again when that is over.`,
    );
  if (news.adopt === true) return "adopted";
  const owner = ownerText(found, name);
  const whose = own
    ? "It was made for this very resource, and the state does not know it."
    : owner === undefined
      ? ""
      : `It belongs to ${owner}.`;
  throw conflict(
    `${stock}. ${whose} Choose another name, delete it, or take it over with "adopt: true".`.replace(/\s+/g, " "),
  );
}
