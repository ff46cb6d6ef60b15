/** Idmap: every unprivileged container has host ids of its own. */
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { internal } from "../../../../sdk/api/errors";
import type { IdRange } from "../../../platform/native/index";

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

/** The map of an instance: none when it is privileged. @param expanded configuration with profiles @param own the instance's own */
export function idRange(expanded: Config, own: Config): IdRange | undefined {
  if (instanceConfig(expanded).get("security.privileged")) return undefined;
  const hostBase = baseOf(own);
  if (hostBase === undefined)
    throw internal(`Cannot map ids: the instance has no ${key}. Change any setting of it, which gives it a new one.`);
  return { hostBase, count: rangeSize };
}
