/** Server: the route tables behind a unix socket, by fastify; websockets by ws. */
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { ApiError, badRequest, notFound } from "../../sdk/api/errors";
import { type Actor, type Call, defaultProject } from "../core/call";
import type { Projects } from "../core/projects";
import { toApiError } from "../platform/errors";
import type { Log } from "../platform/log";
import { endWith, sendError, sendReply } from "./answer";
import { readJson } from "./json-body";
import { matchPath, splitTarget } from "./request-path";
import { type ApiRequest, isRaw, type Route, type UpgradeRoute } from "./route";

/** Older names of the instances, and of those of a type that is not there yet (docs/lxd-api.md, Answers). */
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

const defaultBounds = (): Bounds => ({
  headersMs: 20_000,
  silenceMs: 10 * 60_000,
  // Hundreds of commands at once take five each. Half of the descriptors stay for the daemon's own work.
  connections: Math.min(8192, Math.floor(openFiles() / 2)),
});

/** How many descriptors the daemon may have. */
function openFiles(): number {
  const limit = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
}

/** What a server serves. */
export interface Served {
  readonly routes: readonly Route[];
  readonly upgrades: readonly UpgradeRoute[];
  readonly projects: Pick<Projects, "require">;
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
  const known = new Set<string>();
  for (const route of withAliases([...served.routes, ...served.upgrades.map(withoutUpgrade)])) {
    known.add(route.path);
    app.route({
      method: route.method,
      url: fastifyPath(route.path),
      exposeHeadRoute: false,
      handler: (request, reply) => serve(served, bounds, route, request, reply),
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const { path } = splitTarget(request.url);
    const isKnown = [...known].some((pattern) => matchPath(pattern, path) !== undefined);
    sendError(reply, isKnown ? new ApiError("NOT_IMPLEMENTED", "not implemented") : notFound("not found"));
  });
  app.setErrorHandler((error, _request, reply) => {
    const status = (error as { statusCode?: number }).statusCode;
    sendError(reply, status === 400 ? badRequest((error as Error).message) : toApiError(error));
  });
  boundConnections(served.log, app, connections);
  app.server.on("upgrade", (request, socket, head) => upgrade(served, request, socket, head));
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
  const prefix = "/1.0/instances";
  return routes.flatMap((route) => {
    if (!route.path.startsWith(prefix)) return [route];
    const rest = route.path.slice(prefix.length);
    const handle = rest === "" ? route.handle : noVirtualMachine;
    return [route, { ...route, path: containers + rest }, { ...route, path: virtualMachines + rest, handle }];
  });
}

/** What a websocket's path answers to a request that is none. */
const withoutUpgrade = ({ path, says, anyProject = false }: UpgradeRoute): Route => ({
  method: "GET",
  path,
  says,
  anyProject,
  handle: () => {
    throw badRequest("Bad Request: connect to this path as a websocket.");
  },
});

function noVirtualMachine(): never {
  throw notFound("Instance not found");
}

/** ":name*" takes the rest of the path; fastify's word for that is "*". */
const fastifyPath = (path: string) => path.replace(/:\w+\*$/, "*");

/** Gives fastify the reply back: a stream has sent nothing yet when this ends, and fastify would answer with an empty body. */
async function serve(
  { log, projects }: Served,
  bounds: Bounds,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  try {
    const apiRequest = await toApiRequest(projects, bounds, route, request, reply);
    if (route.path === virtualMachines) apiRequest.query.set("instance-type", "virtual-machine");
    sendReply(reply, await route.handle(apiRequest));
  } catch (error) {
    const apiError = toApiError(error);
    if (apiError.code === "INTERNAL") log.error(`Request failed: ${request.method} ${request.url}`, { error });
    await forgetBody(request.raw);
    // What is still to come would otherwise keep the connection.
    if (!request.raw.readableEnded) reply.header("Connection", "close");
    sendError(reply, apiError);
  }
  return reply;
}

const forgetBytes = 64 * 1024 * 1024;
const forgetMs = 5000;

/** Reads what the client still sends, within reason: many read no answer before they have sent all, and lose it with the connection. */
async function forgetBody(body: IncomingMessage): Promise<void> {
  if (body.readableEnded || body.destroyed) return;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    let count = 0;
    timer = setTimeout(resolve, forgetMs);
    body
      .once("end", resolve)
      .once("close", resolve)
      .on("data", (chunk: Buffer) => {
        count += chunk.length;
        if (count > forgetBytes) resolve();
      });
    body.resume();
  });
  clearTimeout(timer);
}

async function toApiRequest(
  projects: Served["projects"],
  bounds: Bounds,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<ApiRequest> {
  const rest = /:(\w+)\*$/.exec(route.path)?.[1];
  const found = request.params as Record<string, string>;
  const params = rest === undefined ? found : { ...found, [rest]: found["*"] ?? "" };
  const isStream = isRaw(route) || isStreamType(request.headers["content-type"]);
  const hasBody = request.method !== "GET" && request.method !== "HEAD";
  const abort = new AbortController();
  reply.raw.on("close", () => {
    if (!reply.raw.writableFinished) abort.abort();
  });
  const base = baseRequest(projects, route, request.raw, params, abort.signal);
  if (hasBody && isStream) boundSilence(request.raw, bounds.silenceMs);
  const length = request.headers["content-length"];
  const contentLength = length === undefined ? undefined : Number(length);
  return { ...base, json: hasBody && !isStream ? await readJson(request.raw, { contentLength }) : undefined };
}

/** Ends the connection when nothing of the body comes for long; the handler then sees it break. */
function boundSilence(raw: IncomingMessage, silenceMs: number): void {
  const { socket } = raw;
  const end = () => socket.destroy();
  socket.setTimeout(silenceMs, end);
  raw.once("close", () => socket.setTimeout(0).off("timeout", end));
}

function baseRequest(
  projects: Served["projects"],
  { anyProject }: Pick<Route, "anyProject">,
  raw: IncomingMessage,
  params: Record<string, string>,
  signal: AbortSignal,
): ApiRequest {
  const { query } = splitTarget(raw.url);
  for (const value of [...Object.values(params), ...query.values()])
    if (value.includes("\0")) throw badRequest("Invalid request: a name or path must not contain a NUL character.");
  for (const [name, value] of Object.entries(params))
    if (/[\r\n]/.test(value)) throw badRequest(`Invalid request: "${name}" must not contain a line break.`);
  const target = query.get("target");
  // Clients send "none" for a host of its own as well.
  if (target && target !== "none" && raw.method !== "GET") throw badRequest("Target only allowed when clustered");
  const project = query.get("project") || defaultProject;
  if (!anyProject) projects.require(project);
  const call: Call = { actor: localActor, project, signal };
  return { call, params, query, headers: raw.headers, json: undefined, body: raw };
}

/** Who reached the unix socket is its owner or of its group, and has the whole server. */
const localActor: Actor = { username: "root", protocol: "unix", address: "@" };

const isStreamType = (type: string | undefined) =>
  type !== undefined && /^(application\/octet-stream|multipart\/)/i.test(type);

function upgrade({ upgrades, projects }: Served, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on("error", () => socket.destroy());
  try {
    const { route, params } = findUpgrade(upgrades, splitTarget(request.url).path);
    const apiRequest = baseRequest(projects, route, request, params, new AbortController().signal);
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
  for (const route of upgrades) {
    const params = matchPath(route.path, path);
    if (params !== undefined) return { route, params };
  }
  throw notFound("not found");
}
