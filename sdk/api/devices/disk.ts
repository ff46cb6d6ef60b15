/** Device disk: the root, custom volumes, and folders and files of the host. */
import path from "node:path";
import type { Device } from "../common";
import { readerOf } from "../config/reader";
import type { Row } from "../config/table";
import { bool, integer, ioLimit, isTrue, oneLine, oneOf, size, text } from "../config/values";
import { commonOptions, type DeviceReference, type DeviceType, type OptionIssue } from "./type";

/** Where a disk is seen inside, as LXD takes it: from the root on, with or without the slash. Other spellings of / would cover the root itself. */
const innerPath = text("path", (value) =>
  value !== "/" && path.posix.normalize(`/${value}`) === "/"
    ? 'it must be "/" or a path below it'
    : oneLine.check(value),
);

/** In the place of a source: a file system in memory. */
const tmpfsSource = "tmpfs:";

/** What LXD takes as a source and no disk of ours can be. The first cause is LXD's. */
const otherSources = {
  "cloud-init:config": "disks with source=cloud-init:config are only supported by virtual machines",
  "ceph:": "this server has no Ceph; map the block device on the host and give its path",
  "cephfs:": "this server has no Ceph; mount the file system on the host and give its folder",
} as const;

const diskSource = text(
  "absolute path, name of a volume, or tmpfs:",
  (value) => Object.entries(otherSources).find(([source]) => value.startsWith(source))?.[1] ?? oneLine.check(value),
);

/** Those that a mount has whatever is mounted; other options are those of a block device's file system. */
const mountWords = ["ro", "rw", "nodev", "nosuid", "noexec", "noatime", "relatime", "strictatime"];

/** A file system takes its device from the source alone. */
const mountOptions = text("options separated by commas", (value) => {
  const wrong = value.split(",").find((word) => !/^[\w.-]+(=[^\p{Cc}]*)?$/u.test(word) || /^source(=|$)/.test(word));
  return wrong === undefined ? undefined : `"${wrong}" is no option of a mount`;
});

export interface MountOptions {
  /** Of the mount, such as "noexec". */
  readonly mount: readonly string[];
  /** Of the file system, such as "errors=remount-ro". */
  readonly fileSystem: readonly string[];
}

export function mountOptionsOf(device: Device): MountOptions {
  const words = diskOptions(device).get("raw.mount.options")?.split(",") ?? [];
  return {
    mount: words.filter((word) => mountWords.includes(word)),
    fileSystem: words.filter((word) => !mountWords.includes(word)),
  };
}

/** Why a disk that brings no file system cannot have its mount options; nothing when it can. */
export function noFileSystem(device: Device): string | undefined {
  const [other] = mountOptionsOf(device).fileSystem;
  return other === undefined
    ? undefined
    : `raw.mount.options: "${other}" is none of ${mountWords.join(", ")}; others are for block devices as the source`;
}

const since = "0.1.0";

const options = {
  path: {
    type: innerPath,
    required: true,
    applies: "now",
    since,
    example: "/srv/data",
    doc: "Where the disk is in the container. `/` is the container's root.",
  },
  pool: {
    type: oneLine,
    applies: "at creation",
    since,
    extension: "storage",
    example: "default",
    doc: "Storage pool of the container's root, or of the custom volume that is the `source`.",
  },
  source: {
    type: diskSource,
    applies: "now",
    since,
    example: "/srv/data",
    doc: "Folder or file of the host, a block device of the host with a file system, a custom volume of the `pool`, or `tmpfs:` for a file system in memory. Every disk but the root has one.",
  },
  size: {
    type: size,
    unset: "`volume.size` of the pool; half of the host's memory for a file system in memory",
    applies: "now",
    since,
    extension: "storage",
    example: "10GiB",
    doc: "How much the root, or a file system in memory, can hold. `0` is no bound for a root. In pools of the drivers `dir` and `overlay` the first size of a root, and a smaller one, count from the next start on when the container runs. What a file system in memory holds counts for the container's `limits.memory`.",
  },
  "limits.read": {
    type: ioLimit,
    unset: "no bound",
    applies: "now",
    since,
    extension: "storage",
    example: "20MB",
    doc: "How much the container reads of the disk in a second. It counts for all that it reads from the disks of the host on which this one lies; several limited disks there have the mean of their limits.",
  },
  "limits.write": {
    type: ioLimit,
    unset: "no bound",
    applies: "now",
    since,
    extension: "storage",
    example: "100iops",
    doc: "How much it writes, as for `limits.read`. On a host with control groups of v1 what goes through the page cache does not count.",
  },
  "limits.max": {
    type: ioLimit,
    unset: "no bound",
    applies: "now",
    since,
    extension: "storage",
    example: "20MB",
    doc: "Both of `limits.read` and `limits.write`, in their place.",
  },
  propagation: {
    type: oneOf("private", "shared", "slave", "unbindable", "rprivate", "rshared", "rslave", "runbindable"),
    default: "private",
    applies: "now",
    since,
    extension: "container_mount_propagation",
    example: "rslave",
    doc: "What becomes of mounts below the source that are made while the container runs: with `slave` or `shared` it sees those that the host makes there, where the source is shared on the host. The host sees none of the container's. An `r` in front changes nothing: what is mounted below the source is treated alike. A root has none.",
  },
  "raw.mount.options": {
    type: mountOptions,
    applies: "now",
    since,
    extension: "storage",
    example: "nodev,noexec",
    doc: "More options of the mount, separated by commas: `ro`, `nodev`, `nosuid`, `noexec`, `noatime`, `strictatime`. Where the source is a block device, options of its file system as well, such as `discard` or `errors=remount-ro`. A root has none.",
  },
  "boot.priority": {
    type: integer(0, 2 ** 32 - 1),
    applies: "now",
    since,
    extension: "vm_boot_priority",
    example: "1",
    doc: "Order among disks from which a virtual machine boots. A container keeps it and boots from none.",
  },
  readonly: {
    type: bool,
    default: "false",
    applies: "now",
    since,
    example: "true",
    doc: "Whether the container cannot write to the disk. It counts for the root from the next start on.",
  },
  optional: {
    type: bool,
    default: "false",
    applies: "now",
    since,
    example: "true",
    doc: "Whether the source may be missing on the host. It is LXD's older word for `required` with the value `false`.",
  },
  recursive: {
    type: bool,
    default: "false",
    applies: "now",
    since,
    example: "true",
    doc: "Whether what is mounted below the source comes along.",
  },
  required: {
    type: bool,
    default: "true",
    applies: "now",
    since,
    example: "false",
    doc: "Whether the source must be there. If it may be missing and is missing, the container has no such disk.",
  },
  shift: {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "container_disk_shift",
    example: "true",
    doc: "Whether the container sees the owners of the source's files as its own users, by an id-mapped mount. With a custom volume it always does.",
  },
  ...commonOptions,
} as const satisfies Readonly<Record<string, Row>>;

