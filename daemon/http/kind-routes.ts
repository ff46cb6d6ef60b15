/** Kind routes: list, get, create, put, patch, rename and delete, the same for every kind. What a kind has beyond them stands in its own routes.ts. */
import type * as z from "zod";
import type { Kind } from "../../sdk/api/kind";
import { maySee, visibleUses } from "../core/access";
import type { Call } from "../core/call";
import type { Changes } from "../core/changes";
import { patched } from "../core/merge";
import { type Ref, urlOf } from "../core/ref";
import { matches, parseFilter } from "./filter";
import { kindSays } from "./kind-says";
import {
  type ApiRequest,
  created,
  ifMatchOf,
  isOfAllProjects,
  param,
  type Route,
  recursionOf,
  route,
  sync,
} from "./route";

/** What a service does for its kind; it knows neither locks nor events nor HTTP. */
export interface KindService<Put, Post, Shown> {
  list(call: Call): readonly Shown[] | Promise<readonly Shown[]>;
  /** Those of every project, each with its own. Absent: the kind lives in no project. */
  listAll?(): readonly (Shown & { readonly project: string })[];
  /** One that can be changed. @throws ApiError NOT_FOUND */
  get(call: Call, name: string): Shown;
  /** What GET shows, where that is more than what can be changed. @throws ApiError NOT_FOUND */
  show?(call: Call, name: string): Promise<Shown>;
  /** Makes one; in a dry run it runs all checks and makes nothing. */
  create(call: Call, post: Post): Promise<void> | void;
  update(call: Call, name: string, put: Put): Promise<void> | void;
  rename?(call: Call, from: string, to: string): Promise<void> | void;
  delete(call: Call, name: string): Promise<void> | void;
}

interface Named {
  readonly name: string;
}

/** Objects that lie in another one: the service of those in that one. @throws ApiError NOT_FOUND where it is not there */
export type ServiceWithin<Service> = (call: Call, parent: string) => Service;

/** @param refOf which object a name means to who calls, in the object of that name where the kind's lie in one */
export function kindRoutes<Put extends z.ZodObject, Post extends z.ZodType<object>, Shown extends z.ZodType<object>>(
  kind: Kind<Put, Post, Shown>,
  services:
    | KindService<z.output<Put>, z.output<Post>, z.output<Shown>>
    | ServiceWithin<KindService<z.output<Put>, z.output<Post>, z.output<Shown>>>,
  changes: Changes,
  refIn: (call: Call, name: string, parent: string) => Ref,
): Route[] {
  const { name: word, put: putType, rename: renameType, tagged, parent, field = "name" } = kind;
  const path = parent === undefined ? kind.path : kind.path.replace(`{${parent}}`, `:${parent}`);
  const one = `${path}/:name${kind.hasSlashes ? "*" : ""}`;
  const nameOf = (request: ApiRequest) => param(request, "name");
  const nameIn = (object: object) => String((object as Record<string, unknown>)[field]);
  const parentOf = (request: ApiRequest) => (parent === undefined ? "" : param(request, parent));
  const serviceFor = (request: ApiRequest) =>
    typeof services === "function" ? services(request.call, parentOf(request)) : services;
  const hasAll = typeof services !== "function" && services.listAll !== undefined;
  const coveredOf = (shown: z.output<Shown>) => Object.fromEntries(tagged.map((field) => [field, shown[field]]));
  const refOf = (request: ApiRequest, name: string) => refIn(request.call, name, parentOf(request));
  const told = (request: ApiRequest, what: string, name: string, context?: Record<string, unknown>) => ({
    action: `${word}-${what}`,
    of: refOf(request, name),
    ...(context === undefined ? {} : { context }),
  });

  async function list(request: ApiRequest) {
    const filter = parseFilter(request.query.get("filter"));
    const service = serviceFor(request);
    const isAll = hasAll && isOfAllProjects(request);
    const all = isAll ? seenOf(request.call, service.listAll?.() ?? []) : await service.list(request.call);
    const shown = all.map((one) => withVisibleUses(request.call, one));
    const found = filter.length === 0 ? shown : shown.filter((one) => matches(filter, one));
    if (recursionOf(request) > 0) return sync(found);
    const projectOf = (shown: z.output<Shown>) => (isAll && "project" in shown ? { project: shown.project } : {});
    return sync(found.map((shown) => urlOf({ ...refOf(request, nameIn(shown)), ...projectOf(shown) } as Ref)));
  }

  async function create(request: ApiRequest, post: z.output<Post>) {
    const { call } = request;
    const name = nameIn(post);
    await changes.run(call, {
      of: [refOf(request, name)],
      told: told(request, "created", name),
      work: () => serviceFor(request).create(call, post),
    });
    if (call.isDryRun) return sync();
    return created(urlOf(refOf(request, name)));
  }

  async function get(request: ApiRequest) {
    const { call } = request;
    const name = nameOf(request);
    const service = serviceFor(request);
    const shown = service.show === undefined ? service.get(call, name) : await service.show(call, name);
    return sync(withVisibleUses(call, shown), coveredOf(shown));
  }

  async function change(request: ApiRequest, next: (have: z.output<Put>) => z.output<Put>) {
    const { call } = request;
    const name = nameOf(request);
    const mutable = () => {
      const shown = serviceFor(request).get(call, name) as Record<string, unknown>;
      return Object.fromEntries(Object.keys(putType.shape).map((field) => [field, shown[field]])) as z.output<Put>;
    };
    await changes.run(call, {
      of: [refOf(request, name)],
      etag: { ifMatch: ifMatchOf(request), parts: () => coveredOf(serviceFor(request).get(call, name)) },
      told: told(request, "updated", name),
      work: () => serviceFor(request).update(call, name, next(mutable())),
    });
    return sync();
  }

  async function rename(request: ApiRequest, { name: to }: Named) {
    const { call } = request;
    const from = nameOf(request);
    await changes.run(call, {
      of: [refOf(request, from), refOf(request, to)],
      told: told(request, "renamed", to, { old_name: from }),
      work: () => serviceFor(request).rename?.(call, from, to),
    });
    return created(urlOf(refOf(request, to)));
  }

  async function remove(request: ApiRequest) {
    const { call } = request;
    const name = nameOf(request);
    await changes.run(call, {
      of: [refOf(request, name)],
      told: told(request, "deleted", name),
      work: () => serviceFor(request).delete(call, name),
    });
    return sync();
  }

  const says = kindSays(kind, hasAll);
  return [
    { ...route("GET", path, says.list, list), ...(hasAll ? { access: "list" as const } : {}) },
    route("POST", path, says.create, create),
    route("GET", one, says.get, get),
    route("PUT", one, says.update, (request, put) => change(request, () => put)),
    route("PATCH", one, says.patch, (request, patch) => change(request, (have) => patched(have, patch))),
    ...(renameType === undefined ? [] : [route("POST", one, { ...says.rename, body: renameType }, rename)]),
    route("DELETE", one, says.remove, remove),
  ];
}

/** Of objects of all projects those that who calls sees. */
const seenOf = <T extends { readonly project: string }>(call: Call, all: readonly T[]): T[] =>
  all.filter(({ project }) => maySee(call, project));

/** What others use of something that projects share is theirs to know. */
function withVisibleUses<T extends object>(call: Call, shown: T): T {
  const { used_by: uses } = shown as { used_by?: unknown };
  return Array.isArray(uses) ? { ...shown, used_by: visibleUses(call, uses as string[]) } : shown;
}
