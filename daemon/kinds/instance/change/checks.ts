/**
 * Checks: what is refused when settings are stored. Only what a request brings is judged: what stands already may have stopped fitting since
 * (its profile, network or host folder gone, its key of another version), and shows when the instance starts (startable.ts).
 */
import { existsSync } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Config, Device, Devices } from "../../../../sdk/api/common";
import { allInstanceKeys, instanceConfig } from "../../../../sdk/api/config/instance";
import { lxdInstanceKeys } from "../../../../sdk/api/config/lxd-words";
import { mayBeMissing } from "../../../../sdk/api/devices/disk";
import { badRequest, conflict, notFound } from "../../../../sdk/api/errors";
import { defaultProject } from "../../../core/call";
import { parseRawLxc } from "../../../core/settings/raw-lxc";
import { requireConfig, requireDevices } from "../../../core/validate";
import { rivalOf } from "../../network/usage";
import { nicDevices, planNics } from "../devices/nics";
import type { InstanceHome } from "../home";
import { type Expanded, type InstanceId, type InstanceRecord, keyOf } from "../record";
import { commandOps, rlimitOps } from "../spec/process";

export type Settings = Pick<InstanceRecord, "project" | "config" | "devices" | "profiles">;

/** Before an instance is made there is nothing. */
export const nothing: Settings = { project: defaultProject, config: {}, devices: {}, profiles: [] };

/**
 * Checks configuration, devices and profiles of an instance, alone and merged.
 * @param standing what is there already, such as the source's of a copy
 * @throws ApiError
 */
export function checkSettings(
  home: InstanceHome,
  settings: Settings & Pick<InstanceRecord, "name">,
  standing: Settings = nothing,
): void {
  requireConfig(allInstanceKeys, changedOf(settings.config, standing.config), lxdInstanceKeys);
  requireDevices(changedOf(settings.devices, standing.devices));
  const twice = settings.profiles.find((name, index) => settings.profiles.indexOf(name) !== index);
  if (twice !== undefined) throw badRequest(`Duplicate profile "${twice}". Name each profile once.`);
  // In another project the same names are others.
  const kept = settings.project === standing.project ? standing.profiles : [];
  for (const name of settings.profiles)
    if (!kept.includes(name) && home.profiles.find(settings.project, name) === undefined)
      throw notFound(`Requested profile "${name}" doesn't exist. Create it, or leave it out.`);
  checkExpanded(home, settings, home.book.expanded(settings), home.book.expanded(standing));
}

/** Checks what an instance comes to with its profiles. @param own its own configuration @param was what stands already @throws ApiError */
export function checkExpanded(
  home: InstanceHome,
  own: Pick<InstanceRecord, "project" | "name" | "config">,
  { config, devices }: Expanded,
  was: Expanded,
): void {
  const newConfig = changedOf(config, was.config);
  commandOps(parseRawLxc(instanceConfig(newConfig).get("raw.lxc")));
  rlimitOps(newConfig);
  const newDevices = changedOf(devices, was.devices);
  checkDiskPaths(devices, newDevices);
  for (const [device, options] of Object.entries(newDevices)) requireSource(device, options);
  for (const [device, options] of nicDevices(newDevices)) {
    if (!options.network || home.networks.isManaged(options.network)) continue;
    throw notFound(
      `Failed loading network "${options.network}" of device "${device}": Network not found. Create it, or correct the device.`,
    );
  }
  if (nicDevices(newDevices).length === 0) return;
  for (const { device, hwaddr, ipv4, network, bridge } of planNics(own.config, devices))
    if (newDevices[device] !== undefined && ipv4 && home.networks.isManaged(network ?? bridge))
      home.networks.checkHost(network ?? bridge, { instance: keyOf(own), device, hwaddr, ipv4 });
}

/**
 * Refuses addresses that a nic of another instance has, running or not, as LXD does at a change of devices; for a new instance or a copy they
 * count at its start.
 * @throws ApiError CONFLICT
 */
export function checkRivals(home: InstanceHome, instance: InstanceId, devices: Devices, was: Devices): void {
  for (const [device, options] of nicDevices(changedOf(devices, was))) {
    const bridge = options.network ?? options.parent;
    if (!bridge || !(options["ipv4.address"] || options.hwaddr)) continue;
    const nic = { instance: keyOf(instance), device, ipv4: options["ipv4.address"], hwaddr: options.hwaddr };
    const rival = rivalOf(home.book.uses(), bridge, nic);
    if (rival !== undefined)
      throw conflict(
        `Failed update validation for device "${device}": ${rival.address} already defined on another NIC: instance "${rival.instance}" has it. Choose another.`,
      );
  }
}

/** Entries that are new, or other than they were. */
function changedOf<T>(is: Readonly<Record<string, T>>, was: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(is).filter(([key, value]) => !isDeepStrictEqual(value, was[key])));
}

function requireSource(device: string, options: Device): void {
  const { type, source } = options;
  if (type === "disk" && source && !mayBeMissing(options) && !existsSync(source))
    throw badRequest(
      `Failed add validation for device "${device}": Missing source path "${source}" for disk "${device}". Make it, or set required to false.`,
    );
}

/** Two disks cannot be at one place. */
function checkDiskPaths(devices: Devices, changed: Devices): void {
  const paths = new Map<string, string>();
  for (const [device, { type, path: innerPath = "" }] of Object.entries(devices)) {
    if (type !== "disk") continue;
    const place = path.posix.normalize(`/${innerPath}/`);
    const other = paths.get(place);
    if (other !== undefined && (changed[device] !== undefined || changed[other] !== undefined))
      throw badRequest(`Invalid device "${device}": the disk "${other}" has the path "${innerPath}" too. Use another.`);
    paths.set(place, device);
  }
}

/** Whether a configuration is complete nonsense for this version: for a start, which judges all of it. @throws ApiError */
export function checkWhole(config: Config, devices: Devices): void {
  requireConfig(allInstanceKeys, config, lxdInstanceKeys);
  requireDevices(devices);
  checkDiskPaths(devices, devices);
}
