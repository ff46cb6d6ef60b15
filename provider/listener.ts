/**
 * Engine: whether the one that asks still listens. Pulumi's process for dynamic providers takes the engine's Cancel, which Ctrl-C sends,
 * and does nothing, and it does not notice when the engine is killed. Both are seen on the HTTP/2 server that it runs in this process, by
 * Node's diagnostics channels (http2.server.stream.*, Node 22.18 and newer).
 */
import { subscribe } from "node:diagnostics_channel";
import type { Http2Session, ServerHttp2Stream } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";

/** One request of the engine's, for as long as it is worked on. */
export interface Listener extends Disposable {
  /** Aborts when the engine wants the work to end, or is gone. */
  readonly signal: AbortSignal;
  /** Whether nobody waits for the answer any more. */
  readonly isAbandoned: () => boolean;
}

/** A process whose engine is gone serves nobody; one that ends as it should is told to before this is over. */
const lingerMs = 5000;

const working = new Set<AbortController>();
const sessions = new WeakSet<Http2Session>();
let isGone = false;
let isWatching = false;
let endsWithSession = true;

/** For a process that hears of its engine's end otherwise: gRPC of Go also closes a connection that was idle for half an hour. */
export function outliveSessions(): void {
  endsWithSession = false;
}

/** Begins to listen for the end of the engine's interest. */
export function listen(): Listener {
  watch();
  const controller = new AbortController();
  working.add(controller);
  if (isGone) controller.abort(goneReason());
  return {
    signal: controller.signal,
    isAbandoned: () => isGone,
    [Symbol.dispose]: () => {
      working.delete(controller);
      if (isGone && working.size === 0) setImmediate(() => process.exit());
    },
  };
}

const goneReason = () => new Error("the engine that asked for it is gone");

function endAll(reason: () => Error): void {
  for (const controller of working) controller.abort(reason());
}

function watch(): void {
  if (isWatching) return;
  isWatching = true;
  subscribe("http2.server.stream.created", (message) => {
    const { stream, headers } = message as { stream: ServerHttp2Stream; headers: Record<string, unknown> };
    if (/ResourceProvider\/Cancel$/.test(String(headers[":path"])))
      endAll(() => new Error("it was cancelled. Run up again to go on."));
    const { session } = stream;
    if (session === undefined || sessions.has(session)) return;
    sessions.add(session);
    session.once("close", () => void leave());
  });
  subscribe("http2.server.stream.close", (message) => {
    const { stream } = message as { stream: ServerHttp2Stream };
    if (stream.aborted) gone();
  });
}

/** A request was given up before its answer: only an engine that ends does that. */
function gone(): void {
  isGone = true;
  endAll(goneReason);
}

async function leave(): Promise<void> {
  if (!endsWithSession) return;
  await sleep(lingerMs, undefined, { ref: false });
  if (working.size === 0) process.exit();
}
