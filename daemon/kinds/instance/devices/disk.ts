/** Device disk: the root, folders and files of the host, and file systems in memory. */
import { existsSync } from "node:fs";
import path from "node:path";
import type { Device, Devices } from "../../../../sdk/api/common";
import { diskOptions, isTmpfs, mayBeMissing } from "../../../../sdk/api/devices/disk";
import { badRequest } from "../../../../sdk/api/errors";
import { isThere } from "../../../platform/folders/files";
import type { Op } from "../../../platform/native/index";
import type { CheckFacts, DeviceDriver, Facts } from "./driver";
import type { DevicePlan } from "./step";

/** Whether the host must have the source. */
const needsSource = (options: Device): boolean =>
  Boolean(options.source) && !options.pool && !isTmpfs(options) && !mayBeMissing(options);

const missing = (device: string, source: string | undefined) => `Missing source path "${source}" for disk "${device}".`;

function check({ devices, isNew }: CheckFacts): void {
  for (const [device, options] of devices)
    if (isNew(device) && needsSource(options) && !existsSync(options.source ?? ""))
      throw badRequest(
        `Failed add validation for device "${device}": ${missing(device, options.source)} Make it, or set required to false.`,
      );
}

async function checkStart({ devices }: Facts): Promise<void> {
  for (const [device, options] of devices)
    if (needsSource(options) && !(await isThere(options.source ?? "")))
      throw badRequest(
        `Failed start validation for device "${device}": ${missing(device, options.source)} Make it, or change the device.`,
      );
}

/** Without the root, the shorter paths first so that one may lie in another. */
const plan = ({ devices }: Facts): DevicePlan[] =>
  devices
    .filter(([, options]) => options.path !== "/")
    .map(([device, options]) => ({ device, options, place: path.posix.normalize(`/${options.path ?? ""}`) }))
    .sort((a, b) => a.place.length - b.place.length)
    .map(({ device, options, place }) => ({
      device,
      place,
      steps: [
        {
          by: "cell",
          op: isTmpfs(options) ? tmpfsOp(options, place) : bindOp(options, place),
          undo: ["unbind", place],
        },
      ],
    }));

const bindOp = (options: Device, place: string): Op => [
  "bind",
  path.normalize(options.source ?? ""),
  place,
  bindFlags(options),
];

function bindFlags(options: Device): string {
  const disk = diskOptions(options);
  const flags = [
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
  ].filter((flag) => flag !== "");
  return flags.length === 0 ? "-" : flags.join(",");
}

/** The container's own root makes it, so that its bytes count for the container and it brings no device nodes. */
function tmpfsOp(options: Device, place: string): Op {
  const disk = diskOptions(options);
  const size = disk.get("size");
  const more = [disk.get("readonly") ? "ro" : "", disk.get("raw.mount.options") ?? ""].filter((flag) => flag !== "");
  const flags = ["nosuid", "nodev", ...more].join(",");
  return ["mount", "tmpfs", "tmpfs", place, flags, size === undefined ? "mode=755" : `mode=755,size=${size}`];
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
