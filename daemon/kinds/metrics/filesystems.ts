/** Filesystems: the space of what an instance's disks lie on. Both are the host's paths, which no guest resolves. */
import type { StatsFs } from "node:fs";
import { statfs } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Sample } from "./families";
import type { MetricSource } from "./home";

/** A file system that does not answer (a server that is away) holds up nothing but itself. */
const patienceMs = 500;

/** By their numbers (statfs(2)), as LXD calls them. */
const names: Readonly<Record<number, string>> = {
  16914836: "tmpfs",
  801189825: "zfs",
  26985: "nfs",
  1481003842: "xfs",
  2035054128: "overlay",
  2435016766: "btrfs",
  61267: "ext4",
};

type Space = StatsFs;

export class Filesystems {
  /** Questions without an answer yet, by path: none is asked twice meanwhile, since each holds a thread. */
  readonly #asked = new Map<string, Promise<Space | undefined>>();

  #space(hostPath: string): Promise<Space | undefined> {
    const known = this.#asked.get(hostPath);
    if (known !== undefined) return known;
    const asked = statfs(hostPath)
      .catch(() => undefined)
      .finally(() => this.#asked.delete(hostPath));
    this.#asked.set(hostPath, asked);
    return asked;
  }

  async samples({ filesystems }: MetricSource): Promise<Sample[]> {
    const found = await Promise.all(
      filesystems.map(async ({ device, mountpoint, hostPath }): Promise<Sample[]> => {
        const space = await Promise.race([this.#space(hostPath), delay(patienceMs, undefined, { ref: false })]);
        if (space === undefined) return [];
        const labels = { device, fstype: names[space.type] ?? `0x${space.type.toString(16)}`, mountpoint };
        return [
          { family: "lxd_filesystem_avail_bytes", labels, value: space.bavail * space.bsize },
          { family: "lxd_filesystem_free_bytes", labels, value: space.bfree * space.bsize },
          { family: "lxd_filesystem_size_bytes", labels, value: space.blocks * space.bsize },
        ];
      }),
    );
    return found.flat();
  }
}
