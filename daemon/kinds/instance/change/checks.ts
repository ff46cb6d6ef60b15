/**
 * Checks: what is refused when settings are stored. Only what a request brings is judged: what stands already may have stopped fitting since
 * (its profile, network or host folder gone, its key of another version), and shows when the instance starts (startable.ts).
 */
import { isDeepStrictEqual } from "node:util";
import type { Config, Devices } from "../../../../sdk/api/common";
import { allInstanceKeys, instanceConfig } from "../../../../sdk/api/config/instance";
import { lxdInstanceKeys } from "../../../../sdk/api/config/lxd-words";
import { badRequest, notFound } from "../../../../sdk/api/errors";
import { isInUserNamespace } from "../../../../sdk/host/user-namespace";
import { defaultProject } from "../../../core/call";
import { parseRawLxc } from "../../../core/settings/raw-lxc";
import { requireConfig, requireDevices } from "../../../core/validate";
import { checkIdmap } from "../create/idmap";
import { checkRivals as checkDeviceRivals, checkDevices, checkPlaces } from "../devices/devices";
import type { InstanceHome } from "../home";
import type { Expanded, InstanceRecord } from "../record";
import { rlimitOps } from "../spec/process";
import { requireNoRivals } from "../spec/syscall-keys";
import { requireKnownCalls } from "../spec/syscalls";

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
  parseRawLxc(instanceConfig(newConfig).get("raw.lxc"));
  rlimitOps(newConfig);
  if (isInUserNamespace() || Object.keys(newConfig).some((key) => /^security\.(idmap\.|nesting$)/.test(key)))
    checkIdmap(config);
  requireNoRivals(config);
  requireKnownCalls(home.seccompDir, newConfig);
  const newDevices = changedOf(devices, was.devices);
  checkDevices(home, own, devices, (device) => newDevices[device] !== undefined);
}

/**
 * Refuses addresses that a nic of another instance has, running or not, as LXD does at a change of devices; for a new instance or a copy they
 * count at its start.
 * @throws ApiError CONFLICT
 */
export function checkRivals(home: InstanceHome, instance: InstanceRecord, devices: Devices, was: Devices): void {
  const changed = changedOf(devices, was);
  checkDeviceRivals(home, instance, devices, (device) => changed[device] !== undefined);
}

/** Entries that are new, or other than they were. */
function changedOf<T>(is: Readonly<Record<string, T>>, was: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(is).filter(([key, value]) => !isDeepStrictEqual(value, was[key])));
}

/** Whether a configuration is complete nonsense for this version: for a start, which judges all of it. @throws ApiError */
export function checkWhole(config: Config, devices: Devices): void {
  requireConfig(allInstanceKeys, config, lxdInstanceKeys);
  requireDevices(devices);
  checkPlaces(devices, () => true);
}
