/** HTTPS: requests over keep-alive connections to a server whose certificate is known, by undici. */
import type { Pool } from "undici";
import { untilAborted } from "../api/abort";
import { type HttpsEndpoint, hostHeader } from "./address";
import { openTls } from "./tls";
import {
  closedError,
  compose,
  idleMs,
  type Transport,
  type WireRequest,
  type WireResponse,
  withConnectionErrors,
  withRetry,
} from "./transport";

/** Sends over as many connections as there are requests at once. It waits for an answer as long as it takes. @param keptMs how long idle ones are kept */
export function httpsTransport(endpoint: HttpsEndpoint, keptMs = idleMs): Transport {
  let opened: Promise<Pool> | undefined;
  let isClosed = false;
  const send = async ({ method, path, headers, body, signal }: WireRequest): Promise<WireResponse> => {
    signal?.throwIfAborted();
    if (isClosed) throw closedError();
    opened ??= openPool(endpoint, keptMs);
    const pool = await opened;
    // One that still waits for its connection would say so only when it has got it.
    const answer = await untilAborted(pool.request({ method, path, headers: { ...headers }, body, signal }), signal);
    return { status: answer.statusCode, headers: answer.headers, body: answer.body };
  };
  const close = async () => {
    isClosed = true;
    await (await opened)?.destroy();
  };
  return { send: compose(send, withConnectionErrors(endpoint), withRetry()), close };
}

async function openPool(endpoint: HttpsEndpoint, keptMs: number): Promise<Pool> {
  // Not before: it takes 50 ms to load.
  const { Pool } = await import("undici");
  return new Pool(`https://${hostHeader(endpoint)}`, {
    connect: (_options, done) => {
      openTls(endpoint).then(
        (socket) => done(null, socket),
        (error: Error) => done(error, null),
      );
    },
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: keptMs,
    // A server that says how long it keeps them is not asked for more.
    keepAliveMaxTimeout: keptMs,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}
