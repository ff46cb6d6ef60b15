/** Restrictions: what instances and profiles of a restricted project cannot have. The messages are LXD's. */
import type { Config, Device } from "../../../sdk/api/common";
import { projectConfig } from "../../../sdk/api/config/project";
import { isTrue } from "../../../sdk/api/config/values";
import { badRequest } from "../../../sdk/api/errors";
import type { Member } from "./home";
import type { ProjectRecord } from "./store";

export const isRestricted = ({ config }: Pick<ProjectRecord, "config">): boolean =>
  projectConfig(config).get("restricted");

/** @throws ApiError BAD_REQUEST that names what is not allowed */
export function checkRestrictions(project: ProjectRecord, kind: "container" | "profile", member: Member): void {
  if (!isRestricted(project)) return;
  const of = `on ${kind} "${member.name}" of project "${project.name}"`;
  for (const [key, value] of Object.entries(member.config)) {
    const cause = value === "" ? undefined : forbiddenKey(project.config, key, value);
    if (cause === lowLevel) throw badRequest(`Use of low-level config "${key}" ${of} is forbidden`);
    if (cause !== undefined) throw badRequest(`Invalid value "${value}" for config "${key}" ${of}: ${cause}`);
  }
  for (const [device, options] of Object.entries(member.devices)) {
    const cause = forbiddenDevice(project.config, options);
    if (cause !== undefined) throw badRequest(`Invalid device "${device}" ${of}: ${cause}`);
  }
}

const lowLevel = "low-level";

/** Keys that reach past the other restrictions. */
const lowLevelKeys: ReadonlySet<string> = new Set([
  "boot.host_shutdown_timeout",
  "linux.kernel_modules",
  "raw.apparmor",
  "raw.idmap",
  "raw.lxc",
  "raw.seccomp",
  "security.idmap.base",
  "security.idmap.size",
  "security.syscalls.blacklist_default",
  "security.syscalls.deny_default",
]);

function forbiddenKey(config: Config, key: string, value: string): string | undefined {
  const rules = projectConfig(config);
  if (key === "security.nesting" && isTrue(value) && rules.get("restricted.containers.nesting") === "block")
    return "Container nesting is forbidden";
  if (key === "security.privileged" && isTrue(value) && rules.get("restricted.containers.privilege") !== "allow")
    return "Privileged containers are forbidden";
  return lowLevelKeys.has(key) && rules.get("restricted.containers.lowlevel") === "block" ? lowLevel : undefined;
}

const titles = {
  proxy: "Proxy devices",
  "unix-block": "Unix block devices",
  "unix-char": "Unix character devices",
} as const;

/** Whether a project may see and use a network, or an interface of the host. */
export function allowsNetwork({ config }: Pick<ProjectRecord, "config">, network: string, isManaged: boolean): boolean {
  if (!isRestricted({ config })) return true;
  const rules = projectConfig(config);
  const nics = rules.get("restricted.devices.nic");
  if (nics === "block" || (nics === "managed" && !isManaged)) return false;
  const access = rules.get("restricted.networks.access");
  return access === undefined || access.includes(network);
}

const forbiddenNetwork = (config: Config, { network, parent }: Device): boolean =>
  network
    ? !allowsNetwork({ config }, network, true)
    : Boolean(parent) && !allowsNetwork({ config }, parent ?? "", false);

function forbiddenDevice(config: Config, options: Device): string | undefined {
  const rules = projectConfig(config);
  switch (options.type) {
    case "none":
      return undefined;
    case "disk":
      // A container is nothing without its root.
      if (options.path === "/") return undefined;
      if (rules.get("restricted.devices.disk") === "block") return "Disk devices are forbidden";
      return rules.get("restricted.devices.disk") === "managed" && !options.pool
        ? "Attaching disks not backed by a pool is forbidden"
        : undefined;
    case "nic":
      if (rules.get("restricted.devices.nic") === "block") return "Network devices are forbidden";
      if (rules.get("restricted.devices.nic") === "managed" && !options.network)
        return "Only managed network devices are allowed";
      return forbiddenNetwork(config, options) ? "Network not allowed in project" : undefined;
    case "proxy":
    case "unix-block":
    case "unix-char":
      return rules.get(`restricted.devices.${options.type}`) === "allow"
        ? undefined
        : `${titles[options.type]} are forbidden`;
    default:
      // Of a version that had more types.
      return `Devices of type "${options.type}" are forbidden`;
  }
}

/** @throws ApiError BAD_REQUEST */
export function checkSnapshot(project: ProjectRecord): void {
  if (isRestricted(project) && projectConfig(project.config).get("restricted.snapshots") === "block")
    throw badRequest(`Project "${project.name}" doesn't allow for snapshot creation`);
}

/** @throws ApiError BAD_REQUEST */
export function checkBackup(project: ProjectRecord): void {
  if (isRestricted(project) && projectConfig(project.config).get("restricted.backups") === "block")
    throw badRequest(`Project "${project.name}" doesn't allow for backup creation`);
}
