/** Run: one verb on one object: its time, its daemon, and that this daemon is the one that holds the object. */

import { isNobodyListening } from "../sdk";
import type { Context } from "./core/engine/core";
import { InitFailed, safeError } from "./core/engine/failure";
import {
  type Holder,
  holderIn,
  holderOf,
  holderProperty,
  isLost,
  isSameServer,
  nobodyThere,
  otherServer,
} from "./core/engine/identity";
import { requireExtensions } from "./core/engine/lacks";
import type { Needy } from "./core/engine/needy";
import { redactorOf } from "./core/engine/secrets";
import { isMap, type Props } from "./core/engine/values";
import { clientFor, placeOf } from "./endpoint";

export type Verb = "create" | "read" | "update" | "delete";

const defaultTimeoutSeconds = 600;

function timeoutMsOf(verb: Verb, props: Props, given: number | undefined): number {
  const seconds = given ?? (isMap(props.timeouts) ? props.timeouts[`${verb}Seconds`] : undefined);
  return (typeof seconds === "number" ? seconds : defaultTimeoutSeconds) * 1000;
}

export interface Caller {
  /** Aborts when the caller wants the work to end. */
  readonly signal: AbortSignal;
  /** Whether nobody waits for the answer any more. */
  readonly isAbandoned: () => boolean;
  /** Takes a line for people, without secrets; by default the process's output, which Pulumi shows. */
  readonly log?: (message: string) => void;
  /** The time that the engine gives the verb, in seconds; the resource's own `timeouts` count when it gives none. */
  readonly timeoutSeconds?: number;
}

/** What a verb is about. */
export interface Call {
  readonly verb: Verb;
  /** For messages. */
  readonly name: unknown;
  /** Inputs or outputs that say where the object is and how long the verb may take. */
  readonly props: Props;
  /** Who waits for the answer. */
  readonly caller: Caller;
  /** Last outputs, for an object that exists: they say which server holds it. */
  readonly olds?: Props;
}

/** The object's server is gone for good, says the user, and the object with it. */
export class Lost extends Error {
  constructor() {
    super("the server that holds it is lost. Run refresh, so that the state forgets it, then run up again.");
  }
}

/** What went wrong once the time was over, or the caller gave up, is only that; a half-made object stays one. */
function withReason(error: unknown, verb: Verb, timeoutMs: number, over: AbortSignal, caller: Caller): unknown {
  const setting = caller.timeoutSeconds === undefined ? `timeouts.${verb}Seconds` : `customTimeouts.${verb}`;
  const reason = over.aborted
    ? `it took longer than ${timeoutMs / 1000} seconds. Raise ${setting} of the resource, then run up again.`
    : caller.signal.aborted && (caller.signal.reason as Error).message;
  if (!reason) return error;
  return error instanceof InitFailed
    ? new InitFailed(error.id, error.properties, new Error(reason))
    : new Error(reason);
}

/**
 * Runs a verb within its time, on the server that holds the object; whatever goes wrong leaves without secrets and says which object it
 * was about.
 * @param work gets what the outputs shall say of the server as well
 * @throws Lost, or an Error that is safe to show
 */
export async function run<T>(
  needy: Needy,
  { verb, name, props, olds, caller }: Call,
  work: (context: Context, holder: Holder) => Promise<T>,
): Promise<T> {
  const timeoutMs = timeoutMsOf(verb, props, caller.timeoutSeconds);
  const over = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([over, caller.signal]);
  const all = olds === undefined ? [props] : [props, olds];
  try {
    const redact = redactorOf(...all);
    const log = (message: string) => (caller.log ?? console.log)(redact(message));
    const bounds = { timeoutMs, signal, isAbandoned: caller.isAbandoned, log };
    const { context, holder } = await contextFor(verb, props, olds && holderIn(olds), bounds);
    requireExtensions(needy, props, context.server, holder);
    try {
      return await work(context, holder);
    } catch (error) {
      // The next up finds out from the state where the half-made object is.
      if (!(error instanceof InitFailed)) throw error;
      throw new InitFailed(error.id, { ...error.properties, [holderProperty]: holder }, error.cause);
    }
  } catch (error) {
    if (error instanceof Lost && verb !== "update") throw error;
    const what = `Cannot ${verb} ${needy.kind.replaceAll("-", " ")} "${String(name)}"`;
    throw safeError(withReason(error, verb, timeoutMs, over, caller), what, ...all);
  }
}

async function contextFor(
  verb: Verb,
  { endpoint }: Props,
  known: Holder | undefined,
  bounds: Omit<Context, "client" | "server">,
) {
  const { signal, log } = bounds;
  const place = placeOf(endpoint);
  const isElsewhere = known !== undefined && known.endpoint !== place;
  // Verbs that change something start a missing daemon, and a refresh of what it holds; check, diff and the reading of strangers do not,
  // since they run in preview. Nor is one started where the object is not.
  const start = !isElsewhere && (verb !== "read" || known !== undefined);
  try {
    const client = await clientFor(endpoint, { start, signal, log });
    const { value: server } = await client.getServer({ signal });
    const holder = holderOf(server, place);
    if (known !== undefined && !isSameServer(known, holder)) {
      if (isLost(known, process.env.BOTHY_LOST_SERVERS)) {
        log(`Taken for deleted, since its server is lost: ${known.uuid ?? known.name}.`);
        throw new Lost();
      }
      throw otherServer(known, holder);
    }
    return { context: { client, server, ...bounds } satisfies Context, holder };
  } catch (error) {
    if (!isElsewhere || !isNobodyListening(error)) throw error;
    throw isLost(known, process.env.BOTHY_LOST_SERVERS) ? new Lost() : nobodyThere(known, place);
  }
}
