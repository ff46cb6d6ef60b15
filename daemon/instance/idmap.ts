/** Idmap: every unprivileged container has host ids of its own. */
import type { Config } from "../../sdk/api/common";
import { isTrue } from "../../sdk/api/config/values";
import { internal } from "../../sdk/api/errors";
import type { IdRange } from "../native/index";

export const rangeSize = 65536;
const firstBase = 1_000_000;
const lastBase = 2 ** 31 - rangeSize;
const key = "volatile.idmap.base";

/** @returns the first free range's base @param taken bases in use */
export function allocateBase(taken: ReadonlySet<number>): number {
  for (let base = firstBase; base <= lastBase; base += rangeSize) if (!taken.has(base)) return base;
  throw internal("Cannot create instance: all ranges of host ids are in use. Delete an instance.");
}

export const baseOf = (config: Config): number | undefined =>
  config[key] === undefined ? undefined : Number(config[key]);

export const withBase = (config: Config, base: number): Config => ({ ...config, [key]: String(base) });

/** The map of an instance: none when it is privileged. @param expanded configuration with profiles @param own the instance's own */
export function idRange(expanded: Config, own: Config): IdRange | undefined {
  if (isTrue(expanded["security.privileged"])) return undefined;
  const hostBase = baseOf(own);
  if (hostBase === undefined) throw internal(`Cannot map ids: the instance has no ${key}. Create it again.`);
  return { hostBase, count: rangeSize };
}
