/** Restrictions: what instances and profiles of a restricted project cannot have. The messages are LXD's. */
import path from "node:path";
import type { Config, Device } from "../../../sdk/api/common";
import type { Range } from "../../../sdk/api/config/id-map";
import { instanceConfig } from "../../../sdk/api/config/instance";
import { projectConfig } from "../../../sdk/api/config/project";
import { isTrue } from "../../../sdk/api/config/values";
import { isOfHost } from "../../../sdk/api/devices/disk";
import { badRequest } from "../../../sdk/api/errors";
import { isBelow } from "../../platform/folders/below";
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
    if (cause === lowLevel && key === "raw.idmap") {
      checkIdMap(project.config, value, of);
      continue;
    }
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
  "security.syscalls.permit",
]);

/** What lets a guest's data reach the host's kernel takes more than what is safe by itself. */
function mayIntercept(allowed: "allow" | "block" | "full", key: string, value: string): boolean {
  const reaches = /^security\.syscalls\.intercept\.(mount|bpf)/.test(key);
  const asks = isTrue(value) || key === "security.syscalls.intercept.mount.allowed";
  return !asks || allowed === "full" || (allowed === "allow" && !reaches);
}

function forbiddenKey(config: Config, key: string, value: string): string | undefined {
  const rules = projectConfig(config);
  if (key === "security.nesting" && isTrue(value) && rules.get("restricted.containers.nesting") === "block")
    return "Container nesting is forbidden";
  const interception = rules.get("restricted.containers.interception");
  if (key.startsWith("security.syscalls.intercept.") && !mayIntercept(interception, key, value))
    return "Container syscall interception is forbidden";
  if (key === "security.privileged" && isTrue(value) && rules.get("restricted.containers.privilege") !== "allow")
    return "Privileged containers are forbidden";
  return lowLevelKeys.has(key) && rules.get("restricted.containers.lowlevel") === "block" ? lowLevel : undefined;
}

/** Lines of raw.idmap are counted from 0, as in LXD. @throws ApiError BAD_REQUEST */
function checkIdMap(config: Config, value: string, of: string): void {
  const rules = projectConfig(config);
  const users = rules.get("restricted.idmap.uid") ?? [];
  const groups = rules.get("restricted.idmap.gid") ?? [];
  for (const [index, { kind, host, count }] of (
    instanceConfig({ "raw.idmap": value }).get("raw.idmap") ?? []
  ).entries()) {
    const isWithin = (one: Range) => host >= one.first && host + count <= one.first + one.count;
    if ((kind === "gid" || users.some(isWithin)) && (kind === "uid" || groups.some(isWithin))) continue;
    throw badRequest(`Use of low-level "raw.idmap" element ${index} ${of} is forbidden`);
  }
}

const titles = {
  gpu: "GPU devices",
  infiniband: "Infiniband devices",
  proxy: "Proxy devices",
  "unix-block": "Unix block devices",
  "unix-char": "Unix character devices",
  "unix-hotplug": "Unix hotplug devices",
  usb: "USB devices",
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

/** @returns the folder that a source of the host must lie in; nothing where all paths are allowed */
function diskFolder(config: Config, source: string): string | "forbidden" | undefined {
  const rules = projectConfig(config);
  if (!rules.has("restricted.devices.disk.paths")) return undefined;
  const folders = rules.get("restricted.devices.disk.paths") ?? [];
  return folders.map((folder) => path.resolve(folder)).find((folder) => isBelow(folder, source)) ?? "forbidden";
}

/**
 * The folder of the host that the source of a disk must lie in, whatever symlinks there are. @returns nothing where every path is allowed
 * @throws ApiError BAD_REQUEST when no folder that is allowed holds it
 */
export function requiredFolder(project: ProjectRecord, device: string, source: string): string | undefined {
  const folder = isRestricted(project) ? diskFolder(project.config, source) : undefined;
  if (folder !== "forbidden") return folder;
  throw badRequest(`Disk source path "${source}" not allowed by project for disk "${device}"`);
}

function forbiddenDevice(config: Config, options: Device): string | undefined {
  const rules = projectConfig(config);
  switch (options.type) {
    // An emulated TPM has nothing of the host's.
    case "none":
    case "tpm":
      return undefined;
    case "disk":
      // A container is nothing without its root.
      if (options.path === "/") return undefined;
      if (rules.get("restricted.devices.disk") === "block") return "Disk devices are forbidden";
      if (rules.get("restricted.devices.disk") === "managed" && !options.pool)
        return "Attaching disks not backed by a pool is forbidden";
      return isOfHost(options) && diskFolder(config, options.source ?? "") === "forbidden"
        ? `Disk source path "${options.source}" not allowed`
        : undefined;
    case "nic":
      if (rules.get("restricted.devices.nic") === "block") return "Network devices are forbidden";
      if (rules.get("restricted.devices.nic") === "managed" && !options.network)
        return "Only managed network devices are allowed";
      // The host would send to the container what is meant for others.
      if (rules.get("restricted.devices.nic") !== "allow" && (options["ipv4.routes"] || options["ipv6.routes"]))
        return "Routes of the host are forbidden";
      return forbiddenNetwork(config, options) ? "Network not allowed in project" : undefined;
    case "gpu":
    case "infiniband":
    case "proxy":
    case "unix-block":
    case "unix-char":
    case "unix-hotplug":
    case "usb":
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
