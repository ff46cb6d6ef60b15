/**
 * Figures: the files by which a container sees itself (free, nproc, uptime, top), served by lxcfs from the caller's control groups. lxcfs serves them once for
 * all containers; each is mounted where a container would see the host's.
 */
import path from "node:path";
import type { Op } from "../../../platform/native/index";

interface Figure {
  /** Where lxcfs serves it, below its mount. */
  readonly served: string;
  /** Where a container sees it. */
  readonly inner: string;
  readonly isFolder: boolean;
}

const proc = (name: string): Figure => ({ served: `proc/${name}`, inner: `/proc/${name}`, isFolder: false });

export const figures: readonly Figure[] = [
  ...["cpuinfo", "diskstats", "loadavg", "meminfo", "stat", "swaps", "uptime"].map(proc),
  { served: "sys/devices/system/cpu", inner: "/sys/devices/system/cpu", isFolder: true },
];

/** Where the host holds one ready for containers. @param folder of all of them */
export const readyPath = (folder: string, { served }: Figure): string => path.join(folder, path.basename(served));

// What a guest writes there would reach the host's files by way of lxcfs, which is root.
const flags = "ro,nosuid,nodev,noexec,optional";

const bindOf = (folder: string, figure: Figure): Op => ["bind", readyPath(folder, figure), figure.inner, flags];

/** For a start: what is not there is left out. */
export const figureOps = (folder: string): Op[] => figures.map((figure) => bindOf(folder, figure));

/** For a running container: those of an lxcfs that is gone make room for the new ones. */
export const renewalOps = (folder: string): Op[] =>
  figures.flatMap((figure): Op[] => [["unbind", figure.inner], bindOf(folder, figure)]);
