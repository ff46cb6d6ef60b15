/** Transport: how a request becomes an answer, composed of functions that each add one thing. */
import type { Readable } from "node:stream";
import { Pool } from "undici";
import type { Endpoint } from "./endpoint";
import { connectionError, openSocket } from "./socket";

export interface WireRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | Readable;
  readonly signal?: AbortSignal;
}

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

export type Send = (request: WireRequest) => Promise<WireResponse>;
export type Layer = (next: Send) => Send;

export interface Transport {
  readonly send: Send;
  /** Ends every connection; requests under way fail. */
  close(): Promise<void>;
}

/** Wraps a sender in layers; the first one is the outermost. */
export const compose = (send: Send, ...layers: Layer[]): Send => layers.reduceRight((next, layer) => layer(next), send);

/** Sends over keep-alive connections to a unix socket. Idle connections do not keep the process alive. */
export function unixTransport(endpoint: Endpoint): Transport {
  const pool = new Pool("http://localhost", {
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: (_options, done) => {
      openSocket(endpoint).then(
        (socket) => done(null, socket),
        (error: Error) => done(error, null),
      );
    },
  });
  const send: Send = async ({ method, path, headers, body, signal }) => {
    const answer = await pool.request({ method, path, headers, body, signal });
    return { status: answer.statusCode, headers: answer.headers, body: answer.body };
  };
  return { send: compose(send, withConnectionErrors(endpoint), withRetry()), close: () => pool.destroy() };
}

/** A failed connection becomes an ApiError that names the socket. */
export const withConnectionErrors =
  (endpoint: Endpoint): Layer =>
  (next) =>
  async (request) => {
    try {
      return await next(request);
    } catch (error) {
      throw connectionError(endpoint, `${request.method} ${request.path}`, error);
    }
  };

/**
 * Repeats a GET once when its connection was closed before an answer came: the server may end an idle keep-alive connection in
 * the very moment that it is used again. Writes are never repeated, since they may have been done.
 */
export const withRetry = (): Layer => (next) => async (request) => {
  try {
    return await next(request);
  } catch (error) {
    if (request.method !== "GET" || request.signal?.aborted || !wasClosed(error)) throw error;
    return next(request);
  }
};

const wasClosed = (error: unknown): boolean =>
  ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes((error as NodeJS.ErrnoException | undefined)?.code ?? "");
