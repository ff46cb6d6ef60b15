/** Transport: how a request becomes an answer, composed of functions that each add one thing. */
import { Agent, type AgentOptions, request as httpRequest, type IncomingMessage } from "node:http";
import { type Duplex, pipeline, Readable } from "node:stream";
import type { Endpoint, UnixEndpoint } from "./address";
import { connectionError, wasClosed } from "./connection-error";
import { openSocket } from "./socket";

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

/**
 * How long a connection is kept that nobody uses. Servers keep them for longer, a daemon of Bothy 72 seconds: who used one in the very moment in which the server
 * ends it would not know whether its request was heard. What a server says of its own bound is too near to that on a busy machine.
 */
export const idleMs = 30_000;

/** Keep-alive connections to a unix socket, as many as there are requests at once. Idle ones do not keep the process alive. */
class SocketAgent extends Agent {
  #isClosed = false;

  /** @param timeout in milliseconds, after which Node ends idle ones; one under way may take as long as it does */
  constructor(
    private readonly endpoint: UnixEndpoint,
    timeout: number,
  ) {
    // Without a name Node would look whether "localhost" is an address, by a pattern that takes it milliseconds to compile.
    super({ keepAlive: true, timeout, servername: "" } as AgentOptions);
  }

  /** Called by Node for each new connection. */
  override createConnection(_options: unknown, done?: (error: Error | null, stream: Duplex) => void): undefined {
    const fail = (error: Error) => done?.(error, undefined as unknown as Duplex);
    openSocket(this.endpoint).then((socket) => {
      if (!this.#isClosed) return done?.(null, socket);
      socket.destroy();
      return fail(closedError());
    }, fail);
  }

  /** @throws Error ECONNABORTED after destroy() */
  requireOpen(): void {
    if (this.#isClosed) throw closedError();
  }

  override destroy(): void {
    this.#isClosed = true;
    super.destroy();
  }
}

/** What a closed client answers. */
export const closedError = (): Error => Object.assign(new Error("The client was closed."), { code: "ECONNABORTED" });

/** Sends over keep-alive connections to a unix socket. It waits for an answer as long as it takes. @param keptMs how long idle ones are kept */
export function unixTransport(endpoint: UnixEndpoint, keptMs = idleMs): Transport {
  const agent = new SocketAgent(endpoint, keptMs);
  const send: Send = async (request) => {
    request.signal?.throwIfAborted();
    agent.requireOpen();
    return exchange(agent, request);
  };
  return { send: compose(send, withConnectionErrors(endpoint), withRetry()), close: async () => agent.destroy() };
}

function exchange(agent: Agent, { method, path, headers, body, signal }: WireRequest): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    const call = httpRequest({ agent, method, path, headers });
    let answer: IncomingMessage | undefined;
    const aborted = () => {
      (answer ?? call).destroy(signal?.reason as Error);
      // One that still waits for its connection would say so only when it has got it.
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", aborted, { once: true });
    call.once("close", () => signal?.removeEventListener("abort", aborted));
    // It stays after the answer: a server may refuse an upload before it has read it, and close the connection.
    call.on("error", reject);
    call.once("response", (response) => {
      answer = response;
      // What is left of a refused upload is for nobody.
      response.once("end", () => call.writableFinished || call.destroy());
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response });
    });
    if (body instanceof Readable) pipeline(body, call, (error) => error && reject(error));
    else call.end(body);
  });
}

/** A failed connection becomes an ApiError that names the place. */
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
