/** Route: the table form of the API, the request a handler sees, and the three answers it may give. */
import type { IncomingMessage } from "node:http";
import type { Duplex, Readable } from "node:stream";
import type * as z from "zod";
import { isTrue } from "../../sdk/api/config/values";
import { badRequest } from "../../sdk/api/errors";
import { patchOf } from "../../sdk/api/patch";
import type { Access } from "../core/access";
import type { Call } from "../core/call";
import { etagOf } from "../core/etag";
import type { RunningOperation } from "../platform/operations";
import type { Says } from "./says";

export const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;
export type Method = (typeof methods)[number];

export interface ApiRequest {
  /** Who asks, where, and whether somebody still waits. */
  readonly call: Call;
  /** Parts of the path, percent-decoded; NUL and line breaks are refused before the handler. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  /** Body of a JSON request, not yet validated; undefined without a body. */
  readonly json: unknown;
  /** Body of any other request. */
  readonly body: Readable;
}

export type Reply =
  | {
      readonly type: "sync";
      readonly metadata: unknown;
      readonly etag?: string;
      readonly location?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly type: "async"; readonly operation: RunningOperation }
  | {
      readonly type: "raw";
      /** 200 when absent. */
      readonly status?: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Readable | string | Buffer;
    };

export interface Route {
  readonly method: Method;
  /** Such as "/1.0/instances/:name"; ":name*" takes the rest, slashes too. */
  readonly path: string;
  readonly says: Says;
  readonly handle: (request: ApiRequest) => Promise<Reply> | Reply;
  /** What it asks of who calls, before it reads a body. Absent: the whole server, so that one that was forgotten is closed. */
  readonly access?: Access;
  /** It is about the whole server: the project that a client works in need not exist. */
  readonly anyProject?: boolean;
}

/** A path that upgrades the connection instead of answering. */
export interface UpgradeRoute {
  readonly path: string;
  /** What the connection becomes, as the header Upgrade names it; a websocket when absent. */
  readonly protocol?: string;
  readonly says: Says;
  /** As that of a route. */
  readonly access?: Access;
  readonly anyProject?: boolean;
  readonly upgrade: (request: ApiRequest, raw: { request: IncomingMessage; socket: Duplex; head: Buffer }) => void;
}

/** The parsed body that a handler has, by what its route says; none of an upload. */
export type BodyOf<S extends Says> = S extends { readonly body: infer Body extends z.ZodType }
  ? z.output<Body> | (S extends { readonly upload: object } ? undefined : never)
  : S extends { readonly patch: infer Put extends z.ZodObject }
    ? Partial<z.output<Put>>
    : undefined;

/** A route whose handler has the body parsed by the type that the route says. A body that does not fit is 400, before the handler. */
export const route = <const S extends Says>(
  method: Method,
  path: string,
  says: S,
  handle: (request: ApiRequest, body: BodyOf<S>) => Promise<Reply> | Reply,
): Route => ({
  method,
  path,
  says,
  handle: (request) => handle(request, bodyOf(request, says) as BodyOf<S>),
});

/** Whether the body is a stream whatever its type: it may be a file's content. */
export const isRaw = ({ says: { body, upload } }: Pick<Route, "says">): boolean =>
  upload !== undefined && body === undefined;

/** Routes about the whole server: the project that a client works in need not exist. */
export const ofServer = (routes: readonly Route[]): Route[] => routes.map((each) => ({ ...each, anyProject: true }));

/** Gives routes that say nothing else what they ask of who calls. */
export const needing = (access: Access, routes: readonly Route[]): Route[] =>
  routes.map((each) => ({ ...each, access: each.access ?? access }));

/** Routes about what lies in projects: who has the project sees and changes it. */
export const inProjects = (routes: readonly Route[]): Route[] =>
  routes.map((each) => ({ ...each, access: each.access ?? (isReading(each) ? "view" : "edit") }));

/** Routes about what projects share: those of reading are for who has the project, or anybody with a right; the others stay closed. */
export const sharedForReading = (access: Access, routes: readonly Route[]): Route[] =>
  routes.map((each) => ({ ...each, access: each.access ?? (isReading(each) ? access : "admin") }));

const isReading = ({ method }: Route): boolean => method === "GET" || method === "HEAD";

/** 200 with metadata. @param etagParts the writable parts of a single object; its digest becomes the ETag */
export const sync = (metadata: unknown = {}, etagParts?: unknown): Reply => ({
  type: "sync",
  metadata,
  ...(etagParts === undefined ? {} : { etag: etagOf(etagParts) }),
});

/** 201 with the new object's path. */
export const created = (location: string): Reply => ({ type: "sync", metadata: null, location });

/** 202 with the operation. */
export const asyncOp = (operation: RunningOperation): Reply => ({ type: "async", operation });

export const raw = (body: Readable | string | Buffer, headers: Record<string, string> = {}): Reply => ({
  type: "raw",
  headers: { "content-type": "application/octet-stream", ...headers },
  body,
});

/** A field that is null counts as absent, as Go's clients write it. @throws ZodError, which becomes 400 with the failing path */
function bodyOf({ call, json }: ApiRequest, { body, patch, upload }: Says): unknown {
  const type = patch === undefined ? body : patchOf(patch);
  if (type === undefined) return undefined;
  if (json !== undefined) return type.parse(withoutNulls(json));
  if (upload !== undefined && call.isDryRun)
    throw badRequest(
      'Cannot make a dry run of an upload: what it holds is known when it is here. Leave out "dry-run".',
    );
  if (upload !== undefined) return undefined;
  throw badRequest("Invalid request: it needs a JSON body. Send one with Content-Type application/json.");
}

/** The recursion of a list: 0 paths, 1 objects, 2 objects with their state. */
export const recursionOf = (request: ApiRequest): number => {
  const value = Number(request.query.get("recursion") ?? "0");
  return Number.isInteger(value) && value > 0 ? value : 0;
};

/** Whether the query asks for all projects. */
export const saysAllProjects = ({ query }: Pick<ApiRequest, "query">): boolean =>
  isTrue(query.get("all-projects") ?? "");

/** Whether a list is asked for of every project. @throws ApiError BAD_REQUEST when it is asked for of one as well */
export function isOfAllProjects({ query }: ApiRequest): boolean {
  const isAll = saysAllProjects({ query });
  if (isAll && query.get("project")) throw badRequest("Cannot specify a project when requesting all projects");
  return isAll;
}

/** If-Match as the client sent it. */
export const ifMatchOf = (request: ApiRequest): string | undefined => request.headers["if-match"];

/** A required part of the path. */
export function param(request: ApiRequest, name: string): string {
  const value = request.params[name];
  if (value === undefined) throw badRequest(`Invalid request: the path lacks "${name}".`);
  return value;
}

/** Maps of texts, and of devices: Go reads a null in them as "". */
const textMaps: ReadonlySet<string> = new Set(["config", "environment", "properties", "devices"]);

/** As Go's decoder reads nulls: a field that is null is absent, an entry of a map of texts is empty. */
function withoutNulls(value: unknown): unknown {
  if (!isObject(value)) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(
    fields.map(([name, field]) => [name, textMaps.has(name) ? withEmptyTexts(field) : withoutNulls(field)]),
  );
}

const withEmptyTexts = (value: unknown): unknown =>
  isObject(value)
    ? Object.fromEntries(
        Object.entries(value).map(([key, entry]) => [key, entry === null ? "" : withEmptyTexts(entry)]),
      )
    : value;

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
