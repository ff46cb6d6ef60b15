/** Beside: Bothy, by its API and by bothy-cell alone, and the programs that others run containers by, each on a root of the same content. */
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { findLxcfs } from "../../daemon/kinds/instance/lxcfs/process";
import { Dirs } from "../../daemon/platform/folders/dirs";
import { ParentGroups, readCgroupLayout } from "../../daemon/platform/host/cgroups";
import { Log } from "../../daemon/platform/log";
import { BothyCell, type Native } from "../../daemon/platform/native/index";
import { cellProgram } from "../../sdk/host/package";
import { byCrun, crunProgram } from "../peers/crun";
import { byLxc, lxcProgram } from "../peers/lxc";
import { placeForPeers } from "../peers/place";
import { type Row, takeSamples } from "../run";
import type { Subject } from "../subject";
import { byApi } from "./api";
import { byCell } from "./cell";
import { type BesideMeasure, besideMeasures } from "./measures";
import { unpackRoots } from "./roots";
import type { Roots, Runtime } from "./runtime";

const peerPrograms = [
  { file: crunProgram, make: byCrun },
  { file: lxcProgram, make: byLxc },
];

/** Runtimes of others, as far as they are installed. */
export class Peers {
  private constructor(
    readonly roots: Roots,
    readonly runtimes: readonly Runtime[],
    private readonly native: Native | undefined,
  ) {}

  /** @param dir a folder for all that they need @param image of the roots @param withPeers whether there are to be any */
  static async start(dir: string, image: string, withPeers: boolean): Promise<Peers> {
    // The container's root, which is nobody there, passes it.
    chmodSync(dir, 0o711);
    const roots = unpackRoots(image, path.join(dir, "roots"));
    const missing = peerPrograms.filter(({ file }) => !existsSync(file));
    for (const { file } of missing) console.error(`Left out: there is no ${file}.`);
    const there = peerPrograms.filter(({ file }) => existsSync(file));
    if (!withPeers || there.length === 0) return new Peers(roots, [], undefined);
    try {
      const native = await placeForPeers(path.join(dir, "peers"));
      const runtimes = there.map(({ file, make }) => make(native, roots, path.join(dir, path.basename(file))));
      return new Peers(roots, runtimes, native);
    } catch (error) {
      console.error(`Left out: crun and LXC: ${(error as Error).message}`);
      return new Peers(roots, [], undefined);
    }
  }

  async close(): Promise<void> {
    await this.native?.stop();
  }
}

/** @param own Bothy, whose containers get their figures below the state folder @param dir a folder for bothy-cell @returns a row for each measure that is wanted */
export async function takeBeside(
  own: Subject,
  peers: Peers,
  { dir, stateDir, rounds, signal }: { dir: string; stateDir: string; rounds: number; signal: AbortSignal },
  isWanted: (name: string) => boolean,
): Promise<Row[]> {
  const log = new Log({ level: "warning" });
  const dirs = new Dirs(path.join(dir, "cell"));
  mkdirSync(dirs.cells, { recursive: true });
  const groups = new ParentGroups(readCgroupLayout(), `bothy-bench-${process.pid}`, log);
  const native = await BothyCell.start(cellProgram, dirs, log);
  try {
    const pools = ["dir", "overlay"].filter((pool) => own.pools.includes(pool));
    const api = await Promise.all(pools.map((pool) => byApi(own, pool)));
    // Not before its first container.
    const serving = await findLxcfs(new Dirs(stateDir).lxcfs);
    const place = { native, groups, dirs, figures: serving?.places.ops() ?? [], hostBase: peers.roots.base };
    const cell = pools.map((pool) => byCell(place, pool, rootFor(pool, peers.roots, dir)));
    const rows: Row[] = [];
    for (const measure of besideMeasures.filter(({ name }) => isWanted(name)))
      rows.push(await takeRow(measure, [...(measure.door === "api" ? api : cell), ...peers.runtimes], rounds, signal));
    return rows;
  } finally {
    await own.clear();
    await native.stop();
    groups.removeEmpty();
  }
}

async function takeRow(
  measure: BesideMeasure,
  all: readonly Runtime[],
  rounds: number,
  signal: AbortSignal,
): Promise<Row> {
  const runtimes = all.filter((runtime) => measure.isFor?.(runtime) !== false);
  const begun: Runtime[] = [];
  try {
    for (const runtime of measure.isRunning ? runtimes : []) {
      await runtime.start();
      begun.push(runtime);
    }
    return await takeSamples(
      measure,
      runtimes.map((runtime) => [runtime.name, runtime] as const),
      rounds,
      signal,
    );
  } finally {
    for (const runtime of begun) await runtime.stop();
  }
}

function rootFor(kind: string, { own }: Roots, dir: string) {
  if (kind === "dir") return { type: "dir", path: own } as const;
  const [upper, work] = ["upper", "work"].map((name) => path.join(dir, "overlay", name)) as [string, string];
  for (const folder of [upper, work]) mkdirSync(folder, { recursive: true });
  return { type: "overlay", upper, work, lower: [own] } as const;
}
