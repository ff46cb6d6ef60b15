/** Ask: a request of a command of bothyd to the daemon that uses the state folder, by its socket. */
import { request } from "node:http";
import { text as textOf } from "node:stream/consumers";
import { ApiError, unavailable } from "../../sdk/api/errors";

export interface Told {
  readonly metadata: unknown;
  /** Path of the operation, when the work goes on. */
  readonly operation: string;
}

/** @throws ApiError of the daemon, or UNAVAILABLE when nobody listens */
export async function ask(socketPath: string, method: string, path: string, body?: unknown): Promise<Told> {
  const data = body === undefined ? undefined : JSON.stringify(body);
  const headers =
    data === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(data) };
  const [status, text] = await new Promise<[number, string]>((resolve, reject) => {
    const call = request({ socketPath, method, path, headers, agent: false }, (answer) => {
      textOf(answer).then((told) => resolve([answer.statusCode ?? 0, told]), reject);
    });
    call.once("error", (cause) =>
      reject(unavailable(`Cannot reach the daemon at "${socketPath}": ${cause.message}.`, { cause })),
    );
    call.end(data);
  });
  const { error, metadata, operation } = JSON.parse(text) as { error?: string; metadata: unknown; operation?: string };
  if (status >= 400) throw ApiError.fromStatus(status, error ?? `HTTP status ${status}`);
  return { metadata, operation: operation ?? "" };
}
