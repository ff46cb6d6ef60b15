/**
 * Places: the figures of the host, each bound to a place of its own, which containers mount over theirs. What is laid on a place, or taken off, is laid on and
 * taken off in every container by the kernel, since their mounts are slaves of these (docs/kernel.md, Figures of a container).
 */
import { closeSync, openSync } from "node:fs";
import { mkdir, open, writeFile } from "node:fs/promises";
import path from "node:path";
import { cellProgram } from "../../../../sdk/host/package";
import { ignoring } from "../../../platform/folders/files";
import { isMounted, mountsBelow } from "../../../platform/host/mounts";
import type { Op } from "../../../platform/native/index";
import { run } from "../../../platform/processes/run";
import { together } from "../../../platform/processes/together";
import { type Figure, figures } from "./figures";

/** O_PATH of open(2), which Node does not name: it holds the place, whatever is mounted on it later. */
const oPath = 0o10000000;
const longestMountMs = 10_000;

/** What a guest writes to a figure would reach the host's files by way of lxcfs, which is root. */
const flags = "ro,nosuid,nodev,noexec,rec,slave,optional";

const placeOf = (folder: string, figure: Figure): string => path.join(folder, path.basename(figure.path));

export const mount = (...args: string[]) => run("mount", args, { signal: AbortSignal.timeout(longestMountMs) });

/** A small file system in memory, for files to mount on, that no other mount namespace gets. */
export async function mountAlone(at: string): Promise<void> {
  await mkdir(at, { recursive: true, mode: 0o700 });
  const options = "nosuid,nodev,noexec,mode=700,size=64k";
  await mount("-t", "tmpfs", "-o", options, "--make-private", "bothy-tmpfs", at);
}

/** Takes away all that is mounted at a path, with what is below it. None is not an error. */
export async function unmount(at: string): Promise<void> {
  // Lazily: what an lxcfs served that is gone answers nobody.
  while (await ignoring("ENOENT", isMounted(at))) await unmountTop(at);
}

/** @param at one path for each layer that goes */
const unmountTop = (...at: string[]) => run("umount", ["--no-canonicalize", "--lazy", ...at]);

export class Places {
  private constructor(
    readonly folder: string,
    /** Descriptors, in the order of the figures, of what is below all that is laid on them. */
    readonly held: readonly number[],
    /** No container has them yet. */
    private isFree: boolean,
  ) {}

  /** Takes off what lies on them; makes them where they are not. @throws ApiError INTERNAL */
  static async make(folder: string): Promise<Places> {
    const isFree = !(await ignoring("ENOENT", isMounted(folder)));
    if (isFree) await bindAll(folder);
    else await uncover(folder);
    return Places.#opened((figure) => placeOf(folder, figure), folder, isFree);
  }

  /** Those that a process holds, by its descriptors from `first` on. @returns nothing when it does not hold them, or not all are covered */
  static async heldBy(folder: string, pid: number, first: number): Promise<Places | undefined> {
    const layers = await layersOf(folder);
    if (figures.some((figure) => layers(figure) < 2)) return undefined;
    const linkOf = (figure: Figure) => `/proc/${pid}/fd/${first + figures.indexOf(figure)}`;
    return ignoring(
      "ENOENT",
      Promise.resolve().then(() => Places.#opened(linkOf, folder, false)),
    );
  }

  static #opened(pathOf: (figure: Figure) => string, folder: string, isFree: boolean): Places {
    const held: number[] = [];
    try {
      for (const figure of figures) held.push(openSync(pathOf(figure), oPath));
    } catch (error) {
      for (const fd of held) closeSync(fd);
      throw error;
    }
    return new Places(folder, held, isFree);
  }

  /** For a start: the container's figures are the host's for as long as nothing is laid on the places. */
  ops(): Op[] {
    this.isFree = false;
    return figures.map(
      (figure, at): Op => ["cover", `/proc/${process.pid}/fd/${this.held[at]}`, `/${figure.path}`, flags],
    );
  }

  /** Lays on each place what is served. @param served folder with the figures, whose mount has their flags @param stage a folder to make ready in */
  async cover(served: string, stage: string): Promise<void> {
    // What is there when a container starts is locked with all the rest of it: one layer does.
    if (this.isFree) return bind([], (figure) => path.join(served, figure.path), this.folder);
    await mountAlone(stage);
    try {
      await together(figures.map((figure) => this.#coverTwice(figure, served, stage)));
    } finally {
      await unmount(stage);
    }
  }

  /** A guest can take off the top of what comes to its mounts later, but not what is mounted on that: so what comes later has two layers. */
  async #coverTwice(figure: Figure, served: string, stage: string): Promise<void> {
    const [source, staged] = [path.join(served, figure.path), path.join(stage, path.basename(figure.path))];
    await makePoint(figure, staged);
    await mount("--bind", source, staged);
    const lower = await open(staged, oPath);
    try {
      await mount("--bind", source, staged);
      const link = `/proc/${process.pid}/fd/${lower.fd}`;
      await mount("--no-canonicalize", "--rbind", link, placeOf(this.folder, figure));
    } finally {
      await lower.close();
    }
  }

  close(): void {
    for (const fd of this.held) closeSync(fd);
  }
}

/** All in one process. @param options of `bothy-cell bind` */
async function bind(options: readonly string[], sourceOf: (figure: Figure) => string, folder: string): Promise<void> {
  const pairs = figures.flatMap((figure) => [sourceOf(figure), placeOf(folder, figure)]);
  await run(cellProgram, ["bind", ...options, ...pairs], { signal: AbortSignal.timeout(longestMountMs) });
}

const makePoint = (figure: Figure, at: string) => (figure.isFolder ? mkdir(at) : writeFile(at, ""));

async function bindAll(folder: string): Promise<void> {
  await mountAlone(folder);
  try {
    await together(figures.map((figure) => makePoint(figure, placeOf(folder, figure))));
    // Their own peers, not those of the host's /proc.
    await bind(["shared"], (figure) => path.join("/", figure.path), folder);
  } catch (error) {
    await unmount(folder);
    throw error;
  }
}

/** @returns how many mounts lie one over the other at the place of a figure, the place included */
async function layersOf(folder: string): Promise<(figure: Figure) => number> {
  const points = ((await ignoring("ENOENT", mountsBelow(folder))) ?? []).map(({ point }) => path.basename(point));
  return (figure) => points.filter((name) => name === path.basename(figure.path)).length;
}

/** Takes off what lies on the places, here and in every container. */
export async function uncover(folder: string): Promise<void> {
  const layers = await layersOf(folder);
  const above = figures.flatMap((figure) =>
    Array<string>(Math.max(layers(figure) - 1, 0)).fill(placeOf(folder, figure)),
  );
  if (above.length > 0) await unmountTop(...above);
}
