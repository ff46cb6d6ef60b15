/** Wire: typed requests over a transport; requests are validated before they are sent, answers are parsed loosely. */
import type * as z from "zod";
import { ApiError, internal } from "../api/errors";
import { Operation } from "../api/operation";
import { type Endpoint, endpointText } from "./address";
import { envelopeOf, errorOf, read } from "./answer";
import type { CallOptions, WriteOptions } from "./call-options";
import { httpsTransport } from "./https";
import { OperationEvents } from "./operation-events";
import { PendingOperation } from "./pending-operation";
import { requireParts, urlOf, validated, withQuery } from "./request";
import { type Transport, unixTransport, type WireRequest, type WireResponse } from "./transport";
import { openWebSocket } from "./websocket";

/** An object with the ETag that stands for its content. */
export interface Tagged<T> {
  readonly value: T;
  readonly etag: string | undefined;
}

/** A body and the type that it must have. */
export interface Body<T extends z.ZodType> {
  readonly type: T;
  readonly value: z.input<T>;
}

/** Pairs a body with its type. */
export const body = <T extends z.ZodType>(type: T, value: z.input<T>): Body<T> => ({ type, value });

/** What the calls of a client are about. */
export interface Scope {
  /** Project that all calls work in; "default" when absent. */
  readonly project?: string;
  /**
   * Cluster member on which things are made, or the one whose volumes, pools and networks are meant, where a server has several; the
   * cluster chooses when it is absent. A server that is no cluster refuses it, or takes no notice.
   */
  readonly target?: string;
}

interface Call extends WriteOptions {
  readonly body?: Body<z.ZodType>;
}

export class Wire {
  readonly #transport: Transport;
  readonly operations: OperationEvents;

  /** @param scope what every call is about: a project, a cluster member */
  constructor(
    readonly endpoint: Endpoint,
    private readonly scope: Scope = {},
  ) {
    this.#transport = endpoint.kind === "unix" ? unixTransport(endpoint) : httpsTransport(endpoint);
    this.operations = new OperationEvents(
      (signal) => openWebSocket(this.endpoint, this.scoped("/1.0/events?type=operation"), signal),
      (id) => this.get(urlOf`/1.0/operations/${id}`, Operation),
    );
  }

  /** A path as the server takes it from a client of this one's scope. */
  scoped(path: string): string {
    return withQuery(path, { project: this.scope.project, target: this.scope.target });
  }

  /** Sends a request as it is, in the client's scope. @throws ApiError when the answer is an error, with the server's text, status and details */
  async send(request: WireRequest): Promise<WireResponse> {
    requireParts(request.path);
    const response = await this.#transport.send({ ...request, path: this.scoped(request.path) });
    if (response.status < 400) return response;
    const error = await errorOf(request, response);
    throw error.status === 403 && this.endpoint.kind === "https"
      ? forbidden(endpointText(this.endpoint), error)
      : error;
  }

  /** Reads the metadata of an object or a list. */
  async get<T extends z.ZodType>(path: string, type: T, options?: CallOptions): Promise<z.output<T>> {
    return (await this.getTagged(path, type, options)).value;
  }

  /** Reads a single object together with its ETag. */
  async getTagged<T extends z.ZodType>(path: string, type: T, options?: CallOptions): Promise<Tagged<z.output<T>>> {
    const response = await this.send({ method: "GET", path, signal: options?.signal });
    const { metadata } = await envelopeOf("GET", path, response);
    const etag = response.headers.etag;
    return { value: read("GET", path, type, metadata), etag: Array.isArray(etag) ? etag[0] : etag };
  }

  /**
   * Changes something, to its end. Servers newer than LXD 5.0 answer some of these with an operation (extensions
   * storage_and_network_operations, storage_and_profile_operations): it is waited for.
   */
  async write(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, call: Call = {}): Promise<void> {
    const response = await this.send(requestOf(method, path, call));
    const { type, metadata } = await envelopeOf(method, path, response);
    if (type !== "async") return;
    await this.operations.listen(call.signal);
    await this.#follow(method, path, metadata).wait({ signal: call.signal });
  }

  /** Starts an operation. The events are listened to before the request goes out, so that none is missed. */
  async start(method: "POST" | "PUT" | "DELETE", path: string, call: Call = {}): Promise<PendingOperation> {
    return this.startRaw(requestOf(method, path, call));
  }

  /** Starts an operation by a request with any body. */
  async startRaw(request: WireRequest): Promise<PendingOperation> {
    requireParts(request.path);
    await this.operations.listen(request.signal);
    const response = await this.send(request);
    const { type, metadata } = await envelopeOf(request.method, request.path, response);
    if (type !== "async")
      throw internal(
        `Cannot follow ${request.method} ${request.path}: the answer is not an operation. Is the server LXD's?`,
      );
    return this.#follow(request.method, request.path, metadata);
  }

  #follow(method: string, path: string, metadata: unknown): PendingOperation {
    const operation = read(method, path, Operation, metadata);
    return new PendingOperation(this.write.bind(this), this.operations.follow(operation));
  }

  async close(): Promise<void> {
    this.operations.close();
    await this.#transport.close();
  }
}

/** LXD says "not authorized" to strangers and to those with fewer rights alike. */
const forbidden = (url: string, { message, details }: ApiError): ApiError =>
  new ApiError(
    "FORBIDDEN",
    `${message.replace(/\.$/, "")}. The server at "${url}" does not trust this client, or does not allow it this. See "bothy remote add --help".`,
    { details },
  );

function requestOf(method: WireRequest["method"], path: string, { body, etag, signal }: Call): WireRequest {
  const headers: Record<string, string> = {};
  if (body !== undefined) headers["content-type"] = "application/json";
  if (etag !== undefined) headers["if-match"] = etag;
  return {
    method,
    path,
    headers,
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(validated(body.type, body.value)) }),
  };
}
