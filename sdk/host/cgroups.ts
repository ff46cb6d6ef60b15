/** Control groups of this host: what is mounted where (cgroup-v2.rst; the v1 options are those of /proc/self/mountinfo). */
import { readFileSync, statSync } from "node:fs";
import path from "node:path";

export interface CgroupLayout {
  /** v1 controller (or "name=systemd") to its mount point. */
  readonly v1: ReadonlyMap<string, string>;
  /** Mount point of v2, when there is one. */
  readonly v2: string | undefined;
  /** Controllers that v2 offers. */
  readonly v2Controllers: ReadonlySet<string>;
}

/** Mount options of a v1 hierarchy that name no controller. */
const plainOptions = new Set(["rw", "ro", "xattr", "clone_children", "noprefix", "seclabel"]);

/**
 * Whether a mount is what its path leads to, and not covered by another, as those of the host are for the daemon of an ordinary user.
 * @param device "major:minor" of its file system
 */
function isSeen(mountPoint: string, device: string): boolean {
  const [major = 0, minor = 0] = device.split(":").map(Number);
  try {
    // As makedev(3) has it.
    return statSync(mountPoint).dev === (major & 0xfff) * 256 + (minor & 0xff) + (minor & 0xfff00) * 4096;
  } catch {
    return false;
  }
}

/** Reads the layout from the mounts that this process sees. */
export const readCgroupLayout = (): CgroupLayout => layoutOf(readFileSync("/proc/self/mountinfo", "utf8"), isSeen);

/** @param mountinfo text of /proc/self/mountinfo */
export function layoutOf(mountinfo: string, isOurs: typeof isSeen = () => true): CgroupLayout {
  const v1 = new Map<string, string>();
  let v2: string | undefined;
  for (const line of mountinfo.split("\n")) {
    const [left = "", right = ""] = line.split(" - ");
    const [, , device = "", , mountPoint] = left.split(" ");
    const [type, , options = ""] = right.split(" ");
    if (mountPoint === undefined || !type?.startsWith("cgroup") || !isOurs(mountPoint, device)) continue;
    if (type === "cgroup2") v2 ??= mountPoint;
    if (type !== "cgroup") continue;
    for (const option of options.split(","))
      if (!plainOptions.has(option) && !v1.has(option)) v1.set(option, mountPoint);
  }
  return { v1, v2, v2Controllers: v2 === undefined ? new Set() : new Set(words(path.join(v2, "cgroup.controllers"))) };
}

/** The words of a control file. */
export const words = (file: string): string[] => readFileSync(file, "utf8").split(/\s+/).filter(Boolean);
