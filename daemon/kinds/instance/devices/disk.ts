/** Device disk: the root, custom volumes, what is of the host (disk-of-host.ts), and file systems in memory. */
import { statSync } from "node:fs";
import path from "node:path";
import type { Device, Devices } from "../../../../sdk/api/common";
import {
  diskOptions,
  isOfHost,
  isTmpfs,
  isVolume,
  mayBeMissing,
  mountOptionsOf,
} from "../../../../sdk/api/devices/disk";
import { badRequest } from "../../../../sdk/api/errors";
import { isNested } from "../../../../sdk/host/own-ids";
import { toApiError } from "../../../platform/errors";
import { isThere } from "../../../platform/folders/files";
import type { Op } from "../../../platform/native/index";
import type { InstanceHome } from "../home";
import type { InstanceId } from "../record";
import { bindFlags, flagsText } from "./disk-flags";
import { checkHostDisk, folderOf, hostDiskOp, mismatch } from "./disk-of-host";
import type { CheckFacts, DeviceDriver, Facts, NamedDevice, PlanFacts } from "./driver";
import type { DevicePlan } from "./step";

const missing = (device: string, source: string | undefined) => `Missing source path "${source}" for disk "${device}".`;

function check(facts: CheckFacts): void {
  const { devices, isNew } = facts;
  for (const [device, options] of devices.filter(([name]) => isNew(name))) {
    if (isVolume(options)) requireVolume(facts, options, (cause) => failed("add", device, cause));
    if (!isOfHost(options)) continue;
    if (isNested && diskOptions(options).get("shift"))
      throw failed(
        "add",
        device,
        "shift needs a daemon that runs in no container itself. Leave it out, or use a custom volume.",
      );
    const found = statSync(options.source ?? "", { throwIfNoEntry: false });
    const cause = found && mismatch(options, found);
    if (cause !== undefined) throw failed("add", device, cause);
    if (found === undefined && !mayBeMissing(options))
      throw failed("add", device, `${missing(device, options.source)} Make it, or set required to false.`);
  }
}

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
    if (!isOfHost(options)) continue;
    if (!mayBeMissing(options) && !(await isThere(options.source ?? "")))
      throw failed("start", device, `${missing(device, options.source)} Make it, or change the device.`);
    folderOf(facts, [device, options], (cause) => failed("start", device, cause));
  }
}

async function checkHost(facts: Facts): Promise<void> {
  for (const named of facts.devices) if (isOfHost(named[1])) await checkHostDisk(facts, named);
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
const plan = (facts: PlanFacts): Promise<DevicePlan[]> =>
  Promise.all(
    facts.devices
      .filter(([, options]) => options.path !== "/")
      .map((named) => ({ named, place: path.posix.normalize(`/${named[1].path ?? ""}`) }))
      .sort((a, b) => a.place.length - b.place.length)
      .map(async ({ named, place }) => ({
        device: named[0],
        place,
        steps: [{ by: "cell" as const, op: await opOf(facts, named, place), undo: ["unbind", place] as const }],
      })),
  );

async function opOf(facts: PlanFacts, named: NamedDevice, place: string): Promise<Op> {
  const [, options] = named;
  if (isTmpfs(options)) return tmpfsOp(options, place);
  if (isVolume(options)) return volumeOp(facts, options, place);
  return hostDiskOp(facts, named, place);
}

/**
 * Owners of files on disk are those that containers see: each container has a mount of its own, through its id map, so that several share
 * a volume whatever ids they have on the host. Those of a daemon in a container all have the ids that are on disk. A volume of a pool that is gone is a folder that is not there.
 */
function volumeOp({ home, owner, ids }: PlanFacts, options: Device, place: string): Op {
  const { pool = "", source = "" } = options;
  const isKnown = home.storagePools.records().some(({ name }) => name === pool);
  const folder = isKnown ? home.customVolumes.pathOf(owner.project, pool, source) : home.dirs.pool(pool);
  const isMapped =
    ids !== undefined && !isNested && home.customVolumes.find(owner.project, pool, source)?.isUnmapped !== true;
  const flags = [...bindFlags(options), isMapped ? "shift" : "", ids === undefined ? "" : "nodev"];
  return ["bind", folder, place, flagsText(flags)];
}

/** The container's own root makes it, so that its bytes count for the container and it brings no device nodes. */
function tmpfsOp(options: Device, place: string): Op {
  const disk = diskOptions(options);
  const size = disk.get("size");
  const more = [disk.get("readonly") ? "ro" : "", ...mountOptionsOf(options).mount];
  const flags = flagsText(["nosuid", "nodev", ...more]);
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

export const disk: DeviceDriver = {
  places: (options) => [options.path ?? ""],
  outside,
  check,
  checkStart,
  checkHost,
  plan,
};
