/** Server: the route tables behind a unix socket, by fastify; websockets by ws. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { ApiError, badRequest, notFound } from "../sdk/api/errors";
import { endWith, sendError, sendReply } from "./answer";
import type { Context } from "./context";
import { toApiError } from "./errors";
import { readJson } from "./json-body";
import { matchPath, splitTarget } from "./request-path";
import type { ApiRequest, Route, UpgradeRoute } from "./route";
import { allRoutes, allUpgrades } from "./routes";

/** Older names of the same collection (docs/lxd-api.md, Answers). */
const instanceAliases = ["/1.0/containers", "/1.0/virtual-machines"];

/** Makes the server of all routes; it does not listen yet. */
export function buildServer(context: Context): FastifyInstance {
  const app = fastify({
    logger: false,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 4096 },
    frameworkErrors: (error, _request, reply) => sendError(reply, badRequest(`Invalid request: ${error.message}.`)),
    clientErrorHandler: refuseUnreadable,
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  const known = new Set<string>();
  for (const route of withAliases(allRoutes)) {
    known.add(route.path);
    app.route({
      method: route.method,
      url: fastifyPath(route.path),
      exposeHeadRoute: false,
      handler: (request, reply) => serve(context, route, request, reply),
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
  app.server.on("upgrade", (request, socket, head) => upgrade(context, request, socket, head));
  return app;
}

function withAliases(routes: readonly Route[]): Route[] {
  const prefix = "/1.0/instances";
  return routes.flatMap((route) =>
    route.path.startsWith(prefix)
      ? [route, ...instanceAliases.map((alias) => ({ ...route, path: alias + route.path.slice(prefix.length) }))]
      : [route],
  );
}

/** ":name*" takes the rest of the path; fastify's word for that is "*". */
const fastifyPath = (path: string) => path.replace(/:\w+\*$/, "*");

/** Gives fastify the reply back: a stream has sent nothing yet when this ends, and fastify would answer with an empty body. */
async function serve(
  context: Context,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  try {
    const apiRequest = await toApiRequest(context, route, request, reply);
    sendReply(reply, await route.handle(apiRequest));
  } catch (error) {
    const apiError = toApiError(error);
    if (apiError.code === "INTERNAL") context.log.error(`Request failed: ${request.method} ${request.url}`, { error });
    await forgetBody(request.raw);
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
  context: Context,
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<ApiRequest> {
  const rest = /:(\w+)\*$/.exec(route.path)?.[1];
  const found = request.params as Record<string, string>;
  const params = rest === undefined ? found : { ...found, [rest]: found["*"] ?? "" };
  const isStream = route.rawBody === true || isStreamType(request.headers["content-type"]);
  const hasBody = request.method !== "GET" && request.method !== "HEAD";
  const abort = new AbortController();
  reply.raw.on("close", () => {
    if (!reply.raw.writableFinished) abort.abort();
  });
  const base = baseRequest(context, request.raw, params, abort.signal);
  return { ...base, json: hasBody && !isStream ? await readJson(request.raw) : undefined };
}

function baseRequest(
  context: Context,
  raw: IncomingMessage,
  params: Record<string, string>,
  signal: AbortSignal,
): ApiRequest {
  const { query } = splitTarget(raw.url);
  for (const value of [...Object.values(params), ...query.values()])
    if (value.includes("\0")) throw badRequest("Invalid request: a name or path must not contain a NUL character.");
  for (const [name, value] of Object.entries(params))
    if (/[\r\n]/.test(value)) throw badRequest(`Invalid request: "${name}" must not contain a line break.`);
  const project = query.get("project");
  if (project !== null && project !== "" && project !== "default") throw notFound("Project not found");
  const requestor = { username: "root", protocol: "unix", address: "@" };
  return { context, params, query, headers: raw.headers, json: undefined, body: raw, requestor, signal };
}

const isStreamType = (type: string | undefined) =>
  type !== undefined && /^(application\/octet-stream|multipart\/)/i.test(type);

function upgrade(context: Context, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on("error", () => socket.destroy());
  try {
    const { route, params } = findUpgrade(splitTarget(request.url).path);
    const apiRequest = baseRequest(context, request, params, new AbortController().signal);
    route.upgrade(apiRequest, { request, socket, head });
  } catch (error) {
    endWith(socket, toApiError(error));
  }
}

/** Bytes that are no HTTP, or headers past Node's 16 KiB. */
function refuseUnreadable(error: Error & { code: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const isLong = error.code === "HPE_HEADER_OVERFLOW";
  const cause = isLong ? "its headers are too long. Send fewer or shorter ones." : "it is no HTTP request.";
  endWith(socket, badRequest(`Invalid request: ${cause}`), isLong ? 431 : 400);
}

function findUpgrade(path: string): { route: UpgradeRoute; params: Record<string, string> } {
  for (const route of allUpgrades) {
    const params = matchPath(route.path, path);
    if (params !== undefined) return { route, params };
  }
  throw notFound("not found");
}
