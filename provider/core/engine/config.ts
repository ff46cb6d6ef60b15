/**
 * Config: which of the server's keys belong to the user. Servers fill in keys of their own (an address, a size, volatile state); these
 * must neither show as drift nor be lost when the whole object is written back.
 */
import type { Config } from "../../../sdk/api/common";
import { isOneOf } from "../../../sdk/api/config/table";

/** Keys, and patterns with a "*", which the server fills in itself. */
export type ComputedKeys = readonly string[];

/** "auto" asks the server to choose, and it answers with its choice. */
const stands = (wanted: string, live: string): boolean =>
  wanted === live || (wanted === "auto" && live !== "" && live !== "none");

const isSet = (config: Config, key: string): boolean => (config[key] ?? "") !== "";

/** An empty value unsets a key: the same as no key. */
export const withoutEmpty = (config: Config): Config =>
  Object.fromEntries(Object.entries(config).filter(([, value]) => value !== ""));

/**
 * The server's configuration as the user sees it: a key stays if the user set it or the server does not fill it in.
 * @param owned what the user set last
 */
export function userConfig(live: Config, owned: Config, computed: ComputedKeys): Config {
  const kept = Object.entries(withoutEmpty(live))
    .filter(([key]) => isSet(owned, key) || !isOneOf(computed, key))
    .map(([key, value]) => [key, stands(owned[key] ?? "", value) ? owned[key]! : value]);
  const unset = Object.entries(owned).filter(([key, value]) => value === "" && (live[key] ?? "") === "");
  return Object.fromEntries([...kept, ...unset]);
}

/**
 * The whole configuration to write: what the user wants, and the keys that the server filled in and the user never set.
 * @param before what the user set last; a computed key of it that is not wanted any more is dropped
 */
export function configToWrite(live: Config, wanted: Config, before: Config, computed: ComputedKeys): Config {
  const servers = Object.entries(live).filter(
    ([key]) => isOneOf(computed, key) && !isSet(wanted, key) && !isSet(before, key),
  );
  const users = Object.entries(withoutEmpty(wanted)).map(([key, value]) => [
    key,
    stands(value, live[key] ?? "") ? live[key]! : value,
  ]);
  return Object.fromEntries([...servers, ...users]);
}
