/** npm run bench: Bothy and, where it is installed, Debian's LXD beside it, on the same images by the same client. No test: nothing fails by a figure. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findTraces, processesOf, removeTraces } from "../scripts/scene/traces";
import { type TestDaemon, withDaemon } from "../test/support/daemon";
import { writeImage } from "../test/support/image";
import { Peers, takeBeside } from "./beside/beside";
import { besideMeasures } from "./beside/measures";
import { type Curve, crowdName, takeCurve } from "./crowd/curve";
import { writeFigures } from "./doc";
import { measures } from "./measures";
import { environmentMeasures } from "./measures/environments";
import { type Column, columnName, type Measure } from "./measures/measure";
import { networkStartMeasures } from "./measures/network-starts";
import { networkMeasures } from "./measures/networks";
import { type Options, parseOptions, usage } from "./options";
import { Lxd, lxdProgram, runningLxd } from "./peers/lxd";
import { type Hundred, hundredName, takeHundred } from "./provider/hundred";
import { figuresOf, reportOf, type Taken } from "./report";
import { type Row, Stage, takeSamples } from "./run";
import { type ImageName, type Images, Subject, type SubjectInfo } from "./subject";
import { wayMeasures } from "./ways/measures";
import { takeWays } from "./ways/ways";

const root = path.resolve(__dirname, "../..");
/** Of all pools, the one that a measure without a pool is taken on. */
const preferredPools = ["overlay", "btrfs"];

function bothy(daemon: TestDaemon): SubjectInfo {
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
  return {
    name: "bothy",
    version,
    socketPath: daemon.socket,
    netns: `/proc/${daemon.netns.pid}/ns/net`,
    drivers: ["dir", "overlay", "btrfs"].map((name) => ({
      name,
      config: name === "btrfs" ? { size: "8GiB" } : ({} as Record<string, string>),
    })),
    pids: () => processesOf(daemon.place),
    command: { file: path.join(root, "bin/bothy"), env: { BOTHY_DIR: daemon.dir, BOTHY_ENDPOINT: "" } },
    life: {
      stop: () => daemon.stop(),
      kill: () => daemon.kill(),
      clearHost: () => clearHost(daemon),
      start: () => daemon.start(),
    },
  };
}

/** What a reboot leaves of a daemon: its folder. */
async function clearHost(daemon: TestDaemon): Promise<void> {
  await removeTraces(daemon.place);
  await daemon.run("nft", "flush", "ruleset");
  const links = findTraces(daemon.place).interfaces;
  await daemon.run("sh", "-c", `ip -batch - <<END\n${links.map((link) => `link delete dev ${link}\n`).join("")}END`);
}

const perFile = 25_000;

const imageNames = ["small", "big", "large"] as const;

function makeImages(dir: string, names: readonly ImageName[]): Images {
  const image = (name: ImageName, files: number, bytesPerFile: number) => {
    const file = path.join(dir, `${name}.tar.gz`);
    if (names.includes(name)) writeImage(file, `bench ${name}`, { files, bytesPerFile });
    return file;
  };
  return { small: image("small", 1, 1000), big: image("big", 2000, perFile), large: image("large", 6000, perFile) };
}

function columnsFor(measure: Measure, subjects: readonly Subject[]): Column[] {
  return subjects
    .filter((subject) => measure.isFor?.(subject) !== false)
    .flatMap((subject) => {
      const preferred = preferredPools.find((pool) => subject.pools.includes(pool)) ?? subject.pools[0];
      const isOne = measure.isPoolless || (measure.isSlow && subject.info.name === "bothy");
      const pools = isOne ? [preferred ?? []].flat() : subject.pools;
      return pools.map((pool) => ({ subject, pool }));
    });
}

/** An interrupt ends the benchmark in order, so that it leaves nothing. */
function interruption(): AbortSignal {
  const abort = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.once(name, () => abort.abort(new Error(`Ended by ${name}.`)));
  return abort.signal;
}

/** The daemons, and the runtimes beside them; Bothy is the first. */
interface Contest {
  readonly subjects: readonly [Subject, ...Subject[]];
  readonly peers: Peers | undefined;
  /** For files, and sockets: a short path. */
  readonly dir: string;
}

async function benchmark({ subjects, peers, dir }: Contest, options: Options): Promise<void> {
  const signal = interruption();
  for (const subject of subjects) {
    await subject.prepare(needsSmallAlone(options) ? ["small"] : imageNames);
    for (const reason of subject.missing) console.error(`Left out: ${subject.info.name}: ${reason}`);
  }
  const [own] = subjects;
  const taken: Taken = { rows: [], beside: [], ways: [], curve: undefined, hundred: undefined };
  try {
    await takeRows(subjects, options, signal, taken.rows);
    if (peers !== undefined) {
      const place = { dir, stateDir: path.dirname(own.info.socketPath), rounds: options.rounds, signal };
      taken.beside.push(...(await takeBeside(own, peers, place, (name) => isWanted(options, name))));
    }
    const wayPlace = { dir, rounds: options.rounds, signal };
    taken.ways.push(...(await takeWays(own, poolOf(own), wayPlace, (name) => isWanted(options, name))));
    if (isWanted(options, crowdName)) await takeCrowd(own, options, signal, taken);
    if (isWanted(options, hundredName)) {
      const note = (hundred: Hundred) => {
        taken.hundred = hundred;
      };
      await takeHundred(own, poolOf(own), { signal, note });
    }
    if (options.isForDoc) writeFigures(figuresOf(subjects, options.note, taken));
  } finally {
    tell(subjects, options, taken);
  }
}

