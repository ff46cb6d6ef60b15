/** Device disk: the root, custom volumes, folders and files of the host, and file systems in memory. */
import { statSync } from "node:fs";
import path from "node:path";
import type { Device, Devices } from "../../../../sdk/api/common";
import { diskOptions, isTmpfs, isVolume, mayBeMissing } from "../../../../sdk/api/devices/disk";
import { badRequest } from "../../../../sdk/api/errors";
import { toApiError } from "../../../platform/errors";
import { isThere } from "../../../platform/folders/files";
import type { Op } from "../../../platform/native/index";
import type { InstanceHome } from "../home";
import type { InstanceId } from "../record";
import type { CheckFacts, DeviceDriver, Facts, PlanFacts } from "./driver";
import type { DevicePlan } from "./step";

/** Whether the source is a path of the host. */
const isOfHost = (options: Device): boolean => Boolean(options.source) && !options.pool && !isTmpfs(options);

/** Whether the host must have it. */
const needsSource = (options: Device): boolean => isOfHost(options) && !mayBeMissing(options);

const missing = (device: string, source: string | undefined) => `Missing source path "${source}" for disk "${device}".`;

function check(facts: CheckFacts): void {
  const { devices, isNew } = facts;
  for (const [device, options] of devices.filter(([name]) => isNew(name))) {
    if (isVolume(options)) requireVolume(facts, options, (cause) => failed("add", device, cause));
    if (!isOfHost(options)) continue;
    const found = statSync(options.source ?? "", { throwIfNoEntry: false });
    if (found?.isBlockDevice()) throw failed("add", device, ofBlocks(options.source));
    if (found === undefined && !mayBeMissing(options))
      throw failed("add", device, `${missing(device, options.source)} Make it, or set required to false.`);
  }
}

/** LXD mounts it and gives the container its file system. */
const ofBlocks = (source: string | undefined) =>
  `"${source}" is a block device, whose file system this version does not mount yet. Mount it on the host and give its folder, or give the device itself by the type unix-block.`;

const failed = (when: "add" | "start", device: string, cause: string) =>
  badRequest(`Failed ${when} validation for device "${device}": ${cause}`);

/** The words are LXD's. @throws ApiError by `refuse` */
function requireVolume({ home, owner }: Facts, { pool = "", source = "" }: Device, refuse: (cause: string) => Error) {
  if (!home.storagePools.records().some(({ name }) => name === pool))
    throw refuse(`Failed to get storage pool "${pool}": Storage pool not found`);
  const volume = home.customVolumes.find(owner.project, pool, source);
  if (volume === undefined)
    throw refuse(
      `Failed loading custom volume: Storage volume not found. Make the volume "${source}" in storage pool "${pool}" first.`,
    );
  if (volume.isOfDaemon)
    throw refuse("Volume is used by the daemon itself (storage.images_volume or storage.backups_volume)");
  if (volume.contentType === "block") throw refuse("Custom block volumes cannot be used on containers");
}

async function checkStart(facts: Facts): Promise<void> {
  for (const [device, options] of facts.devices) {
    if (isVolume(options) && !mayBeMissing(options)) await checkStartVolume(facts, device, options);
    if (needsSource(options) && !(await isThere(options.source ?? "")))
      throw failed("start", device, `${missing(device, options.source)} Make it, or change the device.`);
  }
}

async function checkStartVolume(facts: Facts, device: string, options: Device): Promise<void> {
  requireVolume(facts, options, (cause) => failed("start", device, cause));
  try {
    await facts.home.customVolumes.requireUsable(facts.owner.project, options.pool ?? "", options.source ?? "");
  } catch (error) {
    throw failed("start", device, toApiError(error).message);
  }
}

