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

const bindOf = (folder: string, figure: Figure, more = ""): Op => {
  return ["bind", readyPath(folder, figure), figure.inner, flags + more];
};

/**
 * For a start: what is not there is left out. Nobody inside can unmount them: systemd of Debian 12 tries to, for services with a /proc of their own, and takes
 * the one that is there only where nothing of it could be unmounted (docs/kernel.md, Locked mounts).
 */
export const figureOps = (folder: string): Op[] => figures.map((figure) => bindOf(folder, figure, ",pinned"));

/** For a running container: those of an lxcfs that is gone make room for the new ones, or are covered by them. */
export const renewalOps = (folder: string): Op[] =>
  figures.flatMap((figure): Op[] => [["unbind", figure.inner], bindOf(folder, figure)]);
