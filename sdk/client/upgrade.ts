/** Upgrade: a connection that becomes another protocol than HTTP, and is the caller's from then on. */
import { request } from "node:http";
import type { Duplex } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { type Endpoint, hostHeader } from "./address";
import { answerError } from "./answer";
import { openConnection } from "./connection";
import { connectionError } from "./connection-error";

/** @param protocol as the header Upgrade names it @throws ApiError the server's refusal, or UNAVAILABLE when nobody listens */
export async function openUpgrade(
  endpoint: Endpoint,
  path: string,
  protocol: string,
  signal?: AbortSignal,
): Promise<Duplex> {
  const what = `GET ${path}`;
  const failed = (error: unknown) => (signal?.aborted ? signal.reason : connectionError(endpoint, what, error));
  const socket = await openConnection(endpoint, signal).catch((error: unknown) => {
    throw failed(error);
  });
  return new Promise((resolve, reject) => {
    const host = endpoint.kind === "unix" ? "localhost" : hostHeader(endpoint);
    const headers = { host, connection: "Upgrade", upgrade: protocol };
    const call = request({ createConnection: () => socket, path, headers, signal });
    call.once("upgrade", (_answer, connection, head) => {
      if (head.length > 0) connection.unshift(head);
      resolve(connection);
    });
    call.once("response", (answer) => {
      textOf(answer).then((text) => reject(answerError(what, answer.statusCode ?? 500, text)), reject);
    });
    call.on("error", (error) => reject(failed(error))).end();
  });
}
