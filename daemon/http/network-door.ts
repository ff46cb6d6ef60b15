/**
 * Network door: HTTPS, for clients that show a certificate and for those that show none. What comes in is passed on to the server of the unix socket, so that
 * there is one table of routes. Each address is a server of its own: the old one ends its connections while the new one takes others.
 */
import { constants } from "node:crypto";
import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import type { ListenAddress } from "../../sdk/api/config/listen-address";
import { type ApiError, notFound } from "../../sdk/api/errors";
import type { Caller, Rights, Shown } from "../core/call";
import type { Trust } from "../core/trust";
import { toApiError } from "../platform/errors";
import { errnoOf } from "../platform/folders/files";
import { mostOpenFiles } from "../platform/host/open-files";
import { Shares, sharesOf } from "../platform/processes/shares";
import { fingerprintOf, type ServerCertificate, type TlsFiles } from "../platform/tls/server-certificate";
import { endWith, errorBody } from "./answer";
import { Brought } from "./brought";
import { Crowd } from "./crowd";
import { addressText, cannotListen, hostOf } from "./host-address";
import { splitTarget } from "./request-path";

/** What clients on the network may take. */
export interface NetworkBounds {
  /** Who begins TLS and does not end it holds a connection for no longer than this. */
  readonly handshakeMs: number;
  readonly headersMs: number;
  /** A connection that asks nothing is ended after this. */
  readonly idleMs: number;
  readonly connections: number;
  /** Of those, how many may be of clients that are not trusted. */
  readonly strangers: number;
}

function defaultBounds(): NetworkBounds {
  // The unix socket has half of the descriptors (server.ts), and the daemon's own work the rest.
  const connections = Math.min(4096, Math.floor(mostOpenFiles() / 4));
  return {
    handshakeMs: 10_000,
    headersMs: 20_000,
    idleMs: 72_000,
    connections,
    strangers: Math.min(256, Math.floor(connections / 2)),
  };
}

/** For answers and goodbyes when the daemon ends, and on connections that have no place. */
const patienceMs = 1000;

/** What a door is for. */
export interface Serves {
  /** The key that says where it listens. */
  readonly key: string;
  /** The only paths that are there; all when absent. */
  readonly only?: ReadonlySet<string>;
}

interface Visitor {
  readonly address: string;
  readonly shown: Shown | undefined;
  /** The authority in server.ca signed it, and has not taken it back. */
  readonly isSigned: boolean;
  /** Why nothing that is asked on this connection is answered. */
  readonly refusal: ApiError | undefined;
}

interface Listening {
  readonly address: ListenAddress;
  readonly server: Server;
  /** Answers that are under way. */
  readonly answering: Set<ServerResponse>;
}

