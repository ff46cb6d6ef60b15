/** Access: who may do what. The one place that decides it: for a whole route before its body is read, for what is changed, and for what is shown. */
import { ApiError } from "../../sdk/api/errors";
import { projectOfUrl } from "../platform/object-url";
import type { Client } from "../platform/trace";
import type { Call, Caller, Rights } from "./call";
import { type Ref, type RefKind, urlOf } from "./ref";

/**
 * What a route asks of its caller. "view" and "edit": a right to the project of the call. "list": the same, but with all-projects the
 * route shows to each what he may see. "authenticated": any right at all. "untrusted": none; the route shows to each what is his.
 */
export type Access = "untrusted" | "authenticated" | "list" | "view" | "edit" | "admin";

/** LXD's words. */
const refused = "not authorized";

/** Who knows the secret may see or use the one thing that it is for. */
export const notAuthorized = (): ApiError => new ApiError("FORBIDDEN", refused);

/** Whoever reaches the unix socket has the whole server, as its file's owner and group say; the daemon itself too. */
const rightsOf = ({ actor }: Call): Rights => (actor === undefined ? "server" : actor.rights);

const has = (rights: Rights, project: string): boolean =>
  rights === "server" || (rights !== "nothing" && rights.has(project));

/** Whether who calls may have a route at all. @param isOfAll whether it is asked for all projects @throws ApiError FORBIDDEN */
export function requireRoute(call: Call, access: Access, isOfAll: boolean): void {
  const rights = rightsOf(call);
  if (!isEnough(rights, access, call.project, isOfAll)) throw notAuthorized();
}

function isEnough(rights: Rights, access: Access, project: string, isOfAll: boolean): boolean {
  switch (access) {
    case "untrusted":
      return true;
    case "authenticated":
      return rights !== "nothing";
    case "list":
      return isOfAll ? rights !== "nothing" : has(rights, project);
    case "view":
    case "edit":
      return has(rights, project);
    case "admin":
      return rights === "server";
  }
}

/** Kinds whose objects belong to those who have their project; the others are the whole server's. */
const inProjects: ReadonlySet<RefKind> = new Set<RefKind>([
  "image",
  "image-alias",
  "instance",
  "instance-backup",
  "instance-snapshot",
  "profile",
  "storage-volume",
  "storage-volume-backup",
  "storage-volume-snapshot",
]);

/**
 * Whether who calls may change some objects. Those that a project shares with the default one belong to that one.
 * @throws ApiError FORBIDDEN
 */
export function requireAccess(call: Call, refs: readonly Ref[]): void {
  const rights = rightsOf(call);
  if (rights === "server") return;
  const foreign = refs.find(({ kind, project }) => !(inProjects.has(kind) && has(rights, project)));
  if (foreign !== undefined)
    throw new ApiError("FORBIDDEN", `Cannot change "${urlOf(foreign)}": ${refused}. Ask for the right to it.`);
  if (rights === "nothing") throw notAuthorized();
}

/** Whether who calls sees what lies in a project. @param project undefined for what is of the whole server */
export function maySee(call: Call, project: string | undefined): boolean {
  const rights = rightsOf(call);
  return project === undefined ? rights === "server" : has(rights, project);
}

/** Whether who calls may read metrics of a project's instances. @param project undefined for those of any: what is shown is judged one by one */
export function mayReadMetrics(call: Call, project: string | undefined): boolean {
  const all = [rightsOf(call), call.actor?.metrics ?? "nothing"];
  return all.some((rights) => (project === undefined ? rights !== "nothing" : has(rights, project)));
}

/** @throws ApiError FORBIDDEN */
export function requireSight(call: Call, project: string): void {
  if (!maySee(call, project)) throw notAuthorized();
}

/** Whether who calls has the whole server. */
export const hasServer = (call: Call): boolean => rightsOf(call) === "server";

/** Whether who calls is nobody whom we trust. */
export const isUntrusted = (call: Call): boolean => rightsOf(call) === "nothing";

/** Who calls, as what bounds clients tells them apart (platform/processes/shares.ts). */
export const clientOf = ({ username, protocol, address, rights, shown }: Caller): Client => ({
  key: `${protocol} ${shown?.fingerprint ?? (protocol === "unix" ? username : address.replace(/:\d+$/, ""))}`,
  isRestricted: rights !== "server",
});

/** What who calls sees of the users of something that projects share. */
export const visibleUses = (call: Call, urls: readonly string[]): string[] =>
  urls.filter((url) => maySee(call, projectOfUrl(url)));

/** A call that may do one thing for which who calls knew the secret: with the rights of who gave that out. */
export const vouchedFor = (call: Call): Call =>
  call.actor === undefined ? call : { ...call, actor: { ...call.actor, rights: "server" } };
