/** Bounds of lxcfs: a control group of its own, since guests make it work: each file that one of them holds open costs lxcfs memory. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { type CgroupLayout, controllerDir, lxcfsGroupName } from "../../../platform/host/cgroups";

/** It has 2.5 MB, and some kilobytes for each container and each open file. Beyond the bound the kernel ends it, and it is started again. */
const memoryBytes = 64 * 1024 * 1024;
/** Threads, one a request that waits, and the child that looks into each new container's PID namespace. */
const threads = 256;

const bounds = [
  { controller: "memory", v1: "memory.limit_in_bytes", v2: "memory.max", value: memoryBytes },
  { controller: "pids", v1: "pids.max", v2: "pids.max", value: threads },
];

const placesOf = (layout: CgroupLayout, parent: string) =>
  bounds.flatMap(({ controller, v1, v2, value }) => {
    const dir = controllerDir(layout, controller, lxcfsGroupName(parent));
    return dir === undefined ? [] : [{ path: dir.path, file: dir.version === 1 ? v1 : v2, value }];
  });

/** Puts the process into its group. @param parent name of the daemon's groups @throws Error of the file system */
export async function boundLxcfs(layout: CgroupLayout, parent: string, pid: number): Promise<void> {
  for (const place of placesOf(layout, parent)) {
    await mkdir(place.path, { recursive: true });
    await writeFile(path.join(place.path, place.file), String(place.value));
    await writeFile(path.join(place.path, "cgroup.procs"), String(pid));
  }
}

/** Folders of the group, some of which may not be there. */
export const lxcfsGroups = (layout: CgroupLayout, parent: string): string[] => [
  ...new Set(placesOf(layout, parent).map((place) => place.path)),
];
