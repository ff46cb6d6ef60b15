/** Server: the route tables behind a unix socket, and behind whatever passes its requests on (network-door.ts); by fastify, websockets by ws. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { type ApiError, badRequest } from "../../sdk/api/errors";
import { clientOf, notAuthorized } from "../core/access";
import type { Caller } from "../core/call";
import type { Projects } from "../core/projects";
import { toApiError } from "../platform/errors";
import { mostOpenFiles } from "../platform/host/open-files";
import type { Log } from "../platform/log";
import { traced } from "../platform/trace";
import { endWith, sendError, sendReply } from "./answer";
import { type Cors, corsHeaders, isAllowed } from "./cors";
import { LocalCallers, type PeerPort } from "./local-callers";
import { boundPipelines } from "./pipelines";
import { forgetBody, headOf, type Judged, readRequest } from "./request";
import { matchPath, nothingAt, partsOf, splitTarget } from "./request-path";
import { methods, type Route, type UpgradeRoute } from "./route";
import {
  containers,
  instancePrefix,
  lacksUpgrade,
  notImplemented,
  servedRoutes,
  virtualMachines,
} from "./route-tables";
import { type Found, RouteTree } from "./route-tree";

/** What clients may take of the daemon's time and descriptors. */
export interface Bounds {
  /** Headers come at once; who sends them byte by byte holds a connection for no longer than this. */
  readonly headersMs: number;
  /** An upload or a file's content may pause for so long; then its connection ends. */
  readonly silenceMs: number;
  readonly connections: number;
}

/** Requests of one connection that have no answer yet. */
const mostUnderWay = 100;

const defaultBounds = (): Bounds => ({
  headersMs: 20_000,
  silenceMs: 10 * 60_000,
  // Hundreds of commands at once take five each. Half of the descriptors stay for the daemon's own work.
  connections: Math.min(8192, Math.floor(mostOpenFiles() / 2)),
});

/** What a server serves. */
export interface Served {
  readonly routes: readonly Route[];
  readonly upgrades: readonly UpgradeRoute[];
  readonly projects: Pick<Projects, "require">;
  /** Who sent a request that came by the network. Absent: nobody does. */
  readonly visitorOf?: (raw: IncomingMessage) => Caller;
  /** Tells who is on the unix socket. Absent: nobody is named. */
  readonly peers?: PeerPort;
  /** What pages of other sites may. */
  readonly cors?: () => Cors | undefined;
  readonly log: Log;
}

const noSchemas = (): never => {
  throw new Error("Cannot compile a schema of a route: bodies are checked by zod.");
};

/** Makes the server of all routes; it does not listen yet. */
export function buildServer(served: Served, bounds: Bounds = defaultBounds()): FastifyInstance {
  const { headersMs, connections } = bounds;
  const app = fastify({
    logger: false,
    // zod checks bodies; the compilers that fastify brings for schemas are a tenth of the daemon's start to load.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    forceCloseConnections: true,
    // Nothing bounds a whole request: an image may take hours. Its headers, a JSON body and its silences are bounded.
    http: {
      headersTimeout: headersMs,
      connectionsCheckingInterval: Math.ceil(headersMs / 4),
      maxHeaderSize: 16 * 1024,
    },
    frameworkErrors: (error, _request, reply) => sendError(reply, badRequest(`Invalid request: ${error.message}.`)),
    clientErrorHandler: refuseUnreadable,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  const locals = new LocalCallers(served.peers, served.log);
  const judged: Judged = { projects: served.projects, callerOf: (raw) => callerOf(served, locals, raw) };
  const tree = new RouteTree(servedRoutes(served.routes, served.upgrades));
  const answerUnknown = async (request: FastifyRequest, reply: FastifyReply, isKnown: boolean) => {
    const isForStranger = isKnown && judged.callerOf(request.raw).rights === "nothing";
    // As in LXD: what a browser may is in the headers, or it may nothing.
    if (isKnown && request.method === "OPTIONS") return reply.code(200).send();
    const unknown = isKnown ? notImplemented() : nothingAt(splitTarget(request.url).path);
    await refuse(judged, request.raw, reply, isForStranger ? notAuthorized() : unknown);
    return reply;
  };
  const answer = (request: FastifyRequest, reply: FastifyReply) => {
    const found = tree.find(request.method, partsOf(splitTarget(request.url).path));
    return found === undefined || found === "another method"
      ? answerUnknown(request, reply, found !== undefined)
      : serve(served, judged, bounds, found, request, reply);
  };
  app.route({ method: [...methods], url: "*", exposeHeadRoute: false, handler: answer });
  app.addHook("onRequest", (request, reply, done) => {
    if (!isFromNetwork(request.raw)) {
      void locals.know(request.raw).then(() => done());
      return;
    }
    const allowed = served.cors?.();
    if (allowed !== undefined) void reply.headers(corsHeaders(allowed, request.headers.origin));
    // A browser asks before, without a certificate; it hears nothing but what is allowed.
    if (allowed !== undefined && request.method === "OPTIONS") void reply.code(200).send();
    else done();
  });
  // Methods that no route has.
  app.setNotFoundHandler(answer);
  app.setErrorHandler((error, _request, reply) => {
    const status = (error as { statusCode?: number }).statusCode;
    sendError(reply, status === 400 ? badRequest((error as Error).message) : toApiError(error));
  });
  boundConnections(served.log, app, connections);
  boundPipelines(app.server, mostUnderWay);
  app.server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    const go = () =>
      traced(
        { request: requestId() },
        () => {
          tellOf(served.log, judged, request);
          upgrade(judged, served.upgrades, request, socket, head);
        },
        clientOf(judged.callerOf(request)),
      );
    if (isFromNetwork(request)) go();
    else void locals.know(request).then(go);
  });
  return app;
}