const isWanted = ({ only }: Options, name: string) => only.length === 0 || only.includes(name);

const besideNames = besideMeasures.map(({ name }) => name);

const withoutLxd = [
  crowdName,
  hundredName,
  ...[...besideMeasures, ...wayMeasures, ...networkStartMeasures, ...environmentMeasures].map(({ name }) => name),
];
const ofSmallImages = [...withoutLxd, ...networkMeasures.map(({ name }) => name)];
const isAllOf = ({ only }: Options, names: readonly string[]) =>
  only.length > 0 && only.every((name) => names.includes(name));

/** Whether one small image is enough: large ones take a while to make and to import. */
const needsSmallAlone = (options: Options) => isAllOf(options, ofSmallImages);

/** Whether it is asked for measures in which LXD has a part. */
const needsPeer = (options: Options) => options.withPeer && !isAllOf(options, withoutLxd);

/** On which a measure is taken that is taken on one. */
function poolOf({ pools }: Subject): string {
  const pool = preferredPools.find((name) => pools.includes(name)) ?? pools[0];
  if (pool === undefined) throw new Error("There is no pool.");
  return pool;
}

/** Of Bothy alone: a daemon that needs 11 MB for each container would need the whole machine. */
function takeCrowd(own: Subject, { crowd }: Options, signal: AbortSignal, taken: Taken): Promise<void> {
  const note = (curve: Curve) => {
    taken.curve = curve;
  };
  return takeCurve(own, poolOf(own), { size: crowd, signal, note });
}

async function takeRows(
  subjects: readonly Subject[],
  options: Options,
  signal: AbortSignal,
  rows: Row[],
): Promise<void> {
  const stage = new Stage();
  for (const measure of measures) {
    if (!isWanted(options, measure.name)) continue;
    const columns = columnsFor(measure, subjects);
    if (columns.length === 0) {
      console.error(`Left out: ${measure.title}`);
      continue;
    }
    const begin = Date.now();
    await stage.set(measure.scene, columns);
    const named = columns.map((column) => [columnName(column), column] as const);
    rows.push(await takeSamples(measure, named, options.rounds, signal));
    console.error(`Measured in ${((Date.now() - begin) / 1000).toFixed(1)} s: ${measure.title}`);
  }
  await stage.set(undefined, []);
}

/** Shows what was measured, all of it or what there is at an interrupt. */
function tell(subjects: readonly Subject[], options: Options, taken: Taken): void {
  console.log(figuresOf(subjects, options.note, taken));
  if (options.json !== undefined)
    writeFileSync(options.json, `${JSON.stringify(reportOf(subjects, taken), null, 2)}\n`);
}

/** Runs the work with the peer, if there is one and it is wanted. */
async function withPeer(
  options: Options,
  images: Images,
  work: (peer: Subject | undefined) => Promise<void>,
): Promise<void> {
  if (!needsPeer(options)) return work(undefined);
  if (!existsSync(lxdProgram)) {
    console.error(`There is no ${lxdProgram}: Bothy is measured alone. "apt-get install lxd" brings the peer.`);
    return work(undefined);
  }
  const own = options.lxd === undefined ? await Lxd.start() : undefined;
  const settings = path.join(path.dirname(images.small), "lxc");
  const peer = new Subject(own?.info ?? (await runningLxd(options.lxd!, settings)), images);
  try {
    await work(peer);
  } finally {
    await peer.remove().catch((error: unknown) => console.error("Cannot remove what LXD has:", error));
    await peer.close();
    await own?.stop();
  }
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === "help") {
    process.stdout.write(usage);
    return;
  }
  const dir = mkdtempSync(path.join(tmpdir(), "bothy-bench-"));
  const isBeside = besideNames.some((name) => isWanted(options, name));
  try {
    const images = makeImages(dir, needsSmallAlone(options) ? ["small"] : imageNames);
    const peers = isBeside ? await Peers.start(dir, images.small, options.withPeer) : undefined;
    try {
      await withPeer(options, images, (peer) =>
        withDaemon({ command: [path.join(root, "bin/bothyd")] }, async (daemon) => {
          const own = new Subject(bothy(daemon), images);
          try {
            await benchmark({ subjects: peer === undefined ? [own] : [own, peer], peers, dir }, options);
          } finally {
            await own.remove();
            await own.close();
          }
        }),
      );
    } finally {
      await peers?.close();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
