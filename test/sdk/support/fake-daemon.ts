/** Fake daemon: an HTTP server on a unix socket, or an HTTPS one on the loopback, that plays LXD's answers, to test the client's side of the protocol. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { type WebSocket, WebSocketServer } from "ws";
import { type Operation, statusCodes } from "../../../sdk/api/operation";
import { Client } from "../../../sdk/index";

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export type Handler = (seen: Seen, response: ServerResponse) => void | Promise<void>;

const now = "2026-01-01T00:00:00.000000000Z";

export class FakeDaemon {
  readonly folder = mkdtempSync(path.join(tmpdir(), "bothy-sdk-"));
  /** Every request and upgrade, as "GET /1.0". */
  readonly requests: string[] = [];
  readonly handlers = new Map<string, Handler>();
  readonly operations = new Map<string, Operation>();
  readonly listeners = new Set<WebSocket>();
  readonly sockets = new Set<Socket>();
  /** Takes upgrades other than events; refuses with 404 when absent. */
  onWebSocket: ((ws: WebSocket, url: URL) => void) | undefined;
  refuseEvents = false;
  readonly #websockets = new WebSocketServer({ noServer: true });
  readonly #server: Server;

  /** @param tls what makes it speak HTTPS: certificate and key at least */
  constructor(private readonly tls?: ServerOptions) {
    this.#server = tls === undefined ? createServer() : createTlsServer(tls);
    this.#server.on("request", (request, response) => void this.#answer(request, response));
  }

  /** Of one that speaks HTTPS. */
  get url(): string {
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get socketPath(): string {
    return path.join(this.folder, "unix.socket");
  }

  async listen(): Promise<this> {
    this.#server.on(this.tls === undefined ? "connection" : "secureConnection", (socket: Socket) => {
      this.sockets.add(socket);
      socket.on("close", () => this.sockets.delete(socket));
    });
    this.#server.on("upgrade", (request, socket, head) => {
      const url = new URL(request.url ?? "", "http://localhost");
      this.requests.push(`WS ${url.pathname}`);
      const refused = url.pathname === "/1.0/events" ? this.refuseEvents : this.onWebSocket === undefined;
      if (refused) {
        const text = JSON.stringify({ type: "error", error: "not authorized", error_code: 403, metadata: null });
        socket.end(`HTTP/1.1 403 Forbidden\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n${text}`);
        return;
      }
      this.#websockets.handleUpgrade(request, socket, head, (ws) => {
        if (url.pathname !== "/1.0/events") this.onWebSocket?.(ws, url);
        else {
          this.listeners.add(ws);
          ws.on("close", () => this.listeners.delete(ws));
        }
      });
    });
    const place = this.tls === undefined ? { path: this.socketPath } : { port: 0, host: "127.0.0.1" };
    await new Promise<void>((resolve) => this.#server.listen(place, resolve));
    return this;
  }

  /** Answers "METHOD /path"; the query is not part of the key. */
  on(key: string, handler: Handler): void {
    this.handlers.set(key, handler);
  }

  sync(key: string, metadata: unknown, headers: Record<string, string> = {}): void {
    this.on(key, (_seen, response) => sendSync(response, metadata, headers));
  }

  /** Answers a request with an operation that is running. */
  starts(key: string, id: string, metadata: Operation["metadata"] = null): void {
    this.on(key, (_seen, response) => {
      const operation = this.operation(id, "Running", { metadata });
      const envelope = { type: "async", status: "Operation created", status_code: 100, metadata: operation };
      response.writeHead(202, { "content-type": "application/json", location: `/1.0/operations/${id}` });
      response.end(JSON.stringify({ ...envelope, operation: `/1.0/operations/${id}`, error_code: 0, error: "" }));
    });
  }

  /** Sets an operation's state, readable from now on. */
  operation(id: string, status: keyof typeof statusCodes, more: Partial<Operation> = {}): Operation {
    const before = this.operations.get(id);
    const operation: Operation = {
      id,
      class: "task",
      description: "Working",
      created_at: now,
      updated_at: now,
      resources: null,
      metadata: null,
      may_cancel: false,
      err: "",
      location: "none",
      ...before,
      ...more,
      status,
      status_code: statusCodes[status],
    };
    this.operations.set(id, operation);
    return operation;
  }

  /** Tells every listener of an operation's state. */
  tell(operation: Operation): void {
    for (const ws of this.listeners)
      ws.send(JSON.stringify({ type: "operation", timestamp: now, metadata: operation, location: "none" }));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "http://localhost");
    const key = `${request.method} ${url.pathname}`;
    this.requests.push(key);
    const seen: Seen = {
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.headers,
      body: await buffer(request).catch(() => Buffer.alloc(0)),
    };
    const handler = this.handlers.get(key);
    const operation = this.operations.get(/^GET \/1\.0\/operations\/(.+)$/.exec(key)?.[1] ?? "");
    if (handler !== undefined) await handler(seen, response);
    else if (operation !== undefined) sendSync(response, operation);
    else sendError(response, 404, "not found");
  }

  async close(): Promise<void> {
    for (const ws of this.#websockets.clients) ws.terminate();
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.folder, { recursive: true });
  }
}

export function sendSync(response: ServerResponse, metadata: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { "content-type": "application/json", ...headers });
  const envelope = { type: "sync", status: "Success", status_code: 200, operation: "", error_code: 0, error: "" };
  response.end(JSON.stringify({ ...envelope, metadata }));
}

export function sendError(response: ServerResponse, code: number, error: string, more: object = {}): void {
  response.writeHead(code, { "content-type": "application/json" });
  const envelope = { type: "error", status: "", status_code: 0, operation: "", metadata: null };
  response.end(JSON.stringify({ ...envelope, error_code: code, error, ...more }));
}

/** Runs a test with a fake daemon and a client of it, and ends both whatever happens. */
export async function withFake(test: (daemon: FakeDaemon, client: Client) => Promise<void>): Promise<void> {
  const daemon = await new FakeDaemon().listen();
  const client = new Client({ endpoint: `unix://${daemon.socketPath}` });
  try {
    await test(daemon, client);
  } finally {
    await client.close();
    await daemon.close();
  }
}

/** Resolves when a condition holds; it is looked at on every turn of the loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
