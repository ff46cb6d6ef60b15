/** Moved: by which changes of a provider its objects are others: another project, or another server. */
import { isNobodyListening } from "../../sdk";
import { ApiError } from "../../sdk/api/errors";
import { type Holder, holderOf, isSameServer } from "../core/engine/identity";
import { holdsUnknown, type Props } from "../core/engine/values";
import { clientFor } from "../endpoint";
import { defaultsOf } from "./configuration";

const patienceMs = 5000;

/** @returns which server inputs lead to, as far as it can be asked now */
async function serverOf(inputs: Props): Promise<Holder | undefined> {
  const signal = AbortSignal.timeout(patienceMs);
  try {
    const client = await clientFor(undefined, { start: false, signal, log: () => undefined }, defaultsOf(inputs));
    return holderOf((await client.getServer({ signal })).value, "");
  } catch (error) {
    if (signal.aborted || isNobodyListening(error) || ApiError.is(error)) return undefined;
    throw error;
  }
}

/** One that cannot be asked may be the same in another place; its objects say so when it is not. */
async function isAnotherServer(olds: Props, news: Props): Promise<boolean> {
  if (olds.endpoint === news.endpoint || holdsUnknown(news)) return false;
  const [was, is] = await Promise.all([olds, news].map(serverOf));
  return was !== undefined && is !== undefined && !isSameServer(was, is);
}

const projectIn = ({ project }: Props) => project ?? "default";

/** @returns names of the inputs whose change replaces the provider, and all that it made */
export async function movingInputs(olds: Props, news: Props): Promise<string[]> {
  return [
    ...(projectIn(olds) === projectIn(news) ? [] : ["project"]),
    ...((await isAnotherServer(olds, news)) ? ["endpoint"] : []),
  ];
}
