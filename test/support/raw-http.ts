/** Requests to a daemon as no well-meaning client would send them: nothing is checked, encoded or put right on the way. */
import assert from "node:assert/strict";
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, type RequestOptions, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { operationErrorKey } from "../../sdk/api/operation";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The envelope; empty when the answer is no JSON. */
  readonly json: Envelope;
}

export interface Envelope {
  readonly type?: string;
  readonly error?: string;
  readonly error_code?: number;
  readonly operation?: string;
  readonly metadata?: unknown;
}

export type Body = string | Buffer | object | undefined;

/** One request. @param body text and bytes go as they are, anything else as JSON */
export const send = (
  socketPath: string,
  method: string,
  path: string,
  body?: Body,
  headers: OutgoingHttpHeaders = {},
): Promise<Answer> => exchange({ socketPath, method, path, headers, agent: false }, body);

/** One request over whatever its options connect to. @param body as for send */
export function exchange(
  options: RequestOptions & { readonly headers: OutgoingHttpHeaders },
  body: Body,
): Promise<Answer> {
  const data = body === undefined || typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const length = data === undefined ? {} : { "content-length": Buffer.byteLength(data) };
  return new Promise((resolve, reject) => {
    const call = request({ ...options, headers: { ...length, ...options.headers } }, (response) => {
      text(response).then(
        (told) =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: told,
            json: envelopeOf(response.headers, told),
          }),
        reject,
      );
    });
    call.on("error", reject).end(data);
  });
}

function envelopeOf(headers: IncomingHttpHeaders, told: string): Envelope {
  return headers["content-type"]?.startsWith("application/json") && told !== "" ? (JSON.parse(told) as Envelope) : {};
}

/** Sends bytes as they are and reads until the other side closes. */
export async function sendBytes(socketPath: string, bytes: string | Buffer): Promise<string> {
  const socket = connect({ path: socketPath });
  socket.write(bytes);
  return text(socket);
}

export interface Outcome {
  /** Of the answer, or of the operation's error when it came to one. */
  readonly status: number;
  readonly error: string;
  /** Metadata of the answer or of the operation. */
  readonly metadata: unknown;
}

/** Sends a request and follows its operation to the end. */
export async function outcome(socketPath: string, method: string, path: string, body?: Body): Promise<Outcome> {
  const answer = await send(socketPath, method, path, body);
  if (answer.status !== 202)
    return { status: answer.status, error: answer.json.error ?? "", metadata: answer.json.metadata };
  const waited = await send(socketPath, "GET", `${answer.json.operation}/wait`);
  const operation = waited.json.metadata as { err: string; metadata: unknown; status_code: number };
  const told = (operation as Record<string, unknown>)[operationErrorKey] as { status: number } | undefined;
  const status = operation.status_code === 200 ? 200 : (told?.status ?? 500);
  return { status, error: operation.err, metadata: operation.metadata };
}

/** Checks that an answer is an error as the contract has it (docs/lxd-api.md, Answers), with this status and a message that says this. */
export function assertRefused(answer: Answer, status: number, message: RegExp): void {
  assert.equal(answer.status, status, answer.text);
  const { type, error, error_code } = answer.json;
  assert.deepEqual({ type, error_code }, { type: "error", error_code: status });
  assert.match(error ?? "", message);
}