export class NetworkDoor {
  #listening: Listening | undefined;
  #inner: HttpServer | undefined;
  readonly #crowd: Crowd;
  readonly #visitors = new Map<Duplex, Visitor>();
  /** Waits, uploads, events and streams are connections: this bounds all of them. */
  readonly #shares: Shares;
  readonly #brought: Brought;
  /** Moves are made one after the other. */
  #moves: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly certificate: ServerCertificate,
    private readonly trust: Trust,
    private readonly bounds: NetworkBounds = defaultBounds(),
    private readonly serves: Serves = { key: "core.https_address" },
  ) {
    this.#crowd = new Crowd(bounds.strangers);
    this.#shares = new Shares(sharesOf(bounds.connections));
    this.#brought = new Brought((address) => this.trust.isProxy(address), bounds.handshakeMs);
  }

  /** Where it listens; undefined while it does not. */
  get address(): ListenAddress | undefined {
    return this.#listening?.address;
  }

  /** Passes requests and upgrades on to the server of all routes from now on. */
  leadTo(inner: HttpServer): void {
    this.#inner = inner;
  }

  /**
   * Listens on another address, or with undefined on none. Connections of the old one go on until they have their answers; websockets until they end.
   * @throws ApiError BAD_REQUEST when nobody can listen there; then all is as before
   */
  move(address: ListenAddress | undefined): Promise<void> {
    const moved = this.#moves.then(() => this.#move(address));
    this.#moves = moved.catch(() => undefined);
    return moved;
  }

  async #move(address: ListenAddress | undefined): Promise<void> {
    const before = this.#listening;
    if (address === undefined) {
      this.#listening = undefined;
      this.#leave(before);
      return;
    }
    const files = await this.certificate.files();
    try {
      this.#listening = await this.#open(address, files);
    } catch (error) {
      if (errnoOf(error) !== "EADDRINUSE" || before?.address.port !== address.port)
        throw cannotListen(this.serves.key, address, error);
      // We may be in the way ourselves, as with ":8443" for "10.0.0.5:8443".
      this.#leave(before);
      this.#listening = undefined;
      await this.#openInsteadOf(before.address, address, files);
      return;
    }
    this.#leave(before);
  }

  async #openInsteadOf(before: ListenAddress, address: ListenAddress, files: TlsFiles): Promise<void> {
    try {
      this.#listening = await this.#open(address, files);
    } catch (error) {
      this.#listening = await this.#open(before, files);
      throw cannotListen(this.serves.key, address, error);
    }
  }

  async #open(address: ListenAddress, files: TlsFiles): Promise<Listening> {
    // Not before: who never listens on the network does not pay for it at every start.
    const { createServer } = await import("node:https");
    const server = createServer(
      {
        ...files,
        requestCert: true,
        // Certificates sign themselves; who is trusted is asked with each request.
        rejectUnauthorized: false,
        minVersion: "TLSv1.2",
        secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
        handshakeTimeout: this.bounds.handshakeMs,
        headersTimeout: this.bounds.headersMs,
        connectionsCheckingInterval: Math.ceil(this.bounds.headersMs / 4),
        keepAliveTimeout: this.bounds.idleMs,
        // An image may take hours.
        requestTimeout: 0,
        // A client that loses its power says no goodbye.
        keepAlive: true,
        keepAliveInitialDelay: 60_000,
        maxHeaderSize: 16 * 1024,
      },
      (request, response) => this.#pass(listening, request, response),
    );
    const listening: Listening = { address, server, answering: new Set() };
    server.maxConnections = this.bounds.connections;
    this.#brought.guard(server, (socket) => this.#crowd.add(socket));
    server.on("secureConnection", (socket) => this.#welcome(socket, files.ca !== undefined));
    server.on("upgrade", (request, socket, head) => {
      this.#know(request.socket);
      const refusal = this.#visitors.get(request.socket)?.refusal;
      if (refusal !== undefined) endWith(socket, refusal);
      else if (this.#isServed(request)) this.#inner?.emit("upgrade", request, socket, head);
      else endWith(socket, notFound("not found"));
    });
    server.on("clientError", (error, socket) => this.#inner?.emit("clientError", error, socket as Socket));
    const host = await hostOf(address);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port: address.port }, () => resolve());
    });
    // A connection that cannot be taken, as without descriptors, is the loss of whoever wanted it.
    server.on("error", () => undefined);
    return listening;
  }

  #pass({ answering, server }: Listening, request: IncomingMessage, response: ServerResponse): void {
    this.#know(request.socket);
    answering.add(response);
    response.once("close", () => answering.delete(response));
    if (!server.listening) response.setHeader("Connection", "close");
    const refusal = this.#visitors.get(request.socket)?.refusal;
    if (refusal !== undefined) answerRefusal(request, response, refusal);
    else if (this.#isServed(request)) this.#inner?.emit("request", request, response);
    else answerRefusal(request, response, notFound("not found"));
  }

  #isServed({ url }: IncomingMessage): boolean {
    const { only } = this.serves;
    return only === undefined || only.has(splitTarget(url).path);
  }

  /** Whether a request came in here. */
  knows({ socket }: IncomingMessage): boolean {
    return this.#visitors.has(socket);
  }

  /** Whoever is trusted by now takes no place of the others. */
  #know(socket: Socket): void {
    const { shown, isSigned = false } = this.#visitors.get(socket) ?? {};
    if (shown === undefined) return;
    const { rights, metrics } = this.#rightsOf(shown.fingerprint, isSigned);
    if (rights !== "nothing" || metrics !== "nothing") this.#crowd.release(socket);
  }

  /** @param isSigned whether only certificates count that the authority signed */
  #welcome(socket: TLSSocket, isSigned: boolean): void {
    const certificate = socket.getPeerX509Certificate();
    const isKnown = certificate !== undefined && (!isSigned || socket.authorized);
    const shown = isKnown ? { connection: socket, certificate, fingerprint: fingerprintOf(certificate) } : undefined;
    this.#visitors.set(socket, {
      address: addressText(this.#brought.clientOf(socket)),
      shown,
      isSigned: isSigned && socket.authorized,
      refusal: this.#takePlace(socket, shown?.fingerprint, isSigned && socket.authorized),
    });
    socket.once("close", () => this.#visitors.delete(socket));
    this.#know(socket);
  }

  /** A place for a connection of a client that has less than the whole server; strangers are a crowd of their own. @returns why it has none */
  #takePlace(socket: TLSSocket, fingerprint: string | undefined, isSigned: boolean): ApiError | undefined {
    if (fingerprint === undefined) return undefined;
    const { rights, metrics } = this.#rightsOf(fingerprint, isSigned);
    if (rights === "nothing" && metrics === "nothing") return undefined;
    try {
      const client = { key: fingerprint, isRestricted: rights !== "server" };
      socket.once("close", this.#shares.take("Cannot answer", "connections", client));
      return undefined;
    } catch (error) {
      // Whoever asks nothing is not told, and takes a place all the same.
      setTimeout(() => socket.destroy(), patienceMs).unref();
      return toApiError(error);
    }
  }

  /** Who sent a request that came in here. */
  visitorOf({ socket }: IncomingMessage): Caller {
    const { address = "", shown, isSigned = false } = this.#visitors.get(socket) ?? {};
    const known = shown === undefined ? undefined : this.#rightsOf(shown.fingerprint, isSigned);
    return {
      username: shown?.fingerprint ?? "",
      protocol: "tls",
      address,
      rights: known?.rights ?? "nothing",
      ...(shown === undefined ? {} : { shown, metrics: known?.metrics }),
    };
  }

  /** What is stored of a certificate goes before what its signature says. */
  #rightsOf(fingerprint: string, isSigned: boolean): { rights: Rights; metrics: Rights } {
    const [rights, metrics] = [this.trust.rightsOf(fingerprint), this.trust.metricsOf(fingerprint)];
    const isStranger = rights === "nothing" && metrics === "nothing" && !this.trust.isStored(fingerprint);
    return { rights: isStranger && isSigned && this.trust.trustsSigned ? "server" : rights, metrics };
  }

  /** Ends the connections of a client at once, websockets too. @param but the one on which the answer to this goes out */
  hangUp(fingerprint: string, but: object | undefined): void {
    for (const [socket, { shown }] of this.#visitors)
      if (shown?.fingerprint === fingerprint && socket !== but) socket.destroy();
  }

  #leave(listening: Listening | undefined): void {
    if (listening === undefined) return;
    for (const response of listening.answering) if (!response.headersSent) response.setHeader("Connection", "close");
    // Idle connections end with this, the others after their answers.
    listening.server.close();
  }

  /** Ends the listening, and every connection that has not ended by itself in a moment. */
  async close(): Promise<void> {
    this.#leave(this.#listening);
    this.#listening = undefined;
    const until = Date.now() + patienceMs;
    while (this.#visitors.size > 0 && Date.now() < until) await delay(10);
    this.#crowd.endAll();
    for (const socket of this.#visitors.keys()) socket.destroy();
  }
}

/** Nothing of the body is read: the connection ends with the answer. */
function answerRefusal({ method }: IncomingMessage, response: ServerResponse, refusal: ApiError): void {
  const body = errorBody(refusal);
  response.writeHead(refusal.status, { "content-type": "application/json", connection: "close" });
  response.end(method === "HEAD" ? undefined : body);
}
