/**
 * Disk limits: how fast a container may read and write, by the disks of the host that its disks lie on. Several disks of a container on one disk of
 * the host have the mean of their limits, as in LXD.
 */
import path from "node:path";
import type { Device, Devices } from "../../../../sdk/api/common";
import type { IoLimit } from "../../../../sdk/api/config/values";
import { diskOptions, isTmpfs, isVolume, mayBeMissing } from "../../../../sdk/api/devices/disk";
import { badRequest } from "../../../../sdk/api/errors";
import { isInUserNamespace } from "../../../../sdk/host/user-namespace";
import { isThere } from "../../../platform/folders/files";
import { blockDevicesOf } from "../../../platform/host/block-devices";
import { type CgroupLayout, type ControllerDir, controllerDir } from "../../../platform/host/cgroups";
import type { InstanceHome } from "../home";
import { type InstanceRecord, keyOf } from "../record";
import { volumeOf } from "../volume";
import { applyWrites, type ControlWrite, liveCopies } from "./limits";

/** The four files of v1, and what each is called in io.max of v2. */
const files = {
  readBytes: { v1: "blkio.throttle.read_bps_device", v2: "rbps" },
  writeBytes: { v1: "blkio.throttle.write_bps_device", v2: "wbps" },
  readOperations: { v1: "blkio.throttle.read_iops_device", v2: "riops" },
  writeOperations: { v1: "blkio.throttle.write_iops_device", v2: "wiops" },
} as const;

type Kind = keyof typeof files;

const kinds = Object.keys(files) as Kind[];

/** In a second. What is not there is not bounded. */
type Speeds = Readonly<Partial<Record<Kind, number>>>;

/** By number of the host's disk, such as "8:0". */
export type DiskLimits = ReadonlyMap<string, Speeds>;

/** What one disk says; nothing when it says nothing. */
function speedsOf(options: Device): Speeds | undefined {
  const disk = diskOptions(options);
  const both = disk.get("limits.max");
  const speeds = {
    ...speed("read", both ?? disk.get("limits.read")),
    ...speed("write", both ?? disk.get("limits.write")),
  };
  return Object.keys(speeds).length === 0 ? undefined : speeds;
}

/** A limit of 0 is none, as in LXD. */
function speed(direction: "read" | "write", limit: IoLimit | undefined): Speeds {
  if (limit === undefined) return {};
  const [unit, value] = "bytes" in limit ? ["Bytes" as const, limit.bytes] : ["Operations" as const, limit.operations];
  return value === 0 ? {} : { [`${direction}${unit}`]: value };
}

type Home = Pick<InstanceHome, "customVolumes" | "volumes">;

/** Where a disk lies on the host. That of a root is its own part and the image's below it. */
function pathsOf({ customVolumes, volumes }: Home, record: InstanceRecord, options: Device): string[] {
  if (isVolume(options)) return [customVolumes.pathOf(record.project, options.pool ?? "", options.source ?? "")];
  if (options.path !== "/") return isTmpfs(options) ? [] : [options.source ?? ""];
  const root = volumes.root(record.pool, volumeOf(record));
  return root.type === "dir" ? [root.path] : [root.upper, ...root.lower];
}

/**
 * What a container's disks come to. @param devices with those of the profiles
 * @throws ApiError BAD_REQUEST for a limited disk that lies on no disk of the host
 */
export async function diskLimits(home: Home, record: InstanceRecord, devices: Devices): Promise<DiskLimits> {
  const found = new Map<string, Speeds[]>();
  for (const [device, options] of Object.entries(devices)) {
    const speeds = options.type === "disk" ? speedsOf(options) : undefined;
    if (speeds === undefined) continue;
    for (const number of await disksBelow(home, record, device, options))
      found.set(number, [...(found.get(number) ?? []), speeds]);
  }
  return new Map([...found].map(([number, all]) => [number, meanOf(all)]));
}

async function disksBelow(home: Home, record: InstanceRecord, device: string, options: Device): Promise<string[]> {
  const paths = pathsOf(home, record, options);
  const numbers = new Set((await Promise.all(paths.map(blockDevicesOf))).flat());
  if (numbers.size > 0 || (mayBeMissing(options) && !(await isThere(options.source ?? "")))) return [...numbers];
  throw badRequest(
    `Failed to start device "${device}": Invalid block device: "${paths[0] ?? options.source}" lies on no disk of the host. Take limits.read, limits.write and limits.max off the device.`,
  );
}

function meanOf(all: readonly Speeds[]): Speeds {
  const means = kinds.flatMap((kind) => {
    const said = all.flatMap((speeds) => speeds[kind] ?? []);
    return said.length === 0 ? [] : [[kind, Math.floor(said.reduce((sum, value) => sum + value, 0) / said.length)]];
  });
  return Object.fromEntries(means);
}

/** @throws ApiError BAD_REQUEST when something is limited and this host cannot do that */
export function diskLimitWrites(layout: CgroupLayout, group: string, limits: DiskLimits): ControlWrite[] {
  if (limits.size === 0) return [];
  const dir = controllerDir(layout, "blkio", group) ?? controllerDir(layout, "io", group);
  if (dir === undefined && isInUserNamespace()) return [];
  if (dir === undefined)
    throw badRequest(
      'Cannot limit how fast disks are: this host has no cgroup controller "io". Switch it on, or unset limits.read, limits.write and limits.max.',
    );
  return [...limits].flatMap(([number, speeds]) => writesOf(dir, number, speeds));
}

function writesOf(dir: ControllerDir, number: string, speeds: Speeds): ControlWrite[] {
  const at = (file: string, value: string) => ({ path: path.join(dir.path, file), value });
  if (dir.version === 1) return kinds.map((kind) => at(files[kind].v1, `${number} ${speeds[kind] ?? 0}`));
  const words = kinds.map((kind) => `${files[kind].v2}=${speeds[kind] ?? "max"}`);
  return [at("io.max", `${number} ${words.join(" ")}`)];
}

/**
 * A running container follows a change of its disks.
 * @returns what takes it back @throws ApiError BAD_REQUEST as diskLimits does
 */
export async function followDiskLimits(
  home: InstanceHome,
  record: InstanceRecord,
  was: Devices,
  is: Devices,
): Promise<() => void> {
  // What was in force may lie on nothing by now, such as on a disk that was taken out.
  const before = await diskLimits(home, record, was).catch((): DiskLimits => new Map());
  const after = await diskLimits(home, record, is);
  const bring = (from: DiskLimits, to: DiskLimits) => {
    const gone = [...from.keys()].filter((number) => !to.has(number)).map((number) => [number, {}] as const);
    const writes = diskLimitWrites(home.groups.layout, home.groups.of(keyOf(record)), new Map([...gone, ...to]));
    applyWrites([...writes, ...liveCopies(writes)]);
  };
  if (before.size > 0 || after.size > 0) bring(before, after);
  return () => bring(after, before);
}
