/** Located: what the daemons say of a planned change, as far as they can be asked: none is started for a preview. */
import { isNobodyListening, type Server } from "../sdk";
import { ApiError } from "../sdk/api/errors";
import type { Core, Diff } from "./core/engine/core";
import { safeError } from "./core/engine/failure";
import {
  type Holder,
  holderIn,
  holderOf,
  holderProperty,
  isLost,
  isSameServer,
  otherServer,
} from "./core/engine/identity";
import { type Props, unknownValue } from "./core/engine/values";
import { clientFor, knownPlaceOf, placeOf } from "./endpoint";

/** A preview of many resources asks each daemon once. */
const keepMs = 1000;
const patienceMs = 5000;

const answers = new Map<string, { readonly at: number; readonly server: Promise<Server | undefined> }>();

/** @returns what the server of an endpoint says of itself, or nothing when it cannot be asked now */
async function holderAt(endpoint: unknown): Promise<Holder | undefined> {
  const place = placeOf(endpoint);
  const known = answers.get(place);
  const server = known !== undefined && Date.now() - known.at < keepMs ? known.server : ask(endpoint);
  answers.set(place, { at: known?.server === server ? known.at : Date.now(), server });
  const answer = await server;
  return answer && holderOf(answer, place);
}

async function ask(endpoint: unknown): Promise<Server | undefined> {
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const client = await clientFor(endpoint, { start: false, signal, log: () => undefined });
    return (await client.getServer({ signal })).value;
  } catch (error) {
    // Who cannot be asked says nothing; up will say why.
    if (signal.aborted || isNobodyListening(error) || ApiError.is(error)) return undefined;
    throw error;
  }
}

/** The change stays one, and without a replacement nothing is deleted first. */
function without(diff: Diff, property: string): Diff {
  const replaces = diff.replaces.filter((name) => name !== property);
  return { ...diff, replaces, deleteBeforeReplace: diff.deleteBeforeReplace && replaces.length > 0 };
}

const withReplace = (diff: Diff, property: string): Diff => ({
  ...diff,
  changes: true,
  replaces: [...new Set([...diff.replaces, property])],
});

/**
 * Plans a change. Compares servers where the plain comparison of inputs has only endpoints: one that leads to the same server in other words asks for no
 * other object, one that leads elsewhere does. An object that another server holds is an error before anything is done.
 * @throws Error that names both servers
 */
export async function located(core: Core, id: string, olds: Props, news: Props): Promise<Diff> {
  const diff = core.diff(olds, news);
  const known = holderIn(olds);
  if (news.endpoint === unknownValue) return diff;
  const before =
    olds.endpoint === undefined && known !== undefined
      ? known.endpoint
      : (knownPlaceOf(olds.endpoint) ?? known?.endpoint);
  const wanted = placeOf(news.endpoint);
  const isMoved = before !== wanted && (olds.endpoint !== undefined || news.endpoint !== undefined);
  const asked = known && (await holderAt(news.endpoint));
  if (known === undefined || asked === undefined) {
    if (before === wanted) return without(diff, "endpoint");
    return isMoved && known !== undefined ? withReplace(diff, "endpoint") : diff;
  }
  if (isSameServer(known, asked)) return without(diff, "endpoint");
  if (isMoved) return withReplace(diff, "endpoint");
  if (isLost(known, process.env.BOTHY_LOST_SERVERS)) return withReplace(diff, holderProperty);
  throw safeError(otherServer(known, asked), `Cannot plan ${core.kind.replaceAll("-", " ")} "${id}"`);
}
