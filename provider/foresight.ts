/**
 * Foresight: what a create or an update would be refused for, asked of the server for a plan: a kind or a key that the server does not have, a name
 * that somebody else's object has, an image or a pool that is missing, a subnet or an address that is in use, what a project does not allow. It makes
 * nothing and starts no daemon; where no server answers, a plan is what it is without.
 */
import { ApiError, isNobodyListening } from "../sdk";
import { isTaken } from "./core/engine/claim";
import type { Context, Core, Listed } from "./core/engine/core";
import { holderOf } from "./core/engine/identity";
import { asksForMore, requireExtensions, requireFeatures } from "./core/engine/lacks";
import { redactorOf } from "./core/engine/secrets";
import { isOwn, ownerText } from "./core/engine/stamp";
import { holdsUnknown, type Props, visibleOf } from "./core/engine/values";
import { clientFor, placeOf } from "./endpoint";
import { replacedBy } from "./replacements";

/** A plan does not wait longer for a server that is slow, in milliseconds. */
const longestMs = 5000;
/** How long a list counts for the other objects of a plan, in milliseconds. */
const keptMs = 2000;

/** Names that this plan makes: who misses one of them will find it. */
const planned = new Set<string>();

const lists = new Map<string, Promise<Listed[]>>();

const verbs = { create: "made", update: "changed" } as const;

/**
 * @param verb an update is asked only for what the server does not have
 * @param inputs checked ones, unknowns among them
 * @returns a line for people, or nothing
 */
export async function foreseen(
  core: Core,
  verb: keyof typeof verbs,
  inputs: Props,
  caller: AbortSignal,
): Promise<string | undefined> {
  const name = nameOf(core, inputs);
  if (verb === "create" && name !== undefined) planned.add(name);
  if (holdsUnknown(inputs.endpoint) || (verb === "update" && !asksForMore(core, inputs))) return undefined;
  const signal = AbortSignal.any([caller, AbortSignal.timeout(longestMs)]);
  try {
    const client = await clientFor(inputs.endpoint, { start: false, signal, log: () => undefined });
    const { value: server } = await client.getServer({ signal });
    const holder = holderOf(server, placeOf(inputs.endpoint));
    requireExtensions(core, inputs, server, holder);
    requireFeatures(core, inputs, server, holder);
    const context = { client, server, signal, isAbandoned: () => false, timeoutMs: longestMs, log: () => undefined };
    if (verb === "create") await refuse(core, context, inputs);
    return undefined;
  } catch (error) {
    // No server, or a slow one: what it would say shows when the object is made.
    if (!ApiError.is(error) || isNobodyListening(error) || error.code === "UNAVAILABLE") return undefined;
    const message = redactorOf(inputs)(error.message);
    const isMentioned = (one: string) => one !== name && message.includes(`"${one}"`);
    // What comes with this plan is there by then, and what it takes the place of steps aside.
    const leaving = replacedBy(core.kind, inputs)?.id.split("/").at(-1) ?? "";
    const isPassing = error.code !== "NOT_IMPLEMENTED" && [...planned, leaving].some(isMentioned);
    return isPassing ? undefined : `As things are this cannot be ${verbs[verb]}: ${message}`;
  }
}

/** What tells an object from the others beside it, where that is known. */
function nameOf({ idInputs }: Core, inputs: Props): string | undefined {
  const name = inputs[idInputs.at(-1) ?? "name"];
  return typeof name === "string" && !holdsUnknown(name) ? name : undefined;
}

/** Names of what an object lies in. */
const parentsOf = ({ idInputs }: Core, inputs: Props): unknown[] => idInputs.slice(0, -1).map((input) => inputs[input]);

/** @throws ApiError that says why the object cannot be made */
async function refuse(core: Core, context: Context, inputs: Props): Promise<void> {
  // What lies in an object that comes with this plan lies nowhere yet.
  if (parentsOf(core, inputs).some((parent) => holdsUnknown(parent) || planned.has(String(parent)))) return;
  await core.requireParent?.(context, inputs);
  const isTakenOver = await refuseTaken(core, context, inputs);
  if (holdsUnknown(visibleOf(inputs))) return;
  try {
    await core.foresee?.(context, inputs);
  } catch (error) {
    if (!isTakenOver || !isTaken(error)) throw error;
  }
}

/** @returns whether the object of the name, if there is one, becomes this one or makes room for it @throws ApiError when it is somebody else's */
async function refuseTaken(core: Core, context: Context, inputs: Props): Promise<boolean> {
  if (inputs.adopt === true) return true;
  const name = nameOf(core, inputs);
  if (core.list === undefined || name === undefined) return false;
  const found = (await listed(core, context, inputs)).find((one) => one.name === name);
  if (found === undefined) return false;
  if (isOwn(found.config, core.kind, inputs, name)) return true;
  const owner = ownerText(found.config, name);
  throw new ApiError(
    "CONFLICT",
    `the server has a ${core.kind.replaceAll("-", " ")} "${name}" already${owner === undefined ? "" : `, which belongs to ${owner}`}. Choose another name, delete it, or take it over with "adopt: true".`,
  );
}

/** Objects of a kind beside this one; a plan of a hundred asks once. */
function listed(core: Core, { client, signal }: Context, inputs: Props): Promise<Listed[]> {
  const key = JSON.stringify([core.kind, inputs.endpoint, parentsOf(core, inputs)]);
  const known = lists.get(key);
  if (known !== undefined) return known;
  const list = core.list?.({ client, signal }, inputs) ?? Promise.resolve([]);
  lists.set(key, list);
  setTimeout(() => lists.delete(key), keptMs).unref();
  return list;
}
