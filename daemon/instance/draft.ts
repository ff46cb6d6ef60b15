/** Draft: a request for a new instance, checked and completed before anything is made. */

import { randomUUID } from "node:crypto";
import path from "node:path";
import { type Config, type Devices, epoch } from "../../sdk/api/common";
import { instanceKeys, volatileKeys } from "../../sdk/api/config/instance";
import { lxdInstanceKeys } from "../../sdk/api/config/lxd-words";
import { hwaddr as checkHwaddr } from "../../sdk/api/config/values";
import { badRequest, notFound } from "../../sdk/api/errors";
import type { InstancesPost } from "../../sdk/api/instance";
import type { Context } from "../context";
import { hostArchitecture, requireRunnable } from "../host/architecture";
import { withoutEmpty, withoutEmptyOptions } from "../merge";
import { nowText } from "../time";
import { requireConfig, requireDevices } from "../validate";
import { parseRawLxc } from "./halt";
import { nicDevices, planNics, withHwaddrs } from "./nics";
import { type Expanded, expand, type InstanceRecord, rootDisk } from "./record";
import { commandOps, rlimitOps } from "./spec/process";

/** What the source of an instance brings along. */
export interface Origin {
  readonly config: Config;
  readonly profiles?: readonly string[] | undefined;
  readonly architecture?: string;
}

/** @returns the record to make @throws ApiError for everything that can be known to be wrong beforehand */
export function draftInstance(context: Context, name: string, post: InstancesPost, origin: Origin): InstanceRecord {
  // lxc copy sends an empty type.
  if (post.type !== "" && post.type !== "container")
    throw badRequest(`Cannot create instance "${name}": Bothy makes containers only, not the type "${post.type}".`);
  // That of an image or a source counts, as in LXD.
  const wanted = origin.architecture || post.architecture || hostArchitecture;
  const architecture = requireRunnable(wanted, `create instance "${name}"`);
  const profiles = post.profiles ?? origin.profiles ?? ["default"];
  const partial = {
    config: { ...withoutEmpty({ ...origin.config, ...chosen(post.config) }), "volatile.uuid": randomUUID() },
    devices: withoutEmptyOptions(post.devices),
  };
  checkSettings(context, { name, ...partial, profiles });
  const expanded = expand(
    partial,
    profiles.map((profile) => context.profiles.record(profile)),
  );
  const { pool } = rootDisk(expanded.devices);
  context.storagePools.record(pool);
  return {
    name,
    architecture,
    description: post.description,
    config: withHwaddrs(partial.config, expanded.devices),
    devices: partial.devices,
    profiles,
    ephemeral: post.ephemeral,
    createdAt: nowText(),
    lastUsedAt: epoch,
    pool,
  };
}

/** Checks configuration, devices and profiles of an instance, alone and merged. @throws ApiError */
export function checkSettings(
  context: Context,
  settings: Pick<InstanceRecord, "name" | "config" | "devices" | "profiles">,
): void {
  requireConfig([...instanceKeys, ...volatileKeys], settings.config, lxdInstanceKeys);
  requireDevices(settings.devices);
  const twice = settings.profiles.find((name, index) => settings.profiles.indexOf(name) !== index);
  if (twice !== undefined) throw badRequest(`Duplicate profile "${twice}". Name each profile once.`);
  const profiles = settings.profiles.map((name) => {
    try {
      return context.profiles.record(name);
    } catch (error) {
      throw notFound(`Requested profile "${name}" doesn't exist. Create it, or leave it out.`, { cause: error });
    }
  });
  checkExpanded(context, settings, expand(settings, profiles));
}

/** Checks what an instance comes to with its profiles. @param own its own configuration @throws ApiError */
export function checkExpanded(
  context: Context,
  own: Pick<InstanceRecord, "name" | "config">,
  { config, devices }: Expanded,
): void {
  commandOps(parseRawLxc(config["raw.lxc"]));
  rlimitOps(config);
  checkDiskPaths(devices);
  for (const [device, options] of nicDevices(devices)) {
    if (!options.network) continue;
    try {
      context.networks.get(options.network);
    } catch (error) {
      throw notFound(
        `Failed loading network "${options.network}" of device "${device}": Network not found. Create it, or correct the device.`,
        { cause: error },
      );
    }
  }
  for (const { device, hwaddr, ipv4, network, bridge } of planNics(own.config, devices))
    if (ipv4 && context.networks.isManaged(network ?? bridge))
      context.networks.checkHost(network ?? bridge, { instance: own.name, device, hwaddr, ipv4 });
}

/** Two disks cannot be at one place. */
function checkDiskPaths(devices: Devices): void {
  const paths = new Map<string, string>();
  for (const [device, { type, path: innerPath = "" }] of Object.entries(devices)) {
    if (type !== "disk") continue;
    const place = path.posix.normalize(`${innerPath}/`);
    const other = paths.get(place);
    if (other !== undefined)
      throw badRequest(`Invalid device "${device}": the disk "${other}" has the path "${innerPath}" too. Use another.`);
    paths.set(place, device);
  }
}

/** Of the keys that the daemon keeps for itself, a new instance's hardware addresses may be chosen; the rest is not taken. */
function chosen(config: Config): Config {
  const isAddress = (key: string) => key.endsWith(".hwaddr");
  for (const [key, value] of Object.entries(config)) {
    const reason = key.startsWith("volatile.") && isAddress(key) && value !== "" ? checkHwaddr(value) : undefined;
    if (reason !== undefined) throw badRequest(`Invalid value for "${key}": ${reason}`);
  }
  return Object.fromEntries(Object.entries(config).filter(([key]) => !key.startsWith("volatile.") || isAddress(key)));
}

/** Keys of a source that an image-born or copied instance takes over: all but what belongs to that one alone. */
export const withoutVolatile = (config: Config): Config =>
  Object.fromEntries(
    Object.entries(config).filter(([key]) => !key.startsWith("volatile.") || key === "volatile.base_image"),
  );
