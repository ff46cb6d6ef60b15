/** Left: the names of objects that earlier runs of the same resource left half made. An object without a name of its own is found by its stamp. */
import { isNobodyListening } from "../sdk";
import { ApiError } from "../sdk/api/errors";
import type { Context, Core, Listed } from "./core/engine/core";
import { isAlive } from "./core/engine/maker";
import { isOwn, ownerIn, pendingKey } from "./core/engine/stamp";
import { type Props, unknownValue } from "./core/engine/values";
import { clientFor } from "./endpoint";
import { replacedBy } from "./replacements";

/** Many resources are looked for at once. */
const keepMs = 1000;
const patienceMs = 5000;

type Asker = Pick<Context, "client" | "signal">;

const lists = new WeakMap<object, Map<string, { readonly at: number; readonly list: Promise<Listed[]> }>>();

/** Objects that this process has told its engine of, by server: lists may be older. */
const told = new WeakMap<object, Set<string>>();

/** What the objects of a kind lie in, by the properties that name it. */
const parentsOf = ({ idInputs }: Core, props: Props): unknown[] => idInputs.slice(0, -1).map((name) => props[name]);

const keyOf = (core: Core, props: Props): string => [core.kind, ...parentsOf(core, props)].join("/");

/** Takes note of an object that is its engine's from now on. */
export function noteTold(core: Core, { client }: Asker, props: Props): void {
  const names = told.get(client) ?? new Set();
  told.set(client, names.add(`${keyOf(core, props)}/${String(props.name)}`));
}

/** Whether the name of a resource is made, and nothing was made for it yet as far as its state knows. */
const isNameless = (olds: Props, news: Props): boolean =>
  typeof news.__logicalName === "string" && olds.__logicalName === undefined;

function listed(core: Core, asker: Asker, props: Props): Promise<Listed[]> {
  const known = lists.get(asker.client) ?? new Map();
  lists.set(asker.client, known);
  const key = keyOf(core, props);
  const before = known.get(key);
  if (before !== undefined && Date.now() - before.at < keepMs) return before.list;
  const list = core.list?.(asker, props) ?? Promise.resolve([]);
  known.set(key, { at: Date.now(), list });
  return list;
}

/** @returns the name of what an earlier create of the same resource left, when its maker is dead */
export async function leftName(core: Core, asker: Asker, props: Props): Promise<string | undefined> {
  if (core.list === undefined || ownerIn(props) === undefined || !isNameless({}, props)) return undefined;
  const all = await listed(core, asker, props);
  // One that does not work yet may be replaced, and still has its mark.
  const replaced = replacedBy(core.kind, props)?.id.split("/").at(-1);
  return all.find(({ name, config }) => {
    const maker = config[pendingKey];
    const isTold = told.get(asker.client)?.has(`${keyOf(core, props)}/${name}`) === true;
    return (
      maker !== undefined && !isTold && name !== replaced && isOwn(config, core.kind, props, name) && !isAlive(maker)
    );
  })?.name;
}

/** As leftName, for a plan: nobody is started for it, and a daemon that cannot be asked says nothing. */
export async function plannedName(core: Core, olds: Props, news: Props): Promise<string | undefined> {
  if (!isNameless(olds, news) || news.name !== undefined || ownerIn(news) === undefined) return undefined;
  if ([news.endpoint, ...parentsOf(core, news)].includes(unknownValue)) return undefined;
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const client = await clientFor(news.endpoint, { start: false, signal, log: () => undefined });
    return await leftName(core, { client, signal }, news);
  } catch (error) {
    if (signal.aborted || isNobodyListening(error) || ApiError.is(error)) return undefined;
    throw error;
  }
}