/** Closes connections past the bound at once, and says so once a minute. */
function boundConnections(log: Log, { server }: FastifyInstance, most: number): void {
  let isTold = false;
  server.maxConnections = most;
  server.on("drop", () => {
    if (isTold) return;
    isTold = true;
    log.warning("Connections are refused: there are too many", { most });
    setTimeout(() => {
      isTold = false;
    }, 60_000).unref();
  });
}

/** Who has come by the network and is not known to have come so is nobody. */
const nobody: Caller = { username: "", protocol: "tls", address: "", rights: "nothing" };

/** A request came by the network when its connection is encrypted: nothing else listens there. */
function callerOf({ visitorOf, cors }: Served, locals: LocalCallers, raw: IncomingMessage): Caller {
  if (!isFromNetwork(raw)) return locals.callerOf(raw);
  if (isOfForeignPage(raw) && !isAllowed(cors?.(), raw.headers.origin)) return nobody;
  return visitorOf?.(raw) ?? nobody;
}

const isFromNetwork = ({ socket }: IncomingMessage): boolean => "encrypted" in socket && socket.encrypted === true;

/** A browser shows its user's certificate to us also for a page of somebody else; it says so, and clients of other kinds say nothing. */
const isOfForeignPage = ({ headers }: IncomingMessage): boolean =>
  !["same-origin", "none"].includes(String(headers["sec-fetch-site"] ?? "none"));

/** Gives fastify the reply back: a stream has sent nothing yet when this ends, and fastify would answer with an empty body. */
async function serve(
  { log }: Pick<Served, "log">,
  judged: Judged,
  { silenceMs }: Bounds,
  { route, params }: Found,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  return traced(
    { request: requestId() },
    async () => {
      try {
        tellOf(log, judged, request.raw);
        const apiRequest = await readRequest(judged, silenceMs, route, params, request, reply);
        if (bringsUnreadBody(request.raw)) reply.header("Connection", "close");
        if (route.path === virtualMachines) apiRequest.query.set("instance-type", "virtual-machine");
        sendReply(reply, await route.handle(apiRequest));
      } catch (error) {
        const apiError = toApiError(error);
        if (apiError.code === "INTERNAL") log.error(`Request failed: ${request.method} ${request.url}`, { error });
        await refuse(judged, request.raw, reply, apiError);
      }
      return reply;
    },
    clientOf(judged.callerOf(request.raw)),
  );
}

/** Of a UUID, for which Node keeps random bytes ready: to ask OpenSSL for some takes seven times as long. */
const requestId = (): string => randomUUID().slice(0, 8);

/** Secrets in it do not reach the log. */
function tellOf(log: Log, { callerOf }: Judged, raw: IncomingMessage): void {
  const { username, protocol, address: ip } = callerOf(raw);
  const url = raw.url?.replace(/([?&]secret=)[^&]*/g, "$1...");
  log.debug("Handling API request", { method: raw.method, url, ip, protocol, username });
}

/** So much of a body that nobody reads is passed over, and the connection goes on: Ansible's modules send "null" with each GET. */
const passedOverBytes = 4096;

/** Nobody reads the body of a GET, which may be without end. */
const bringsUnreadBody = ({ method, headers }: IncomingMessage): boolean =>
  (method === "GET" || method === "HEAD") &&
  (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > passedOverBytes);

async function refuse({ callerOf }: Judged, raw: IncomingMessage, reply: FastifyReply, error: ApiError): Promise<void> {
  await forgetBody(raw, callerOf(raw).rights === "nothing");
  // What is still to come would otherwise keep the connection.
  if (!raw.readableEnded) reply.header("Connection", "close");
  sendError(reply, error);
}

function upgrade(
  judged: Judged,
  upgrades: Served["upgrades"],
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  try {
    const { route, params } = findUpgrade(upgrades, splitTarget(request.url).path);
    const apiRequest = headOf(judged, route, request, params, new AbortController().signal);
    const { protocol } = route;
    if (protocol !== undefined && request.headers.upgrade?.toLowerCase() !== protocol) throw lacksUpgrade(protocol);
    route.upgrade(apiRequest, { request, socket, head });
  } catch (error) {
    endWith(socket, toApiError(error));
  }
}

const unreadable: Readonly<Record<string, readonly [status: number, cause: string]>> = {
  HPE_HEADER_OVERFLOW: [431, "its headers are too long. Send fewer or shorter ones."],
  ERR_HTTP_REQUEST_TIMEOUT: [408, "its headers did not come in time. Send them at once."],
};

/** Bytes that are no HTTP, or too many or too slow headers. */
function refuseUnreadable(error: Error & { code: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, cause] = unreadable[error.code] ?? [400, "it is not an HTTP request."];
  endWith(socket, badRequest(`Invalid request: ${cause}`), status);
}

function findUpgrade(
  upgrades: readonly UpgradeRoute[],
  path: string,
): { route: UpgradeRoute; params: Record<string, string> } {
  const known = path.startsWith(`${containers}/`) ? instancePrefix + path.slice(containers.length) : path;
  for (const route of upgrades) {
    const params = matchPath(route.path, known);
    if (params !== undefined) return { route, params };
  }
  throw nothingAt(path);
}
