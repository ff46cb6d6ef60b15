/** Idmap: which ids of the host an unprivileged container has. */
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { badRequest, internal } from "../../../../sdk/api/errors";
import { diskBase, hasUsersIds, isNested, nestedIds, rangeSize } from "../../../../sdk/host/own-ids";
import { type IdLine, type IdRange, ownIds } from "../../../platform/native/index";
import { runSize } from "./id-runs";

const key = "volatile.idmap.base";

/** @returns nothing also for what can be no base: a damaged one must not map a container to ids of the host */
export function baseOf(config: Config): number | undefined {
  const base = instanceConfig(config).get(key);
  return base !== undefined && base >= rangeSize && base <= 2 ** 32 - 2 * rangeSize ? base : undefined;
}

export const withBase = (config: Config, base: number): Config => ({ ...config, [key]: String(base) });

/** How many ids a container has. One that nests has some for the containers in it. @param expanded configuration with profiles */
export function idCount(expanded: Config): number {
  const set = instanceConfig(expanded);
  const size = set.get("security.idmap.size");
  if (size !== undefined) return size;
  if (!set.get("security.nesting") || hasUsersIds || set.get("security.idmap.base") !== undefined) return rangeSize;
  return isNested ? nestedIds : runSize;
}

/**
 * The map of an instance: none when it is privileged. @param expanded configuration with profiles @param own the instance's own
 * @throws ApiError BAD_REQUEST for one that the kernel would refuse, or that a daemon in a container cannot give
 */
export function idRange(expanded: Config, own: Config): IdRange | undefined {
  const set = instanceConfig(expanded);
  if (isNested || hasUsersIds) {
    checkIdmap(expanded);
    return isNested ? { hostBase: diskBase, count: idCount(expanded) } : { ...ownIds, count: idCount(expanded) };
  }
  if (set.get("security.privileged")) return undefined;
  const hostBase = set.get("security.idmap.base") ?? baseOf(own);
  if (hostBase === undefined)
    throw internal(`Cannot map ids: the instance has no ${key}. Change any setting of it, which gives it a new one.`);
  const count = idCount(expanded);
  checkIdmap(expanded);
  const lines = set.get("raw.idmap") ?? [];
  if (lines.length === 0) return { hostBase, count };
  const of = (kind: "uid" | "gid") => lines.filter((line) => line.kind === kind || line.kind === "both");
  const others = { uid: of("uid"), gid: of("gid") };
  const isOurs = ({ host, count: size }: IdLine) => host < hostBase + count && hostBase < host + size;
  if ([...others.uid, ...others.gid].some(isOurs))
    throw badRequest('Cannot map ids: "raw.idmap" names ids of the host that the container has already. Name others.');
  return { hostBase, count, others };
}

/** What is wrong with the keys of the map together, whoever has them. @throws ApiError BAD_REQUEST */
export function checkIdmap(config: Config): void {
  if (isNested) {
    checkNested(config);
    return;
  }
  const set = instanceConfig(config);
  if (hasUsersIds) requireOwnIds(config);
  const [base, size] = [set.get("security.idmap.base"), idCount(config)];
  const most = set.get("security.nesting") && !hasUsersIds ? runSize : rangeSize;
  if (base === undefined && size > most)
    throw badRequest(
      `Invalid value for "security.idmap.size": more than ${most} ids need a place of their own. Set security.idmap.base.`,
    );
  if (base !== undefined && base + size > 2 ** 32 - 1)
    throw badRequest(
      'Invalid value for "security.idmap.base": with so many ids the map ends beyond the last id there is.',
    );
}

/** Files of containers in a container lie on disk by the ids of all of them, so none can have others. @throws ApiError BAD_REQUEST */
function checkNested(config: Config): void {
  const set = instanceConfig(config);
  const refuse = (cause: string) => badRequest(`Cannot map ids: the daemon runs in a container itself, ${cause}`);
  if (set.get("security.privileged"))
    throw refuse("so its containers cannot be privileged. Remove security.privileged.");
  for (const name of ["raw.idmap", "security.idmap.base"] as const)
    if (set.get(name) !== undefined) throw refuse(`so all its containers have the same ids. Remove ${name}.`);
  const count = Math.max(idCount(config), rangeSize);
  if (count > nestedIds)
    throw refuse(
      `which has ${nestedIds + rangeSize} ids, and ${rangeSize + count} are needed. Set security.nesting=true on that container and restart it, or give it more by security.idmap.size.`,
    );
}

/** Keys that ask for other ids than those of the daemon's own user namespace. */
const asking = ["security.privileged", "security.idmap.base", "raw.idmap"] as const;

/** @throws ApiError BAD_REQUEST */
function requireOwnIds(config: Config): void {
  const set = instanceConfig(config);
  for (const key of asking) {
    const value = set.get(key);
    if (value === undefined || value === false) continue;
    throw badRequest(
      `Invalid value for "${key}": the daemon is not the host's root, so its containers have the ids that it has itself. Unset the key, or use a daemon that root runs.`,
    );
  }
}
