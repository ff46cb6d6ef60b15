/** Unread: what an import of an object could not read, since only its program names it: the files of a container. */
import { isNobodyListening } from "../sdk";
import { ApiError } from "../sdk/api/errors";
import type { Core } from "./core/engine/core";
import { isImported } from "./core/engine/imported";
import { holdsUnknown, isMap, type Props } from "./core/engine/values";
import { clientFor } from "./endpoint";

const patienceMs = 5000;

/**
 * Fills in the files that a program names of a container that was imported, as they are. Nobody is started for it; what cannot be read
 * is the program's word.
 * @param olds last outputs
 */
export async function withUnread(core: Core, id: string, olds: Props, news: Props): Promise<Props> {
  const isUnread = isImported(olds) && olds.files === undefined && isMap(news.files) && !holdsUnknown(news.files);
  if (!isUnread || !("files" in core.inputs.shape)) return olds;
  const signal = AbortSignal.timeout(patienceMs);
  const quiet = { isAbandoned: () => false, log: () => undefined };
  try {
    const client = await clientFor(news.endpoint ?? olds.endpoint, { start: false, signal, log: quiet.log });
    const { value: server } = await client.getServer({ signal });
    const context = { client, server, signal, timeoutMs: patienceMs, ...quiet };
    const live = await core.read(context, id, { ...olds, files: news.files });
    return live === undefined ? olds : { ...olds, files: live.outs.files };
  } catch (error) {
    if (signal.aborted || isNobodyListening(error) || ApiError.is(error)) return olds;
    throw error;
  }
}
