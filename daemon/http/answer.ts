/** Answer: what a handler replies, in LXD's envelope (docs/lxd-api.md, Answers). */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyReply } from "fastify";
import { detailsKey } from "../../sdk/api/envelope";
import type { ApiError } from "../../sdk/api/errors";
import type { Reply } from "./route";

/** Sends what a handler replied: 200, 201 with a location, 202 with an operation, or bytes as they are. */
export function sendReply(reply: FastifyReply, answer: Reply): void {
  if (answer.type === "raw") {
    void reply
      .code(answer.status ?? 200)
      .headers(answer.headers)
      .send(typeof answer.body === "string" ? exactly(answer.body) : answer.body);
    return;
  }
  const isAsync = answer.type === "async";
  const location = isAsync ? answer.operation.url : answer.location;
  if (location !== undefined) reply.header("Location", location);
  if (answer.type === "sync") {
    reply.headers(answer.headers ?? {});
    if (answer.etag !== undefined) reply.header("ETag", `"${answer.etag}"`);
  }
  const envelope = isAsync
    ? { type: "async", status: "Operation created", status_code: 100, operation: answer.operation.url }
    : { type: "sync", status: "Success", status_code: 200, operation: "" };
  const metadata = isAsync ? answer.operation.render() : answer.metadata;
  const code = isAsync ? 202 : location === undefined ? 200 : 201;
  void reply
    .code(code)
    .header("Content-Type", "application/json")
    .send(exactly(`${JSON.stringify({ ...envelope, error_code: 0, error: "", metadata })}\n`));
}

/** A failure in the envelope. */
export function errorBody(error: Pick<ApiError, "status" | "message"> & { readonly details?: unknown }): string {
  const details = error.details === undefined ? {} : { [detailsKey]: error.details };
  const base = { type: "error", status: "", status_code: 0, operation: "", error_code: error.status };
  return `${JSON.stringify({ ...base, error: error.message, metadata: null, ...details })}\n`;
}

/** Sends a failure in the envelope, with its status and its details. */
export function sendError(reply: FastifyReply, error: Pick<ApiError, "status" | "message" | "details">): void {
  void reply
    .code(error.status)
    .header("Content-Type", "application/json")
    .header("X-Content-Type-Options", "nosniff")
    .send(exactly(errorBody(error)));
}

/** As bytes: to the type of a text fastify adds a charset, which LXD does not send. */
const exactly = (text: string): Buffer => Buffer.from(text);

const lingerMs = 1000;

/** Answers on a bare connection and ends it. @param status when the table of codes has none for it */
export function endWith(socket: Duplex, error: ApiError, status = error.status): void {
  const body = errorBody({ status, message: error.message, details: error.details });
  // Whoever does not close its side would keep the connection.
  socket.once("finish", () => setTimeout(() => socket.destroy(), lingerMs).unref());
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
