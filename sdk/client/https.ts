/** HTTPS: requests over keep-alive connections to a server whose certificate is known, by undici. */
import type { Pool } from "undici";
import { untilAborted } from "../api/abort";
import { type HttpsEndpoint, hostHeader } from "./address";
import { openTls } from "./tls";
import {
  closedError,
  compose,
  type Transport,
  type WireRequest,
  type WireResponse,
  withConnectionErrors,
  withRetry,
} from "./transport";

/** Idle connections are kept that long where the server does not say how long it keeps them. */
const idleMs = 30_000;

/** Sends over as many connections as there are requests at once. It waits for an answer as long as it takes. */
export function httpsTransport(endpoint: HttpsEndpoint): Transport {
  let opened: Promise<Pool> | undefined;
  let isClosed = false;
  const send = async ({ method, path, headers, body, signal }: WireRequest): Promise<WireResponse> => {
    signal?.throwIfAborted();
    if (isClosed) throw closedError();
    opened ??= openPool(endpoint);
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

async function openPool(endpoint: HttpsEndpoint): Promise<Pool> {
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
    keepAliveTimeout: idleMs,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}
