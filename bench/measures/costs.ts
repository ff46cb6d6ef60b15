/** Costs: the daemon's memory and its start. */
import { memoryOf } from "../memory";
import type { Subject } from "../subject";
import type { Measure, Sampler, Scene } from "./measure";
import { fewStopped, hundredStopped, watchedNames, watchedRunning } from "./scenes";

/** What an idle daemon took before the whole of LXD's API was there (docs/benchmarks.md). */
const idleRssKiB = 117_300;
const firstAnswerMs = 400;
const growthKiB = 10 * 1024;

const launches = 2000;
/** By then caches are warm and code is compiled. */
const warmUpLaunches = 200;

const memory = ({ info }: Subject) => memoryOf(info.pids());

/** The memory of an idle daemon is read before there is work for it. */
export const idleMeasures: readonly Measure[] = [
  {
    name: "idle-rss",
    unit: "KiB",
    title: "idle memory of the daemon, RSS",
    limit: idleRssKiB,
    isPoolless: true,
    maxRounds: 3,
    round: async ({ subject }, { take }: Sampler) => take(memory(subject).rssKiB),
  },
  {
    name: "idle-pss",
    unit: "KiB",
    title: "idle memory of the daemon, PSS",
    isPoolless: true,
    maxRounds: 3,
    round: async ({ subject }, { take }: Sampler) => take(memory(subject).pssKiB),
  },
];

async function launch(subject: Subject, pool: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const name = `g${index}`;
    await subject.create(name, "small", pool);
    await subject.start(name);
    await subject.exec(name);
    await subject.forceStop(name);
    await subject.delete(name);
  }
}

const firstAnswer = (scene: Scene & { readonly count: number }, more: Pick<Measure, "name" | "limit">): Measure => ({
  unit: "ms",
  title: `start of the daemon to its first answer, ${scene.count} stopped containers`,
  isPoolless: true,
  isFor: ({ info }) => info.life !== undefined,
  scene,
  async round({ subject: { info } }, { time }) {
    await info.life?.stop();
    await time(async () => info.life?.start());
  },
  ...more,
});

export const costMeasures: readonly Measure[] = [
  firstAnswer(fewStopped, { name: "first-answer" }),
  firstAnswer(hundredStopped, { name: "first-answer-100", limit: firstAnswerMs }),
  {
    name: "memory",
    unit: "KiB",
    title: "memory a running container costs beyond its own processes, PSS",
    target: 1 / 20,
    isPoolless: true,
    maxRounds: 1,
    scene: watchedRunning,
    async round({ subject }, { take }) {
      for (const name of watchedNames) take(memoryOf([await subject.watcherOf(name)]).pssKiB);
    },
  },
  {
    name: "growth",
    unit: "KiB",
    title: `growth of the daemon by ${launches} launches, RSS`,
    limit: growthKiB,
    isPoolless: true,
    isFor: ({ info }) => info.name === "bothy",
    maxRounds: 1,
    async round({ subject, pool }, { take }) {
      await launch(subject, pool, warmUpLaunches);
      const before = memory(subject).rssKiB;
      await launch(subject, pool, launches);
      take(memory(subject).rssKiB - before);
    },
  },
];
