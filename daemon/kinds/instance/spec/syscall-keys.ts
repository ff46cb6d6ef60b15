/** Keys of system calls, with the older names that LXD has for them: the newer one goes before. */
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import type { SyscallRule } from "../../../../sdk/api/config/syscall-policy";
import { badRequest } from "../../../../sdk/api/errors";

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

/** Whether the container's programs make those system calls alone that are in the list of the profile. */
export const isStrict = (config: Config): boolean =>
  instanceConfig(config).get("security.syscalls.profile") === "strict";

/** Which of the keys are set that would say, too, what may be called, or that nothing is refused; each by its name. */
function rivalsOfStrict(config: Config): string[] {
  const allowed = syscallLines(config, "allow")?.key;
  const open = ["security.syscalls.deny_default", "security.syscalls.blacklist_default"] as const;
  const set = instanceConfig(config);
  return [
    ...(allowed === undefined ? [] : [allowed]),
    ...(isDefaultDenied(config) ? [] : open.filter((key) => set.has(key)).slice(0, 1)),
    ...(set.has("raw.seccomp") ? ["raw.seccomp"] : []),
  ];
}

/** Refuses keys of which one would take away what another one asks for. @param config expanded @throws ApiError BAD_REQUEST */
export function requireNoRivals(config: Config): void {
  if (syscallLines(config, "allow") !== undefined && syscallLines(config, "deny") !== undefined)
    throw badRequest("security.syscalls.allow cannot be set together with security.syscalls.deny. Unset one of them.");
  const [rival] = isStrict(config) ? rivalsOfStrict(config) : [];
  if (rival !== undefined)
    throw badRequest(
      `security.syscalls.profile=strict cannot be set together with ${rival}${rival.endsWith("_default") ? "=false" : ""}. Unset one of them.`,
    );
}
