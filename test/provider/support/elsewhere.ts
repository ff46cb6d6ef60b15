/**
 * Elsewhere: a server in memory that answers as LXD and Incus do about the kinds that Bothy's own server has not: buckets and their keys,
 * peers and load balancers of networks, groups of a cluster. On real servers these need OVN, MinIO or a cluster.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";

type Fields = Record<string, unknown>;

interface Collection {
  readonly path: RegExp;
  readonly title: string;
  readonly field: string;
  /** What PUT replaces. */
  readonly mutable: readonly string[];
  /** What the server adds to a new one. */
  added(one: Fields): Fields;
  /** Why it cannot be deleted. */
  held?(one: Fields): string | undefined;
}

const word = () => randomBytes(8).toString("hex");

const collections: readonly Collection[] = [
  {
    path: /^\/1\.0\/cluster\/groups$/,
    title: "Cluster group",
    field: "name",
    mutable: ["description", "members"],
    added: () => ({}),
    held: ({ members }) => ((members as unknown[]).length > 0 ? "Only empty cluster groups can be removed" : undefined),
  },
  {
    path: /^\/1\.0\/networks\/net0\/peers$/,
    title: "Network peer",
    field: "name",
    mutable: ["description", "config"],
    added: ({ target_project: project = "default" }) => ({ target_project: project, status: "Pending", used_by: [] }),
  },
  {
    path: /^\/1\.0\/networks\/net0\/load-balancers$/,
    title: "Network load balancer",
    field: "listen_address",
    mutable: ["description", "config", "backends", "ports"],
    added: () => ({ location: "n1" }),
  },
  {
    path: /^\/1\.0\/storage-pools\/pool0\/buckets$/,
    title: "Storage bucket",
    field: "name",
    mutable: ["description", "config"],
    added: ({ name }) => ({ s3_url: `https://127.0.0.1:9000/${name}`, location: "n1" }),
  },
  {
    path: /^\/1\.0\/storage-pools\/pool0\/buckets\/[a-z0-9.-]+\/keys$/,
    title: "Storage bucket key",
    field: "name",
    mutable: ["description", "role", "access-key", "secret-key"],
    added: (one) => ({
      role: one.role || "read-only",
      "access-key": one["access-key"] || word(),
      "secret-key": one["secret-key"] || word(),
    }),
  },
];

interface Answer {
  readonly status: number;
  readonly metadata?: unknown;
  readonly error?: string;
}

const refused = (status: number, error: string): Answer => ({ status, error });
const done = (metadata: unknown = {}): Answer => ({ status: 200, metadata });

const etagOf = (one: unknown): string => createHash("sha256").update(JSON.stringify(one)).digest("hex");

async function bodyOf(request: IncomingMessage): Promise<Fields> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Fields);
}

function answerTo(all: Map<string, Fields>, method: string, where: string, body: Fields, match?: string): Answer {
  const parent = where.replace(/\/[^/]+$/, "");
  const list = collections.find(({ path }) => path.test(where));
  const kind = list ?? collections.find(({ path }) => path.test(parent));
  if (kind === undefined) return refused(404, "not found");
  const { title, field, mutable, added, held } = kind;
  // A bucket's keys are gone with it, and nobody makes any for one that is not there.
  const owner = /^(.*\/buckets\/[^/]+)\/keys/.exec(where)?.[1];
  if (owner !== undefined && !all.has(owner)) return refused(404, "Storage bucket not found");
  if (list !== undefined && method === "GET")
    return done([...all].filter(([at]) => at.replace(/\/[^/]+$/, "") === where).map(([, one]) => one));
  if (list !== undefined) {
    const at = `${where}/${encodeURIComponent(String(body[field]))}`;
    if (all.has(at)) return refused(409, `${title} "${body[field]}" already exists`);
    all.set(at, { description: "", ...body, ...added(body) });
    return done();
  }
  const one = all.get(where);
  // As LXD 5.0.2 does.
  if (one === undefined && method === "DELETE" && title === "Cluster group")
    return refused(500, "Query deleted 0 rows instead of 1");
  if (one === undefined) return refused(404, `${title} not found`);
  if (match !== undefined && match !== etagOf(one)) return refused(412, "Precondition failed");
  if (method === "GET") return done(one);
  if (method === "POST") {
    all.delete(where);
    all.set(`${parent}/${body.name}`, { ...one, name: body.name });
    return done();
  }
  if (method === "DELETE") {
    const why = held?.(one);
    if (why !== undefined) return refused(400, why);
    all.delete(where);
    return done();
  }
  const kept = Object.fromEntries(
    Object.entries(one).filter(([name]) => method === "PATCH" || !mutable.includes(name)),
  );
  all.set(where, { description: "", ...kept, ...body, ...(body["secret-key"] === "" ? added(body) : {}) });
  return done();
}

/** @param extensions API extensions that the server says it has */
export async function withElsewhere(
  extensions: readonly string[],
  work: (socket: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-elsewhere-"));
  const socket = path.join(folder, "unix.socket");
  const all = new Map<string, Fields>();
  const environment = {
    server: "incus",
    server_version: "6.0.4",
    server_name: "far",
    server_pid: 1,
    certificate_fingerprint: "ab".repeat(32),
    architectures: ["x86_64"],
    driver: "lxc",
    kernel_version: "6.12",
    storage: "dir",
  };
  const about = { config: {}, api_extensions: extensions, api_status: "stable", api_version: "1.0", auth: "trusted" };
  const server = createServer(async (request, response) => {
    const where = (request.url ?? "").replace(/\?.*$/, "");
    const body = await bodyOf(request);
    const found =
      where === "/1.0"
        ? done({ ...about, public: false, auth_methods: ["tls"], environment })
        : answerTo(all, request.method ?? "", where, body, request.headers["if-match"]);
    const { status, metadata, error } = found;
    const wrong = {
      type: "error",
      error,
      error_code: status,
      status: "",
      status_code: 0,
      operation: "",
      metadata: null,
    };
    const right = {
      type: "sync",
      status: "Success",
      status_code: 200,
      operation: "",
      error: "",
      error_code: 0,
      metadata,
    };
    response.writeHead(status, { "content-type": "application/json", etag: etagOf(metadata ?? null) });
    response.end(JSON.stringify(error === undefined ? right : wrong));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  try {
    await work(socket);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  }
}
