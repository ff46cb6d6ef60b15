/** Control groups of this host: what is mounted where (cgroup-v2.rst; the v1 options are those of /proc/self/mountinfo). */
import { readFileSync } from "node:fs";
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

/** Reads the layout from the mounts of this process. @param mountinfo text of /proc/self/mountinfo */
export function readCgroupLayout(mountinfo = readFileSync("/proc/self/mountinfo", "utf8")): CgroupLayout {
  const v1 = new Map<string, string>();
  let v2: string | undefined;
  for (const line of mountinfo.split("\n")) {
    const [left = "", right = ""] = line.split(" - ");
    const mountPoint = left.split(" ")[4];
    const [type, , options = ""] = right.split(" ");
    if (mountPoint === undefined) continue;
    if (type === "cgroup2") v2 ??= mountPoint;
    if (type !== "cgroup") continue;
    for (const option of options.split(","))
      if (!plainOptions.has(option) && !v1.has(option)) v1.set(option, mountPoint);
  }
  return { v1, v2, v2Controllers: v2 === undefined ? new Set() : new Set(words(path.join(v2, "cgroup.controllers"))) };
}

/** The words of a control file. */
export const words = (file: string): string[] => readFileSync(file, "utf8").split(/\s+/).filter(Boolean);
