/** Curve: what a launch takes, and what a container costs the host, as there are more and more of them. */
import { performance } from "node:perf_hooks";
import { memoryOf, usedKiB } from "../memory";
import { type Summary, summarize } from "../statistics";
import type { Subject } from "../subject";
import { markdownTable } from "../table";
import { Crowd, type Launch } from "./crowd";

export const crowdName = "crowd";
export const ordinaryCrowd = 2000;

const clients = 4;
const steps = [100, 200, 500, 1000, 1500, 2000, 3000, 4000];
/** The last launches before a step tell what one takes there. */
const lastLaunches = 100;
/** Of the watchers some tell the memory of all. */
const watchersAsked = 20;
/** What a launch may take at the last step, as a part of one at the first. */
const wantedRatio = 1.5;

interface Step {
  readonly count: number;
  /** Milliseconds. */
  readonly launch: Summary;
  readonly start: Summary;
  readonly exec: Summary;
  /** Launches in a second, by all clients together. */
  readonly rate: number;
  readonly usedKiB: number;
  readonly watcherKiB: number;
  readonly daemonKiB: number;
  /** Milliseconds of a list of all, and of the server's own object. */
  readonly list: number;
  readonly server: number;
}

export interface Curve {
  readonly steps: readonly Step[];
  readonly end?: {
    /** Milliseconds of a force stop and a delete, with all there at the beginning. */
    readonly removal: Summary;
    readonly removalSeconds: number;
    /** The first launches once more, when the crowd has gone: how much of the curve is the weather. */
    readonly again: Summary;
  };
}

/**
 * @param subject with an image "small" @param size how many in the end @param signal ends it between two launches
 * @param note gets what there is after each step, so that an interrupt leaves the beginning of the curve
 */
export async function takeCurve(
  subject: Subject,
  pool: string,
  { size, signal, note }: { size: number; signal: AbortSignal; note: (curve: Curve) => void },
): Promise<void> {
  const subjects = Array.from({ length: clients }, () => subject.another());
  const keepers = subjects.map((one) => ({
    create: (name: string) => one.create(name, "small", pool),
    start: (name: string) => one.start(name),
    exec: (name: string) => one.exec(name),
    forceStop: (name: string) => one.forceStop(name),
    delete: (name: string) => one.delete(name),
  }));
  const crowd = new Crowd(keepers, signal);
  try {
    // Warms caches, and unpacks the image into the pool.
    await crowd.growTo(clients);
    await crowd.shrinkTo(0);
    const before = usedKiB();
    const taken: Step[] = [];
    for (const count of stepsTo(size)) {
      taken.push(await takeStep(subject, crowd, count, before));
      note({ steps: taken });
    }
    const begin = performance.now();
    const removal = summarize(await crowd.shrinkTo(0));
    const removalSeconds = (performance.now() - begin) / 1000;
    const again = summarize((await crowd.growTo(Math.min(size, lastLaunches))).map(({ whole }) => whole));
    note({ steps: taken, end: { removal, removalSeconds, again } });
  } finally {
    await crowd.clear();
    for (const one of subjects) await one.close();
  }
}

const stepsTo = (size: number): number[] => [...steps.filter((count) => count < size), size];

async function takeStep(subject: Subject, crowd: Crowd, count: number, before: number): Promise<Step> {
  await crowd.growTo(Math.max(crowd.names.length, count - lastLaunches));
  const begin = performance.now();
  const launches = await crowd.growTo(count);
  const rate = (launches.length * 1000) / (performance.now() - begin);
  const used = usedKiB() - before;
  const watchers = await Promise.all(
    crowd.names.slice(-watchersAsked).map(async (name) => memoryOf([await subject.watcherOf(name)]).pssKiB),
  );
  const step = {
    count,
    launch: summarize(launches.map(({ whole }: Launch) => whole)),
    start: summarize(launches.map(({ start }: Launch) => start)),
    exec: summarize(await crowd.askAll()),
    rate,
    usedKiB: used / count,
    watcherKiB: summarize(watchers).median,
    daemonKiB: memoryOf([await subject.daemonPid()]).rssKiB,
    list: await medianOf(() => subject.get("/1.0/instances?recursion=1")),
    server: await medianOf(() => subject.get("/1.0")),
  };
  console.error(`Measured: ${count} containers, a launch takes ${step.launch.median.toFixed(1)} ms`);
  return step;
}

const asked = 5;

async function medianOf(work: () => Promise<unknown>): Promise<number> {
  const samples: number[] = [];
  for (let time = 0; time < asked; time += 1) {
    const begin = performance.now();
    await work();
    samples.push(performance.now() - begin);
  }
  return summarize(samples).median;
}

/** The curve as Markdown: medians, the minimum in brackets. */
export function curveText({ steps: taken, end }: Curve): string {
  const both = ({ median, min }: Summary) => `${median.toFixed(1)} (${min.toFixed(1)})`;
  const first = taken[0]?.launch.median ?? Number.NaN;
  const rows = taken.map((step) => [
    String(step.count),
    both(step.launch),
    both(step.start),
    (step.launch.median / first).toFixed(2),
    step.rate.toFixed(0),
    both(step.exec),
    step.usedKiB.toFixed(0),
    step.watcherKiB.toFixed(0),
    (step.daemonKiB / 1024).toFixed(0),
    step.list.toFixed(1),
    step.server.toFixed(1),
  ]);
  const head = [
    "containers",
    "launch (ms)",
    "of it start",
    "times the first",
    "launches/s",
    "exec (ms)",
    "host memory of each (KiB)",
    "its watcher, PSS (KiB)",
    "daemon, RSS (MiB)",
    "list (ms)",
    "GET /1.0 (ms)",
  ];
  const last = taken.at(-1);
  const ratio = (last?.launch.median ?? Number.NaN) / first;
  const verdict = ratio <= wantedRatio ? "reached" : "short";
  const said = [
    `${clients} clients; a launch is create, start and first exec, of the last ${lastLaunches} before each step.`,
    `The last takes ${ratio.toFixed(2)} times the first (at most ${wantedRatio}: ${verdict}).`,
    ...(end === undefined
      ? []
      : [
          `Force stop and delete of all took ${end.removalSeconds.toFixed(1)} s, ${both(end.removal)} ms each;`,
          `launches after that ${both(end.again)} ms.`,
        ]),
  ];
  return `${markdownTable(head, rows)}\n\n${said.join("\n")}`;
}
