/** Draft: a request for a new instance, checked and completed before anything is made. */
import { randomUUID } from "node:crypto";
import { type Config, epoch } from "../../sdk/api/common";
import { instanceKeys, volatileKeys } from "../../sdk/api/config/instance";
import { badRequest, notFound } from "../../sdk/api/errors";
import type { InstancesPost } from "../../sdk/api/instance";
import type { Context } from "../context";
import { withoutEmpty } from "../merge";
import { nowText } from "../time";
import { requireConfig, requireDevices } from "../validate";
import { parseRawLxc } from "./halt";
import { nicDevices, planNics, withHwaddrs } from "./nics";
import { expand, type InstanceRecord, rootDisk } from "./record";
import { commandOps, rlimitOps } from "./spec/process";

export const hostArchitecture = process.arch === "x64" ? "x86_64" : process.arch === "arm64" ? "aarch64" : process.arch;

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
  const architecture = post.architecture || origin.architecture || hostArchitecture;
  if (architecture !== hostArchitecture)
    throw badRequest(
      `Cannot create instance "${name}": this host is ${hostArchitecture}, and the architecture asked for is ${architecture}.`,
    );
  const profiles = post.profiles ?? origin.profiles ?? ["default"];
  const partial = {
    config: { ...origin.config, ...withoutEmpty(post.config), "volatile.uuid": randomUUID() },
    devices: post.devices,
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
    devices: post.devices,
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
  requireConfig([...instanceKeys, ...volatileKeys], settings.config);
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
  const { config, devices } = expand(settings, profiles);
  commandOps(parseRawLxc(config["raw.lxc"]));
  rlimitOps(config);
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
  for (const { device, hwaddr, ipv4, network, bridge } of planNics(settings.config, devices))
    if (ipv4 && context.networks.isManaged(network ?? bridge))
      context.networks.checkHost(network ?? bridge, { instance: settings.name, device, hwaddr, ipv4 });
}

/** Keys of a source that an image-born or copied instance takes over: all but what belongs to that one alone. */
export const withoutVolatile = (config: Config): Config =>
  Object.fromEntries(
    Object.entries(config).filter(([key]) => !key.startsWith("volatile.") || key === "volatile.base_image"),
  );
