/** npm run bench: Bothy and, where it is installed, Debian's LXD beside it, on the same images by the same client. No test: nothing fails by a figure. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem, version } from "node:os";
import path from "node:path";
import { processesOf } from "../scripts/scene/traces";
import { type TestDaemon, withDaemon } from "../test/support/daemon";
import { writeImage } from "../test/support/image";
import { aboutFigures, writeFigures } from "./doc";
import { measures } from "./measures";
import { type Column, columnName, type Measure } from "./measures/measure";
import { type Options, parseOptions, usage } from "./options";
import { Lxd, lxdProgram, runningLxd } from "./peers/lxd";
import { type Row, Stage, takeSamples } from "./run";
import { type Images, Subject, type SubjectInfo } from "./subject";
import { tableOf } from "./table";
import { judge } from "./verdict";

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
    life: { stop: () => daemon.stop(), start: () => daemon.start() },
  };
}

const perFile = 25_000;

function makeImages(dir: string): Images {
  const image = (name: string, files: number, bytesPerFile: number) => {
    const file = path.join(dir, `${name}.tar.gz`);
    writeImage(file, `bench ${name}`, { files, bytesPerFile });
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

async function benchmark(subjects: readonly Subject[], options: Options): Promise<void> {
  const signal = interruption();
  for (const subject of subjects) {
    await subject.prepare();
    for (const reason of subject.missing) console.error(`Left out: ${subject.info.name}: ${reason}`);
  }
  const rows: Row[] = [];
  try {
    await takeRows(subjects, options, signal, rows);
  } finally {
    tell(subjects, options, rows);
  }
}

async function takeRows(
  subjects: readonly Subject[],
  options: Options,
  signal: AbortSignal,
  rows: Row[],
): Promise<void> {
  const stage = new Stage();
  for (const measure of measures) {
    if (options.only.length > 0 && !options.only.includes(measure.name)) continue;
    const columns = columnsFor(measure, subjects);
    if (columns.length === 0) {
      console.error(`Left out: ${measure.title}`);
      continue;
    }
    const begin = Date.now();
    await stage.set(measure.scene, columns);
    rows.push(await takeSamples(measure, columns, options.rounds, signal));
    console.error(`Measured in ${((Date.now() - begin) / 1000).toFixed(1)} s: ${measure.title}`);
  }
  await stage.set(undefined, []);
  if (options.isForDoc) writeFigures(figuresOf(subjects, options, rows));
}

/** Shows what was measured, all of it or what there is at an interrupt. */
function tell(subjects: readonly Subject[], options: Options, rows: readonly Row[]): void {
  console.log(figuresOf(subjects, options, rows));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report(subjects, rows), null, 2)}\n`);
}

function figuresOf(subjects: readonly Subject[], { note }: Options, rows: readonly Row[]): string {
  const columns = subjects.flatMap((subject) => subject.pools.map((pool) => columnName({ subject, pool })));
  return `${aboutFigures(subjects, note)}\n\n${tableOf(rows, columns)}`;
}

function report(subjects: readonly Subject[], rows: readonly Row[]) {
  return {
    date: new Date().toISOString(),
    machine: { processors: cpus().length, memoryBytes: totalmem(), kernel: version(), node: process.version },
    subjects: subjects.map(({ info, pools, missing }) => ({ name: info.name, version: info.version, pools, missing })),
    rows: rows.map((row) => ({
      name: row.measure.name,
      title: row.measure.title,
      unit: row.measure.unit,
      verdict: judge(row) ?? null,
      columns: Object.fromEntries(
        Object.entries(row.summaries).map(([name, summary]) => [name, { ...summary, samples: row.samples[name] }]),
      ),
    })),
  };
}

/** Runs the work with the peer, if there is one and it is wanted. */
async function withPeer(
  options: Options,
  images: Images,
  work: (peer: Subject | undefined) => Promise<void>,
): Promise<void> {
  if (!options.withPeer) return work(undefined);
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
  try {
    const images = makeImages(dir);
    await withPeer(options, images, (peer) =>
      withDaemon({ command: [path.join(root, "bin/bothyd")] }, async (daemon) => {
        const own = new Subject(bothy(daemon), images);
        try {
          await benchmark(peer === undefined ? [own] : [own, peer], options);
        } finally {
          await own.remove();
          await own.close();
        }
      }),
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
