/** Spec, process: capabilities, limits, environment and command of the first process. */
import path from "node:path";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { badRequest } from "../../../../sdk/api/errors";
import { hostArchitecture } from "../../../../sdk/host/architecture";
import { parseRawLxc } from "../../../core/settings/raw-lxc";
import { hostArchitectures } from "../../../platform/host/architecture";
import type { Op } from "../../../platform/native/index";

export const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Bits of capabilities(7) that no container has: they speak to the host's kernel, not to its own namespaces. */
const droppedCapabilities = {
  SYS_MODULE: 16,
  SYS_RAWIO: 17,
  SYS_TIME: 25,
  MAC_OVERRIDE: 32,
  MAC_ADMIN: 33,
} as const;

/** Dropped besides without a user namespace to bind them. */
const droppedWhenPrivileged = { SYSLOG: 34, WAKE_ALARM: 35, BLOCK_SUSPEND: 36, BPF: 39 } as const;

const allCapabilities = (1n << 41n) - 1n;

/** @returns the mask of kept capabilities, hexadecimal */
export function capabilityMask(isPrivileged: boolean): string {
  const dropped = [
    ...Object.values(droppedCapabilities),
    ...(isPrivileged ? Object.values(droppedWhenPrivileged) : []),
  ];
  return dropped.reduce((mask, bit) => mask & ~(1n << BigInt(bit)), allCapabilities).toString(16);
}

/** Whether a container is one of 32 bits on a host of 64. @param architecture of the instance, in LXD's words */
export const isNarrow = (architecture: string): boolean =>
  architecture !== hostArchitecture && hostArchitectures.includes(architecture);

/** It is told so by uname and the like. @param architecture of the instance, in LXD's words */
export const personalityOps = (architecture: string): Op[] =>
  isNarrow(architecture) ? [["personality", "linux32"]] : [];

/** Whether the container asked that no program of it gains rights. @param config expanded */
export const noNewPrivilegesOps = (config: Config): Op[] =>
  parseRawLxc(instanceConfig(config).get("raw.lxc")).hasNoNewPrivileges === true ? [["no-new-privs"]] : [];

/** environment.* keys. */
export const environmentOf = (config: Config): Record<string, string> => instanceConfig(config).family("environment.*");

export const envOps = (environment: Readonly<Record<string, string>>): Op[] =>
  Object.entries(environment).map(([name, value]): Op => ["env", `${name}=${value}`]);

/** limits.kernel.* keys. @throws ApiError BAD_REQUEST for a value that is not a limit */
export function rlimitOps(config: Config): Op[] {
  return Object.entries(instanceConfig(config).family("limits.kernel.*")).map(([name, value]): Op => {
    const [first = "", second = ""] = value.split(":").map((part) => part.trim());
    const [soft, hard] = [first, second || first];
    for (const part of [soft, hard])
      if (!/^(\d+|unlimited)$/.test(part))
        throw badRequest(
          `Invalid value for "limits.kernel.${name}": it must be a number or "unlimited", or soft:hard.`,
        );
    return ["rlimit", name, soft, hard];
  });
}

export const sysctlOps = (config: Config): Op[] =>
  Object.entries(instanceConfig(config).family("linux.sysctl.*")).map(
    ([name, value]): Op => ["sysctl", name, value.replace(/\n$/, "")],
  );

/** The first process: the image's init itself, or a command below our own reaper when it is not an init. */
export function commandOps(command: readonly string[]): Op[] {
  const isInit = /^(init|systemd)$/.test(path.basename(command[0] ?? ""));
  return [...(isInit ? [] : [["init-reaper"] as Op]), ...command.map((word): Op => ["arg", word])];
}
