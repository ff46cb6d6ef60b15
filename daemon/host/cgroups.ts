/** Control groups of the host: what is mounted where, and the daemon's own parent groups in it (cgroup-v2.rst, kernel.md 5). */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, realpathSync, rmdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Log } from "../log";

export interface CgroupLayout {
  /** v1 controller (or "name=systemd") to its mount point. */
  readonly v1: ReadonlyMap<string, string>;
  /** Mount point of v2, when there is one. */
  readonly v2: string | undefined;
  /** Controllers that v2 offers. */
  readonly v2Controllers: ReadonlySet<string>;
}

/** Reads the layout from the mounts of this process. */
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
      if (!["rw", "ro", "xattr", "clone_children", "noprefix", "seclabel"].includes(option) && !v1.has(option))
        v1.set(option, mountPoint);
  }
  return { v1, v2, v2Controllers: v2 === undefined ? new Set() : new Set(words(path.join(v2, "cgroup.controllers"))) };
}

const words = (file: string): string[] => readFileSync(file, "utf8").split(/\s+/).filter(Boolean);

/** The mount points to join: v1 hierarchies once each, then v2. */
export const hierarchies = (layout: CgroupLayout): string[] => [
  ...new Set(layout.v1.values()),
  ...(layout.v2 === undefined ? [] : [layout.v2]),
];

/** The folder of a controller's files for a group, wherever the controller lives; nothing when the host lacks it. */
export function controllerDir(layout: CgroupLayout, controller: string, group: string): ControllerDir | undefined {
  const v1 = layout.v1.get(controller);
  if (v1 !== undefined) return { version: 1, path: path.join(v1, group) };
  if (layout.v2 !== undefined && layout.v2Controllers.has(controller))
    return { version: 2, path: path.join(layout.v2, group) };
  return undefined;
}

export interface ControllerDir {
  readonly version: 1 | 2;
  readonly path: string;
}

/** The group's name for a state folder: two daemons may have containers of the same name. */
export const parentGroupName = (stateDir: string): string =>
  `bothy-${createHash("sha256").update(realpathSync(stateDir)).digest("hex").slice(0, 8)}`;

/** The parent group of this daemon's containers in every hierarchy. */
export class ParentGroups {
  /** @param name of the group, unique to the daemon's state folder */
  constructor(
    readonly layout: CgroupLayout,
    readonly name: string,
    private readonly log: Log,
  ) {}

  /** Makes them; cpuset needs its processors before anyone can join, v2 its controllers switched on from the top down. */
  make(): void {
    for (const mountPoint of hierarchies(this.layout)) mkdirSync(path.join(mountPoint, this.name), { recursive: true });
    const cpuset = this.layout.v1.get("cpuset");
    if (cpuset !== undefined)
      for (const file of ["cpuset.cpus", "cpuset.mems"])
        writeFileSync(path.join(cpuset, this.name, file), readFileSync(path.join(cpuset, file)));
    if (this.layout.v2 === undefined) return;
    const wanted = ["cpu", "cpuset", "memory", "pids", "io"].filter((name) => this.layout.v2Controllers.has(name));
    for (const dir of [this.layout.v2, path.join(this.layout.v2, this.name)])
      for (const controller of wanted) this.#enable(dir, controller);
  }

  #enable(dir: string, controller: string): void {
    try {
      writeFileSync(path.join(dir, "cgroup.subtree_control"), `+${controller}`);
    } catch (error) {
      this.log.warning("Cannot switch on a cgroup controller; its limits have no effect", { dir, controller, error });
    }
  }

  /** Removes those that hold no container. */
  removeEmpty(): void {
    for (const mountPoint of hierarchies(this.layout)) {
      try {
        rmdirSync(path.join(mountPoint, this.name));
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (code !== "EBUSY" && code !== "ENOENT" && code !== "ENOTEMPTY") throw error;
      }
    }
  }
}
