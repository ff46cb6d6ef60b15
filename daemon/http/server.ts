/** Server: the route tables behind a unix socket, and behind whatever passes its requests on (network-door.ts); by fastify, websockets by ws. */
import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { ApiError, badRequest, notFound } from "../../sdk/api/errors";
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
import { matchPath, nothingAt, splitTarget } from "./request-path";
import type { Route, UpgradeRoute } from "./route";

/** Older names of the instances, and of those of a type that is not there yet (docs/lxd-api.md, Answers). */
const instancePrefix = "/1.0/instances";
const containers = "/1.0/containers";
const virtualMachines = "/1.0/virtual-machines";

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

/** Makes the server of all routes; it does not listen yet. */
export function buildServer(served: Served, bounds: Bounds = defaultBounds()): FastifyInstance {
  const { headersMs, connections } = bounds;
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 4096 },
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
  const known = new Set<string>();
  for (const route of withAliases([...served.routes, ...served.upgrades.map(withoutUpgrade)])) {
    known.add(route.path);
    app.route({
      method: route.method,
      url: fastifyPath(route.path),
      exposeHeadRoute: false,
      handler: (request, reply) => serve(served, judged, bounds, route, request, reply),
    });
  }
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
  app.setNotFoundHandler(async (request, reply) => {
    const { path } = splitTarget(request.url);
    const isKnown = [...known].some((pattern) => matchPath(pattern, path) !== undefined);
    const isForStranger = isKnown && judged.callerOf(request.raw).rights === "nothing";
    const unknown = isKnown ? new ApiError("NOT_IMPLEMENTED", "not implemented") : nothingAt(path);
    await refuse(judged, request.raw, reply, isForStranger ? notAuthorized() : unknown);
    return reply;
  });
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

function withAliases(routes: readonly Route[]): Route[] {
  return routes.flatMap((route) => {
    if (!route.path.startsWith(instancePrefix)) return [route];
    const rest = route.path.slice(instancePrefix.length);
    const handle = rest === "" ? route.handle : noVirtualMachine;
    const older = { ...route, path: containers + rest, handle: withOlderPaths(route) };
    return [route, older, { ...route, path: virtualMachines + rest, handle }];
  });
}

/** A list that is asked for by the older name has paths of that name, as in LXD. */
const withOlderPaths =
  ({ handle }: Route): Route["handle"] =>
  async (request) => {
    const reply = await handle(request);
    if (reply.type !== "sync" || !Array.isArray(reply.metadata)) return reply;
    const older = (url: unknown) =>
      typeof url === "string" && url.startsWith(`${instancePrefix}/`)
        ? containers + url.slice(instancePrefix.length)
        : url;
    return { ...reply, metadata: reply.metadata.map(older) };
  };

/** What the path of an upgrade answers to a request that is none. */
const withoutUpgrade = ({ path, protocol, says, access, anyProject = false }: UpgradeRoute): Route => ({
  method: "GET",
  path,
  says,
  access,
  anyProject,
  handle: ({ query }) => {
    if (protocol !== undefined) throw lacksUpgrade(protocol);
    const missing = says.needs?.find((name) => !query.get(name));
    if (missing !== undefined) throw badRequest(`missing ${missing}`);
    return {
      type: "raw",
      status: 400,
      headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
      body: "Bad Request\n",
    };
  },
});

const lacksUpgrade = (protocol: string): ApiError =>
  badRequest(`Missing or invalid upgrade header: send "Upgrade: ${protocol}".`);

function noVirtualMachine(): never {
  throw notFound("Instance not found");
}

/** ":name*" takes the rest of the path; fastify's word for that is "*". */
const fastifyPath = (path: string) => path.replace(/:\w+\*$/, "*");

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
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  return traced(
    { request: requestId() },
    async () => {
      try {
        tellOf(log, judged, request.raw);
        const apiRequest = await readRequest(judged, silenceMs, route, request, reply);
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

const requestId = (): string => randomBytes(4).toString("hex");

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
