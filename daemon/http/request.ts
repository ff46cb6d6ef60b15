/** Request: what a handler has of one: who asks, the parts of its path, its body. Access is decided before a byte of the body is read. */
import type { IncomingMessage } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { badRequest } from "../../sdk/api/errors";
import { isUntrusted, maySee, requireRoute } from "../core/access";
import { type Call, type Caller, defaultProject } from "../core/call";
import type { Projects } from "../core/projects";
import { isDryRun } from "./dry-run";
import { readJson } from "./json-body";
import { splitTarget } from "./request-path";
import { type ApiRequest, isRaw, type Route, saysAllProjects, type UpgradeRoute } from "./route";

/** What requests are judged by. */
export interface Judged {
  readonly projects: Pick<Projects, "require">;
  readonly callerOf: (raw: IncomingMessage) => Caller;
}

/** @param params parts of the path @param silenceMs an upload or a file's content may pause for so long; then its connection ends @throws ApiError of who may not ask this, and of a body that is none */
export async function readRequest(
  judged: Judged,
  silenceMs: number,
  route: Route,
  params: Record<string, string>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<ApiRequest> {
  const abort = new AbortController();
  reply.raw.on("close", () => {
    if (!reply.raw.writableFinished) abort.abort();
  });
  const base = headOf(judged, route, request.raw, params, abort.signal);
  if (request.method === "GET" || request.method === "HEAD") return base;
  const type = request.headers["content-type"];
  const isStream = isRaw(route) || isStreamType(type);
  // Some clients (pylxd) send an image without a type, and some (curl) JSON with another one: what it begins with tells.
  const isOpen = !isStream && route.says.untyped === true && !isJsonType(type) && !isUntrusted(base.call);
  if (isStream || isOpen) boundSilence(request.raw, silenceMs);
  if (isStream || (isOpen && !(await beginsAsJson(request.raw)))) return base;
  const length = request.headers["content-length"];
  const contentLength = length === undefined ? undefined : Number(length);
  return { ...base, json: await readJson(request.raw, { contentLength, isOfStranger: isUntrusted(base.call) }) };
}

/** A request without its body. @throws ApiError FORBIDDEN, and NOT_FOUND for a project that is not there */
export function headOf(
  { projects, callerOf }: Judged,
  { access = "admin", anyProject = false, says }: Pick<Route | UpgradeRoute, "access" | "anyProject" | "says">,
  raw: IncomingMessage,
  params: Record<string, string>,
  signal: AbortSignal,
): ApiRequest {
  const { query } = splitTarget(raw.url);
  const project = query.get("project") || defaultProject;
  const asked: Call = { actor: callerOf(raw), project, signal };
  requireRoute(asked, access, saysAllProjects({ query }));
  const call: Call = isDryRun(query, raw.method, says) ? { ...asked, isDryRun: true } : asked;
  for (const value of [...Object.values(params), ...query.values()])
    if (value.includes("\0")) throw badRequest("Invalid request: a name or path must not contain a NUL character.");
  for (const [name, value] of Object.entries(params))
    if (/[\r\n]/.test(value)) throw badRequest(`Invalid request: "${name}" must not contain a line break.`);
  const target = query.get("target");
  // Clients send "none" for a host of its own as well.
  if (target && target !== "none" && raw.method !== "GET")
    throw badRequest('Target only allowed when clustered: Cluster member not found. Leave out "target".');
  // Which projects there are is not for everybody to know.
  if (!anyProject && maySee(call, project)) projects.require(project);
  return { call, params, query, headers: raw.headers, json: undefined, body: raw };
}

/** Ends the connection when nothing of the body comes for long; the handler then sees it break. */
function boundSilence(raw: IncomingMessage, silenceMs: number): void {
  const { socket } = raw;
  const end = () => socket.destroy();
  socket.setTimeout(silenceMs, end);
  raw.once("close", () => socket.setTimeout(0).off("timeout", end));
}

const isStreamType = (type: string | undefined) =>
  type !== undefined && /^(application\/octet-stream|multipart\/)/i.test(type);

const isJsonType = (type: string | undefined) => type !== undefined && /^application\/json\b/i.test(type);

/** Looks at the first bytes of a body, which stay in it. An empty one counts as JSON, which the handler then misses. */
async function beginsAsJson(body: IncomingMessage): Promise<boolean> {
  for (;;) {
    const chunk = body.read() as Buffer | null;
    if (chunk !== null) {
      body.unshift(chunk);
      const first = chunk.find((byte) => !" \t\r\n".includes(String.fromCharCode(byte)));
      return first === undefined || first === "{".charCodeAt(0);
    }
    if (body.readableEnded || body.destroyed || body.complete) return true;
    await new Promise<void>((resolve) => {
      const events = ["readable", "end", "close"] as const;
      const next = () => {
        for (const event of events) body.off(event, next);
        resolve();
      };
      for (const event of events) body.on(event, next);
    });
  }
}

/** What is still read of a body that nobody wants: many clients read no answer before they have sent all, and lose it with the connection. */
const forgotten = {
  known: { bytes: 64 * 1024 * 1024, ms: 5000 },
  stranger: { bytes: 256 * 1024, ms: 1000 },
} as const;

/** Reads what the client still sends, within reason. */
export async function forgetBody(body: IncomingMessage, isOfStranger: boolean): Promise<void> {
  if (body.readableEnded || body.destroyed) return;
  const most = isOfStranger ? forgotten.stranger : forgotten.known;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    let count = 0;
    timer = setTimeout(resolve, most.ms);
    body
      .once("end", resolve)
      .once("close", resolve)
      .on("data", (chunk: Buffer) => {
        count += chunk.length;
        if (count > most.bytes) resolve();
      });
    body.resume();
  });
  clearTimeout(timer);
}