/** Without the root, the shorter paths first so that one may lie in another. */
const plan = (facts: PlanFacts): DevicePlan[] =>
  facts.devices
    .filter(([, options]) => options.path !== "/")
    .map(([device, options]) => ({ device, options, place: path.posix.normalize(`/${options.path ?? ""}`) }))
    .sort((a, b) => a.place.length - b.place.length)
    .map(({ device, options, place }) => ({
      device,
      place,
      steps: [{ by: "cell", op: opOf(facts, options, place), undo: ["unbind", place] }],
    }));

function opOf(facts: PlanFacts, options: Device, place: string): Op {
  if (isTmpfs(options)) return tmpfsOp(options, place);
  if (isVolume(options)) return volumeOp(facts, options, place);
  return ["bind", path.normalize(options.source ?? ""), place, flagsText(bindFlags(options))];
}

/**
 * Owners of files on disk are those that containers see: each container has a mount of its own, through its id map, so that several share
 * a volume whatever ids they have on the host. A volume of a pool that is gone is a folder that is not there.
 */
function volumeOp({ home, owner, ids }: PlanFacts, options: Device, place: string): Op {
  const { pool = "", source = "" } = options;
  const isKnown = home.storagePools.records().some(({ name }) => name === pool);
  const folder = isKnown ? home.customVolumes.pathOf(owner.project, pool, source) : home.dirs.pool(pool);
  const isMapped = ids !== undefined && home.customVolumes.find(owner.project, pool, source)?.isUnmapped !== true;
  const flags = [...bindFlags(options), isMapped ? "shift" : "", ids === undefined ? "" : "nodev"];
  return ["bind", folder, place, flagsText(flags)];
}

function bindFlags(options: Device): string[] {
  const disk = diskOptions(options);
  return [
    disk.get("readonly") ? "ro" : "",
    disk.get("recursive") ? "rec" : "",
    mayBeMissing(options) ? "optional" : "",
    disk.get("shift") ? "shift" : "",
    // Of all that is mounted below, with or without the r; private is what a bind is by itself.
    disk
      .get("propagation")
      .replace(/^r(?=private|shared|slave|unbindable)/, "")
      .replace("private", ""),
    disk.get("raw.mount.options") ?? "",
  ];
}

function flagsText(flags: readonly string[]): string {
  const given = flags.filter((flag) => flag !== "");
  return given.length === 0 ? "-" : given.join(",");
}

/** The container's own root makes it, so that its bytes count for the container and it brings no device nodes. */
function tmpfsOp(options: Device, place: string): Op {
  const disk = diskOptions(options);
  const size = disk.get("size");
  const more = [disk.get("readonly") ? "ro" : "", disk.get("raw.mount.options") ?? ""].filter((flag) => flag !== "");
  const flags = ["nosuid", "nodev", ...more].join(",");
  return ["mount", "tmpfs", "tmpfs", place, flags, size === undefined ? "mode=755" : `mode=755,size=${size}`];
}

/** Whether a container gets a custom volume in which it may make no subvolumes. */
export async function hasWholeVolume(home: InstanceHome, owner: InstanceId, devices: Devices): Promise<boolean> {
  for (const options of Object.values(devices)) {
    if (options.type !== "disk" || !isVolume(options)) continue;
    const [pool = "", source = ""] = [options.pool, options.source];
    if (home.customVolumes.find(owner.project, pool, source) === undefined) continue;
    if (await home.customVolumes.mustStayWhole(owner.project, pool, source)) return true;
  }
  return false;
}

/** What the root's own device says of it; for the start. */
export const rootFlagOps = (devices: Devices): Op[] =>
  Object.values(devices).some(
    (device) => device.type === "disk" && device.path === "/" && diskOptions(device).get("readonly"),
  )
    ? [["root-readonly"]]
    : [];

/** The limits are of control groups (limits/disk-limits.ts). */
const outside = ["limits.read", "limits.write", "limits.max", "boot.priority"];

export const disk: DeviceDriver = { place: (options) => options.path ?? "", outside, check, checkStart, plan };
