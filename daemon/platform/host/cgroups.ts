/** Control groups of the host: what is mounted where, and the daemon's own parent groups in it (cgroup-v2.rst, docs/kernel.md, Control groups). */
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { type CgroupLayout, readCgroupLayout, words } from "../../../sdk/host/cgroups";
import type { Log } from "../log";

export { type CgroupLayout, readCgroupLayout };

/** The mount points to join: v1 hierarchies once each, then v2. */
export const hierarchies = (layout: CgroupLayout): string[] => [
  ...new Set(layout.v1.values()),
  ...(layout.v2 === undefined ? [] : [layout.v2]),
];

/** The group of the guest's own, below the one that carries the limits; its processes are there, and it is what they see as the root. */
export const guestName = "guest";

/** The folder of a container's processes in a hierarchy: the guest's own group, where there is one. @param dir the container's folder in that hierarchy */
export function guestDir(dir: string): string {
  const own = path.join(dir, guestName);
  return existsSync(own) ? own : dir;
}

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

/** The group of the daemon's lxcfs, beside that of its containers. @param parent name of theirs */
export const lxcfsGroupName = (parent: string): string => `${parent}-lxcfs`;

/** The parent group of this daemon's containers in every hierarchy. */
export class ParentGroups {
  #areMade = false;
  #layout: CgroupLayout;

  readonly #offered: CgroupLayout;

  /** @param layout of the host @param name of the group, unique to the daemon's state folder */
  constructor(
    layout: CgroupLayout,
    readonly name: string,
    private readonly log: Log,
  ) {
    this.#offered = layout;
    this.#layout = layout;
  }

  /** The host's layout; once the groups are made, with those controllers of v2 only that containers can have. */
  get layout(): CgroupLayout {
    return this.#layout;
  }

  /** Group of one container below them. */
  of(name: string): string {
    return `${this.name}/${name}`;
  }

  /** Makes them, once; cpuset needs its processors before anyone can join, v2 its controllers switched on from the top down. */
  make(): void {
    if (this.#areMade) return;
    for (const mountPoint of hierarchies(this.layout)) {
      const dir = path.join(mountPoint, this.name);
      mkdirSync(dir, { recursive: true });
      // The container's root passes it, and the daemon's umask, or that of an earlier one, would shut it out.
      chmodSync(dir, 0o755);
    }
    const cpuset = this.layout.v1.get("cpuset");
    if (cpuset !== undefined) {
      for (const file of ["cpuset.cpus", "cpuset.mems"])
        writeFileSync(path.join(cpuset, this.name, file), readFileSync(path.join(cpuset, file)));
      // Groups below are made with both, and need no writes of their own.
      writeFileSync(path.join(cpuset, this.name, "cgroup.clone_children"), "1");
    }
    this.#areMade = true;
    if (this.layout.v2 === undefined) return;
    const wanted = ["cpu", "cpuset", "memory", "pids", "io", "hugetlb"].filter((name) =>
      this.#offered.v2Controllers.has(name),
    );
    const parent = path.join(this.layout.v2, this.name);
    for (const dir of [this.layout.v2, parent]) for (const controller of wanted) this.#enable(dir, controller);
    this.#layout = { ...this.#offered, v2Controllers: new Set(words(path.join(parent, "cgroup.subtree_control"))) };
  }

  #enable(dir: string, controller: string): void {
    try {
      writeFileSync(path.join(dir, "cgroup.subtree_control"), `+${controller}`);
    } catch (error) {
      this.log.warning("Cannot switch on a cgroup controller; its limits have no effect", { dir, controller, error });
    }
  }

  /** Names of the groups in the parent groups: a container each, whether it is known or not. */
  names(): string[] {
    const found = hierarchies(this.layout).flatMap((mountPoint) => {
      const dir = path.join(mountPoint, this.name);
      return existsSync(dir) ? readdirSync(dir, { withFileTypes: true }) : [];
    });
    return [...new Set(found.filter((entry) => entry.isDirectory()).map((entry) => entry.name))];
  }

  /** The folders of a container's group that are there. */
  dirsOf(container: string): string[] {
    return hierarchies(this.layout)
      .map((mountPoint) => path.join(mountPoint, this.name, container))
      .filter((dir) => existsSync(dir));
  }

  /** Removes those that hold no container. */
  removeEmpty(): void {
    this.#areMade = false;
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
