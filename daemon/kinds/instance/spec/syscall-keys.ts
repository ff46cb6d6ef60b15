/** Keys of system calls, with the older names that LXD has for them: the newer one goes before. */
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import type { SyscallRule } from "../../../../sdk/api/config/syscall-policy";

const lists = {
  allow: ["security.syscalls.allow", "security.syscalls.whitelist"],
  deny: ["security.syscalls.deny", "security.syscalls.blacklist"],
} as const;

/** The rules of a list, and the key that has them; nothing where neither is set. */
export function syscallLines(
  config: Config,
  list: keyof typeof lists,
): { readonly key: string; readonly rules: readonly SyscallRule[] } | undefined {
  const set = instanceConfig(config);
  const key = lists[list].find((one) => set.has(one));
  return key === undefined ? undefined : { key, rules: set.get(key) ?? [] };
}

/** Whether what is denied to all containers is denied to this one. */
export function isDefaultDenied(config: Config): boolean {
  const set = instanceConfig(config);
  if (set.has("security.syscalls.deny_default")) return set.get("security.syscalls.deny_default");
  return set.get("security.syscalls.blacklist_default") ?? true;
}

/** Whether system calls of 32 bits are refused. */
export function isCompatDenied(config: Config): boolean {
  const set = instanceConfig(config);
  if (set.has("security.syscalls.deny_compat")) return set.get("security.syscalls.deny_compat");
  return set.get("security.syscalls.blacklist_compat") ?? false;
}