/** Reads the options of a disk. */
export const diskOptions = readerOf(options);

/** Whether a disk may be missing on the host; LXD's older word for it is "optional". */
export function mayBeMissing(device: Device): boolean {
  const disk = diskOptions(device);
  return !disk.get("required") || disk.get("optional");
}

/** Whether a disk is a file system in memory. */
export const isTmpfs = ({ source }: Device): boolean => source === tmpfsSource;

/** Whether a disk is a custom volume. */
export const isVolume = ({ path: place, pool }: Device): boolean => Boolean(pool) && place !== "/";

/** Whether the source is a path of the host. */
export const isOfHost = (device: Device): boolean => Boolean(device.source) && !device.pool && !isTmpfs(device);

function rules(device: Device): OptionIssue[] {
  const { path: place, pool, source } = device;
  const issues: OptionIssue[] = [];
  const add = (option: string, message: string) => issues.push({ option, message });
  if (place === "/" && !pool) add("pool", `the root disk needs "pool"`);
  if (place === "/" && source) add("source", `the root disk has no "source"`);
  for (const option of ["recursive", "shift"])
    if (place === "/" && isTrue(device[option]))
      add(option, `the root disk has no "${option}"; it is for folders of the host`);
  if (device.required && device.optional)
    add("optional", 'Cannot use both "required" and deprecated "optional" properties at the same time');
  if (place && place !== "/" && !source)
    add("source", `Disk entry is missing the required "source" or "path" property: a disk needs "source"`);
  if (isVolume(device)) volumeRules(device, add);
  else if (source && !isTmpfs(device) && !path.isAbsolute(source))
    add("source", `source: it must be an absolute path, or the name of a volume with "pool"`);
  if (device.size && place !== "/" && !isTmpfs(device) && !isVolume(device))
    add("size", `Only the root disk may have a size quota, or a disk with the source "tmpfs:"`);
  const wrongOption =
    isOfHost(device) || mountOptions.check(device["raw.mount.options"] ?? "ro") ? undefined : noFileSystem(device);
  if (wrongOption !== undefined) add("raw.mount.options", wrongOption);
  for (const option of ["recursive", "shift", "propagation", "limits.read", "limits.write", "limits.max"])
    if (isTmpfs(device) && (["recursive", "shift"].includes(option) ? isTrue(device[option]) : device[option]))
      add(option, `a disk with the source "tmpfs:" has no "${option}"`);
  return issues;
}

/** The messages are LXD's. */
function volumeRules(device: Device, add: (option: string, message: string) => void): void {
  const { source, shift, recursive, size: bytes } = device;
  if (source && path.isAbsolute(source)) add("source", "Storage volumes cannot be specified as absolute paths");
  if (isTmpfs(device)) add("source", `a disk with the source "tmpfs:" has no "pool"`);
  if (isTrue(shift))
    add(
      "shift",
      `The "shift" property cannot be used with custom storage volumes (set "security.shifted=true" on the volume instead)`,
    );
  if (isTrue(recursive)) add("recursive", "The recursive option is only supported for additional bind-mounted paths");
  if (bytes) add("size", "Only the root disk may have a size quota. Set the size of the volume instead");
}

function references(device: Device): DeviceReference[] {
  const { pool, source } = device;
  if (!pool) return [];
  const ofPool: DeviceReference = { kind: "storage-pool", name: pool };
  return isVolume(device) && source ? [ofPool, { kind: "storage-volume", pool, name: source }] : [ofPool];
}

export const disk: DeviceType = {
  doc: "The container's root, a custom volume, or a folder or file of the host that the container sees.",
  options,
  rules,
  references,
};
