/** Figures: the files by which a container sees itself (free, nproc, uptime, top), served by lxcfs from the caller's control groups, once for all containers. */
import { existsSync } from "node:fs";
import path from "node:path";

export interface Figure {
  /** Its path below lxcfs's mount, which is its path on a host and in a container as well. */
  readonly path: string;
  readonly isFolder: boolean;
}

const all: readonly Figure[] = [
  ...["cpuinfo", "diskstats", "loadavg", "meminfo", "stat", "swaps", "uptime"].map((name) => ({
    path: `proc/${name}`,
    isFolder: false,
  })),
  { path: "sys/devices/system/cpu", isFolder: true },
];

/** Those that this host's kernel has. */
export const figures = all.filter((figure) => existsSync(path.join("/", figure.path)));
