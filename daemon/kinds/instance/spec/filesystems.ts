/** Spec, file systems: /proc, /sys, /dev and what is hidden of them. */
import path from "node:path";
import { isNested } from "../../../../sdk/host/own-ids";
import type { Op } from "../../../platform/native/index";
import { cgroupMountOps, type GroupPlaceFacts } from "./cgroups";

const hostDevices = ["null", "zero", "full", "random", "urandom", "tty"];
/** There when the host has them, by their numbers (devices.txt of Linux): harmless in a user namespace, and wanted by many guests. */
const optionalDevices = { fuse: [10, 229], "net/tun": [10, 200] } as const;

const devLinks: readonly Op[] = [
  ["symlink", "/proc/self/fd", "/dev/fd"],
  ["symlink", "/proc/self/fd/0", "/dev/stdin"],
  ["symlink", "/proc/self/fd/1", "/dev/stdout"],
  ["symlink", "/proc/self/fd/2", "/dev/stderr"],
];

const maskedPaths = [
  "/proc/acpi",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

const readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sysrq-trigger"];

export interface FilesystemFacts extends GroupPlaceFacts {
  /** Its init, where it may be a systemd that wants control groups of v2 alone. */
  readonly init: string | undefined;
  /** Which of the optional device nodes this host has. */
  readonly hasDevice: (name: string) => boolean;
}

/**
 * Unmasked ones out of sight: the kernel grants a fresh proc or sysfs in a nested user namespace only where a fully visible one
 * is in the same mount namespace (docs/kernel.md, Nested containers, docs/native-protocol.md, Recipes).
 */
const nestingSpares: readonly Op[] = [
  // The kernel looks for them itself, whoever may pass the folder.
  ["mkdir", "/dev/.bothy", "700"],
  ["mount", "proc", "proc", "/dev/.bothy/proc", "nosuid,nodev,noexec", ""],
  ["mount", "sysfs", "sysfs", "/dev/.bothy/sys", "nosuid,nodev,noexec", ""],
];

/** Users of a container that nests may open them, whoever may on the host. A daemon in a container makes no nodes, and that one has such. */
function optionalDeviceOps({ isNesting, hasDevice }: FilesystemFacts): Op[] {
  return Object.entries(optionalDevices)
    .filter(([name]) => hasDevice(name))
    .map(([name, [major, minor]]) =>
      isNesting && !isNested ? ["node", "c", major, minor, "666", 0, 0, `/dev/${name}`] : ["dev", name],
    );
}

/** Mounts inside, in order. */
export function filesystemOps(facts: FilesystemFacts): Op[] {
  // A privileged container's root is the host's root: only the file permissions of /proc/sys would stop it.
  const readonly = facts.isPrivileged ? [...readonlyPaths, "/proc/sys"] : readonlyPaths;
  return [
    ["mount", "proc", "proc", "/proc", "nosuid,nodev,noexec", ""],
    ["mount", "sysfs", "sysfs", "/sys", "ro,nosuid,nodev,noexec", ""],
    ...cgroupMountOps(facts, facts.init),
    ["mount", "tmpfs", "tmpfs", "/dev", "nosuid,strictatime", "mode=755,size=1m"],
    ...hostDevices.map((name): Op => ["dev", name]),
    ...optionalDeviceOps(facts),
    ...devLinks,
    ["devpts"],
    ["console"],
    ["mkdir", "/dev/shm", "1777"],
    ["mount", "tmpfs", "tmpfs", "/dev/shm", "nosuid,nodev", "mode=1777"],
    ["mkdir", "/dev/mqueue", "755"],
    ["mount", "mqueue", "mqueue", "/dev/mqueue", "nosuid,nodev,noexec", ""],
    ...(facts.isNesting ? nestingSpares : []),
    ...maskedPaths.map((path): Op => ["mask", path]),
    ...readonly.map((path): Op => ["readonly", path]),
  ];
}

/** File systems that a guest's init mounts unless they are there. */
const guestMounts: readonly Op[] = [
  ["mount", "tmpfs", "tmpfs", "/run", "nosuid,nodev,strictatime", "mode=755"],
  ["mount", "tmpfs", "tmpfs", "/run/lock", "nosuid,nodev,noexec", "mode=1777"],
];

/** Those that a device lies in: made before it, since the init would cover it. @param places where devices are seen inside */
export function guestMountOps(places: readonly string[]): Op[] {
  const paths = places.map((place) => path.posix.normalize(place).replace(/^\/var\/(run|lock)\//, guestFolder));
  return guestMounts.filter(([, , , place]) => paths.some((name) => name.startsWith(`${place}/`)));
}

/** Where distributions let their old folders point. */
const guestFolder = (_all: string, name: string) => (name === "run" ? "/run/" : "/run/lock/");
