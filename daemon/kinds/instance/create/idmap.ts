/** Idmap: every unprivileged container has host ids of its own. */
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { badRequest, internal } from "../../../../sdk/api/errors";
import { isInUserNamespace } from "../../../../sdk/host/user-namespace";
import { type IdLine, type IdRange, ownIds } from "../../../platform/native/index";

const rangeSize = 65536;
/** Above what systemd-nspawn (up to 0x6fffffff) and LXD's default (from 1,000,000) give out; below 2^31, which some programs take for negative. */
const firstBase = 0x70000000;
const rangeCount = 4096;
const key = "volatile.idmap.base";

/**
 * @param taken bases in use
 * @param seed any number; daemons on one host differ by it, so that their containers are unlikely to share ids
 * @returns the first free range's base, counted from the seed on
 */
export function allocateBase(taken: ReadonlySet<number>, seed: number): number {
  for (let step = 0; step < rangeCount; step += 1) {
    const base = firstBase + ((seed + step) % rangeCount) * rangeSize;
    if (!taken.has(base)) return base;
  }
  throw internal("Cannot create instance: all ranges of host ids are in use. Delete an instance.");
}

/** @returns nothing also for what can be no base: a damaged one must not map a container to ids of the host */
export function baseOf(config: Config): number | undefined {
  const base = instanceConfig(config).get(key);
  return base !== undefined && base >= rangeSize && base <= 2 ** 32 - 2 * rangeSize ? base : undefined;
}

export const withBase = (config: Config, base: number): Config => ({ ...config, [key]: String(base) });

/**
 * The map of an instance: none when it is privileged. @param expanded configuration with profiles @param own the instance's own
 * @throws ApiError BAD_REQUEST for one that the kernel would refuse
 */
export function idRange(expanded: Config, own: Config): IdRange | undefined {
  const set = instanceConfig(expanded);
  if (isInUserNamespace()) {
    checkIdmap(expanded);
    return { ...ownIds, count: set.get("security.idmap.size") };
  }
  if (set.get("security.privileged")) return undefined;
  const hostBase = set.get("security.idmap.base") ?? baseOf(own);
  if (hostBase === undefined)
    throw internal(`Cannot map ids: the instance has no ${key}. Change any setting of it, which gives it a new one.`);
  const count = set.get("security.idmap.size");
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
  const set = instanceConfig(config);
  if (isInUserNamespace()) requireOwnIds(config);
  const [base, size] = [set.get("security.idmap.base"), set.get("security.idmap.size")];
  if (base === undefined && size > rangeSize)
    throw badRequest(
      `Invalid value for "security.idmap.size": more than ${rangeSize} ids need a place of their own. Set security.idmap.base.`,
    );
  if (base !== undefined && base + size > 2 ** 32 - 1)
    throw badRequest(
      'Invalid value for "security.idmap.base": with so many ids the map ends beyond the last id there is.',
    );
}

const asking = ["security.privileged", "security.idmap.base", "raw.idmap"] as const;

/** Keys that ask for other ids than those of the daemon's own user namespace. */
export const otherIds: readonly string[] = asking;

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
