/**
 * Guest server: answers containers, of which only bothy-cell knows which one asks: each connection begins with a line of its own, "guest KEY", before
 * what the guest says. The socket is root's alone.
 */
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer, type Socket } from "node:net";
import { pipeline } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { badRequest } from "../../../../sdk/api/errors";
import { splitTarget } from "../../../http/request-path";
import { messageSockets } from "../../../http/websockets";
import { toApiError } from "../../../platform/errors";
import type { InstanceHome } from "../home";
import { type InstanceId, type InstanceRecord, instanceOfKey, keyOf } from "../record";
import { answerGuest, type GuestAnswer } from "./answers";
import { type GuestEventType, guestEventTypes } from "./events";
import { Pace } from "./pace";
import { Patience, type PatienceBounds } from "./patience";

const bounds = {
  connections: 1024,
  headBytes: 256,
  headMs: 5000,
  idleMs: 5000,
  // A guest that does not take its answer.
  silenceMs: 60_000,
};
const patience: PatienceBounds = { headersMs: 10_000, bodyMs: 30_000, unanswered: 8 };

interface Guest {
  readonly instance: InstanceId;
  readonly patience: Patience;
}

export class GuestServer {
  readonly #http = createHttp(
    { maxHeaderSize: 8192, keepAliveTimeout: bounds.idleMs },
    (request, response) => void this.#answer(request, response),
  );
  readonly #sockets = createServer((socket) => this.#welcome(socket));
  readonly #connections = new Set<Socket>();
  readonly #guests = new Map<object, Guest>();
  readonly #pace = new Pace();

  constructor(private readonly home: InstanceHome) {
    this.#sockets.maxConnections = bounds.connections;
    this.#http.setTimeout(bounds.silenceMs, (socket) => socket.destroy());
    this.#http.on("upgrade", (request, socket, head) => {
      socket.on("error", () => socket.destroy());
      try {
        this.#listen(request, socket as Socket, head);
      } catch (error) {
        const { status, message } = toApiError(error);
        socket.end(
          `HTTP/1.1 ${status} Error\r\nConnection: close\r\nContent-Length: ${message.length + 1}\r\n\r\n${message}\n`,
        );
      }
    });
    this.#http.on("clientError", (_error, socket) => socket.destroy());
  }

  /** @param file short enough for an address @throws the error of listening */
  async listen(file: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#sockets.once("error", reject);
      this.#sockets.listen({ path: file }, () => resolve());
    });
    this.#sockets.on("error", (error) => this.home.log.warning("A container's connection cannot be taken", { error }));
  }

  /** Ends every connection; the containers go on. */
  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    if (this.#sockets.listening) await new Promise<void>((resolve) => this.#sockets.close(() => resolve()));
  }

  /** Reads the first line, which says who it is, and leaves the rest to HTTP. */
  #welcome(socket: Socket): void {
    this.#connections.add(socket);
    const late = setTimeout(() => socket.destroy(), bounds.headMs).unref();
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      clearTimeout(late);
      this.#connections.delete(socket);
      this.#guests.delete(socket);
    });
    const read = () => {
      const bytes = socket.read() as Buffer | null;
      if (bytes === null) return;
      const end = bytes.indexOf(10);
      // It is written in one piece, before anything of the guest's.
      const [, key] =
        /^guest (\S+)$/.exec(bytes.toString("utf8", 0, Math.min(Math.max(end, 0), bounds.headBytes))) ?? [];
      socket.off("readable", read);
      clearTimeout(late);
      if (key === undefined) {
        socket.destroy();
        return;
      }
      if (bytes.length > end + 1) socket.unshift(bytes.subarray(end + 1));
      void this.#serve(socket, instanceOfKey(key));
    };
    socket.on("readable", read);
  }

  /** Leaves a connection to HTTP; that of a guest that asked too much has to wait, so that reading it costs little. */
  async #serve(socket: Socket, instance: InstanceId): Promise<void> {
    const waitMs = this.#pace.owed(keyOf(instance));
    if (waitMs > 0) await delay(waitMs, undefined, { ref: false });
    if (socket.destroyed) return;
    this.#guests.set(socket, { instance, patience: new Patience(socket, patience) });
    this.#http.emit("connection", socket);
  }

  /** @throws ApiError NOT_FOUND for one that goes away just now */
  #recordOf({ socket }: IncomingMessage): InstanceRecord {
    const guest = this.#guests.get(socket);
    if (guest === undefined) throw badRequest("nobody asks");
    return this.home.book.record(guest.instance);
  }

  /** @returns false for a request that is one too many of its connection */
  #mayAsk(request: IncomingMessage, response: ServerResponse): boolean {
    const guest = this.#guests.get(request.socket);
    const isOver = request.socket.destroyed;
    if (guest?.patience.begin(request, response)) return true;
    if (guest !== undefined && !isOver) this.#pace.flooded(keyOf(guest.instance));
    return false;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.#mayAsk(request, response)) return;
    try {
      const record = this.#recordOf(request);
      const waitMs = this.#pace.next(keyOf(record));
      if (waitMs > 0) await delay(waitMs, undefined, { ref: false });
      const { path } = splitTarget(request.url);
      const { method = "GET" } = request;
      send(response, await answerGuest(this.home, path, { record, method, body: request }));
    } catch (error) {
      const { status, message, code } = toApiError(error);
      if (code === "INTERNAL") this.home.log.warning("A request of a container failed", { url: request.url, error });
      // The daemon's own matters are not for a guest to know.
      const text = code === "INTERNAL" ? "internal error" : message;
      if (response.headersSent) response.destroy();
      else
        response
          .writeHead(status, {
            "content-type": "text/plain; charset=utf-8",
            "content-length": Buffer.byteLength(text) + 1,
            ...(request.readableEnded ? {} : { connection: "close" }),
            "x-content-type-options": "nosniff",
          })
          .end(`${text}\n`);
    }
  }

  #listen(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const record = this.#recordOf(request);
    this.#pace.next(keyOf(record));
    const { path, query } = splitTarget(request.url);
    if (path !== "/1.0/events") throw badRequest("Bad Request");
    const asked = (query.get("type") || guestEventTypes.join(",")).split(",");
    const types = new Set(asked.filter((type): type is GuestEventType => guestEventTypes.some((one) => one === type)));
    if (types.size !== new Set(asked).size) throw badRequest(`isn't a supported event type`);
    this.#guests.get(socket)?.patience.leave();
    messageSockets.handleUpgrade(request, socket, head, (client) => {
      if (!this.home.guestEvents.listen(record, client, types)) client.close(1013, "too many listeners");
    });
  }
}

function send(response: ServerResponse, answer: GuestAnswer): void {
  if ("body" in answer) {
    response.writeHead(200, { "content-type": "application/octet-stream", ...answer.headers });
    pipeline(answer.body, response, () => undefined);
    return;
  }
  const [type, text] =
    "json" in answer
      ? ["application/json", `${JSON.stringify(answer.json)}\n`]
      : ["application/octet-stream", answer.text];
  response.writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(text);
}
