/** Websocket: opened paused, so that no message is lost before its reader stands. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { text as textOf } from "node:stream/consumers";
import type WebSocket from "ws";
import { type Endpoint, hostHeader } from "./address";
import { answerError } from "./answer";
import { openConnection } from "./connection";
import { connectionError } from "./connection-error";

export interface OpenSocket {
  /** Paused; its reader attaches its listeners and calls resume(). */
  readonly ws: WebSocket;
  /** The connection below, to say whether it keeps the process alive. */
  readonly socket: Socket;
}

/** Opens a websocket. @throws ApiError the server's refusal, or UNAVAILABLE when nobody listens */
export async function openWebSocket(endpoint: Endpoint, path: string, signal?: AbortSignal): Promise<OpenSocket> {
  const what = `GET ${path.replace(/secret=[^&]*/, "secret=...")}`;
  // Not before: a call that needs no websocket is done in less time than this package takes to load.
  const { default: Ws } = await import("ws");
  const socket = await openConnection(endpoint, signal).catch((error: unknown) => {
    throw signal?.aborted ? signal.reason : connectionError(endpoint, what, error);
  });
  return new Promise((resolve, reject) => {
    // Over TLS too it is an http: URL to this package, since the connection stands and its server is known.
    const host = endpoint.kind === "unix" ? "localhost" : hostHeader(endpoint);
    const ws = new Ws(`ws://${host}${path}`, { createConnection: () => socket, perMessageDeflate: false });
    const settle = (finish: () => void) => {
      signal?.removeEventListener("abort", aborted);
      finish();
    };
    const aborted = () => ws.terminate();
    signal?.addEventListener("abort", aborted, { once: true });
    ws.once("open", () => {
      ws.pause();
      settle(() => resolve({ ws, socket }));
    });
    ws.on("unexpected-response", (_request, response: IncomingMessage) => {
      textOf(response).then(
        (text) => settle(() => reject(answerError(what, response.statusCode ?? 500, text))),
        (error) => settle(() => reject(error)),
      );
    });
    // After opening, an error is always followed by "close", which the reader handles.
    ws.on("error", (error) =>
      settle(() => reject(signal?.aborted ? signal.reason : connectionError(endpoint, what, error))),
    );
  });
}
