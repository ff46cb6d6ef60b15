/**
 * Foresight: what a create would be refused for, asked of the server for a plan: a name that somebody else's object has, an image or a pool that is
 * missing, what a project does not allow. It makes nothing and starts no daemon; where no server answers, a plan is what it is without.
 */
import { ApiError, isNobodyListening } from "../sdk";
import type { Context, Core, Listed } from "./core/engine/core";
import { redactorOf } from "./core/engine/secrets";
import { isOwn, ownerText } from "./core/engine/stamp";
import { holdsUnknown, type Props, visibleOf } from "./core/engine/values";
import { clientFor } from "./endpoint";

/** A plan does not wait longer for a server that is slow, in milliseconds. */
const longestMs = 5000;
/** How long a list counts for the other objects of a plan, in milliseconds. */
const keptMs = 2000;

/** Names that this plan makes: who misses one of them will find it. */
const planned = new Set<string>();

const lists = new Map<string, Promise<Listed[]>>();

/** @param inputs checked ones, unknowns among them @returns a line for people, or nothing */
export async function foreseen(core: Core, inputs: Props, caller: AbortSignal): Promise<string | undefined> {
  const name = inputs.name;
  if (typeof name === "string") planned.add(name);
  if (holdsUnknown(inputs.endpoint)) return undefined;
  const signal = AbortSignal.any([caller, AbortSignal.timeout(longestMs)]);
  try {
    const client = await clientFor(inputs.endpoint, { start: false, signal, log: () => undefined });
    const { value: server } = await client.getServer({ signal });
    const context = { client, server, signal, isAbandoned: () => false, timeoutMs: longestMs, log: () => undefined };
    await refuse(core, context, inputs);
    return undefined;
  } catch (error) {
    // No server, or a slow one: what it would say shows when the object is made.
    if (!ApiError.is(error) || isNobodyListening(error) || error.code === "UNAVAILABLE") return undefined;
    const message = redactorOf(inputs)(error.message);
    const isComing = [...planned].some((one) => one !== name && message.includes(`"${one}"`));
    return isComing ? undefined : `As things are this cannot be made: ${message}`;
  }
}

/** Names of what an object lies in. */
const parentsOf = ({ idInputs }: Core, inputs: Props): unknown[] =>
  idInputs.filter((input) => input !== "name").map((input) => inputs[input]);

/** @throws ApiError that says why the object cannot be made */
async function refuse(core: Core, context: Context, inputs: Props): Promise<void> {
  // What lies in an object that comes with this plan lies nowhere yet.
  if (parentsOf(core, inputs).some((parent) => holdsUnknown(parent) || planned.has(String(parent)))) return;
  await core.requireParent?.(context, inputs);
  await refuseTaken(core, context, inputs);
  if (!holdsUnknown(visibleOf(inputs))) await core.requireCreatable?.(context, inputs);
}

async function refuseTaken(core: Core, context: Context, inputs: Props): Promise<void> {
  const { name, adopt } = inputs;
  if (core.list === undefined || typeof name !== "string" || holdsUnknown(name) || adopt === true) return;
  const found = (await listed(core, context, inputs)).find((one) => one.name === name);
  if (found === undefined || isOwn(found.config, core.kind, inputs, name)) return;
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
