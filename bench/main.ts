/** npm run bench: Bothy and, where it is installed, Debian's LXD beside it, on the same images by the same client. No test: nothing fails by a figure. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir, totalmem, version } from "node:os";
import path from "node:path";
import { processesOf } from "../scripts/scene/traces";
import { type TestDaemon, withDaemon } from "../test/support/daemon";
import { writeImage } from "../test/support/image";
import { type Column, columnName, type Measure, measures } from "./measures";
import { type Options, parseOptions, usage } from "./options";
import { Lxd, lxdProgram } from "./peers/lxd";
import { type Row, takeSamples } from "./run";
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
    drivers: ["dir", "overlay", "btrfs"].map((name) => ({
      name,
      config: name === "btrfs" ? { size: "8GiB" } : ({} as Record<string, string>),
    })),
    pids: () => processesOf(daemon.place),
    command: { file: path.join(root, "bin/bothy"), env: { BOTHY_DIR: daemon.dir, BOTHY_ENDPOINT: "" } },
    life: { stop: () => daemon.stop(), start: () => daemon.start() },
  };
}

function makeImages(dir: string): Images {
  const images = { small: path.join(dir, "small.tar.gz"), big: path.join(dir, "big.tar.gz") };
  writeImage(images.small, "bench small", { files: 1, bytesPerFile: 1000 });
  writeImage(images.big, "bench big", { files: 2000, bytesPerFile: 25_000 });
  return images;
}

function columnsFor(measure: Measure, subjects: readonly Subject[]): Column[] {
  return subjects
    .filter((subject) => measure.isFor?.(subject) !== false)
    .flatMap((subject) => {
      const preferred = preferredPools.find((pool) => subject.pools.includes(pool)) ?? subject.pools[0];
      const pools = measure.isPoolless ? [preferred ?? []].flat() : subject.pools;
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

async function benchmark(subjects: readonly Subject[], images: Images, options: Options): Promise<void> {
  const signal = interruption();
  for (const subject of subjects) {
    await subject.prepare(images);
    for (const reason of subject.missing) console.error(`Left out: ${subject.info.name}: ${reason}`);
  }
  const rows: Row[] = [];
  for (const measure of measures) {
    if (options.only.length > 0 && !options.only.includes(measure.name)) continue;
    const columns = columnsFor(measure, subjects);
    if (columns.length === 0) {
      console.error(`Left out: ${measure.title}`);
      continue;
    }
    console.error(`Measuring: ${measure.title}`);
    rows.push(await takeSamples(measure, columns, options.rounds, signal));
  }
  const columns = subjects.flatMap((subject) => subject.pools.map((pool) => columnName({ subject, pool })));
  console.log(
    `${subjects.map(({ info }) => `${info.name} ${info.version}`).join(", ")}; median (minimum); the target is for the ratio of medians\n`,
  );
  console.log(tableOf(rows, columns));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report(subjects, rows), null, 2)}\n`);
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
async function withPeer(options: Options, work: (peer: Subject | undefined) => Promise<void>): Promise<void> {
  if (!options.withPeer) return work(undefined);
  if (!existsSync(lxdProgram)) {
    console.error(`There is no ${lxdProgram}: Bothy is measured alone. "apt-get install lxd" brings the peer.`);
    return work(undefined);
  }
  const lxd = await Lxd.start();
  const peer = new Subject(lxd.info);
  try {
    await work(peer);
  } finally {
    await peer.clear().catch((error: unknown) => console.error("Cannot remove the instances of LXD:", error));
    await peer.close();
    await lxd.stop();
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
    await withPeer(options, (peer) =>
      withDaemon({ command: [path.join(root, "bin/bothyd")] }, async (daemon) => {
        const own = new Subject(bothy(daemon));
        try {
          await benchmark(peer === undefined ? [own] : [own, peer], images, options);
        } finally {
          await own.clear();
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
