/** Measures: what is timed, each with the state that it needs before and the state that it leaves. */
import { existsSync } from "node:fs";
import { memoryOf } from "./memory";
import { type Subject, stockClient } from "./subject";

/** A subject and one of its pools. */
export interface Column {
  readonly subject: Subject;
  readonly pool: string;
}

export const columnName = ({ subject, pool }: Column): string => `${subject.info.name}/${pool}`;

/** Takes the samples of one column. */
export interface Sampler {
  /** Runs the work and takes the milliseconds that it needs. */
  readonly time: (work: () => Promise<unknown>) => Promise<void>;
  readonly take: (value: number) => void;
}

export interface Measure {
  readonly name: string;
  readonly title: string;
  readonly unit: "ms" | "KiB";
  /** What to reach on the overlay pool: at most this part of the peer's best median. */
  readonly target?: number;
  /** At most so many rounds: what is slow for the peer. */
  readonly maxRounds?: number;
  /** Whether the pool makes no difference, so that one column a subject is enough. */
  readonly isPoolless?: boolean;
  /** Whether it can be taken of a subject; of each when absent. */
  readonly isFor?: (subject: Subject) => boolean;
  readonly before?: (column: Column) => Promise<void>;
  /** Takes the samples of one round. */
  readonly round: (column: Column, sampler: Sampler) => Promise<void>;
  readonly after?: (column: Column) => Promise<void>;
}

/** Names hold the pool, since instances of all pools share one space of names. */
const one = ({ pool }: Column) => `one-${pool}`;
const big = ({ pool }: Column) => `big-${pool}`;
const manyCount = 50;
const manyNames = Array.from({ length: manyCount }, (_, index) => `n${index}`);

async function makeRunning(column: Column): Promise<void> {
  await column.subject.create(one(column), "small", column.pool);
  await column.subject.start(one(column));
}

async function removeRunning(column: Column): Promise<void> {
  await column.subject.forceStop(one(column));
  await column.subject.delete(one(column));
}

async function makeMany({ subject, pool }: Column, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await subject.create(name, "small", pool);
    await subject.start(name);
  }
}

const makeBig = (column: Column) => column.subject.create(big(column), "big", column.pool).then(() => undefined);
const removeBig = (column: Column) => column.subject.delete(big(column)).then(() => undefined);

/** Lists everything with its state; every one must be running. */
async function listRunning({ subject }: Column, count: number): Promise<void> {
  const running = (await subject.listFull()).filter(({ state }) => state?.status === "Running");
  if (running.length !== count)
    throw new Error(`${subject.info.name} lists ${running.length} running instances, not ${count}`);
}

const idle = async ({ subject }: Column, field: keyof ReturnType<typeof memoryOf>, { take }: Sampler) =>
  take(memoryOf(subject.info.pids())[field]);

const stoppedCount = 3;
const stoppedNames = manyNames.slice(0, stoppedCount);
const hasStockClient = () => existsSync(stockClient);

const watchedCount = 20;
const watchedNames = manyNames.slice(0, watchedCount);

/** In the order of the table; the memory of an idle daemon is read before there is work for it. */
export const measures: readonly Measure[] = [
  {
    name: "idle-rss",
    unit: "KiB",
    title: "idle memory of the daemon, RSS",
    isPoolless: true,
    maxRounds: 3,
    round: (column, sampler) => idle(column, "rssKiB", sampler),
  },
  {
    name: "idle-pss",
    unit: "KiB",
    title: "idle memory of the daemon, PSS",
    isPoolless: true,
    maxRounds: 3,
    round: (column, sampler) => idle(column, "pssKiB", sampler),
  },
  {
    name: "launch",
    unit: "ms",
    title: "create, start, first exec",
    target: 1 / 8,
    async round(column, { time }) {
      const { subject, pool } = column;
      await time(async () => {
        await subject.create(one(column), "small", pool);
        await subject.start(one(column));
        await subject.exec(one(column));
      });
      await removeRunning(column);
    },
  },
  {
    name: "create",
    unit: "ms",
    title: "create",
    async round(column, { time }) {
      await time(() => column.subject.create(one(column), "small", column.pool));
      await column.subject.delete(one(column));
    },
  },
  {
    name: "start",
    unit: "ms",
    title: "start",
    before: (column) => column.subject.create(one(column), "small", column.pool).then(() => undefined),
    async round(column, { time }) {
      await time(() => column.subject.start(one(column)));
      await column.subject.forceStop(one(column));
    },
    after: (column) => column.subject.delete(one(column)).then(() => undefined),
  },
  {
    name: "exec",
    unit: "ms",
    title: "exec of true",
    target: 1 / 4,
    before: makeRunning,
    round: (column, { time }) => time(() => column.subject.exec(one(column))),
    after: removeRunning,
  },
  {
    name: "stop",
    unit: "ms",
    title: "force stop",
    target: 1 / 40,
    before: makeRunning,
    async round(column, { time }) {
      await time(() => column.subject.forceStop(one(column)));
      await column.subject.start(one(column));
    },
    after: removeRunning,
  },
  {
    name: "delete",
    unit: "ms",
    title: "delete of a stopped one",
    async round(column, { time }) {
      await column.subject.create(one(column), "small", column.pool);
      await time(() => column.subject.delete(one(column)));
    },
  },
  {
    name: "snapshot",
    unit: "ms",
    title: "snapshot of 50 MB",
    before: makeBig,
    async round(column, { time }) {
      await time(() => column.subject.snapshot(big(column), "s"));
      await column.subject.deleteSnapshot(big(column), "s");
    },
    after: removeBig,
  },
  {
    name: "copy",
    unit: "ms",
    title: "copy of 50 MB",
    before: makeBig,
    async round(column, { time }) {
      await time(() => column.subject.copy(one(column), big(column)));
      await column.subject.delete(one(column));
    },
    after: removeBig,
  },
  {
    name: "state",
    unit: "ms",
    title: "GET state",
    target: 1 / 20,
    before: makeRunning,
    round: (column, { time }) => time(() => column.subject.state(one(column))),
    after: removeRunning,
  },
  {
    name: "list1",
    unit: "ms",
    title: "GET instances?recursion=2, 1 container",
    isPoolless: true,
    before: makeRunning,
    round: (column, { time }) => time(() => listRunning(column, 1)),
    after: removeRunning,
  },
  {
    name: "list50",
    unit: "ms",
    title: `GET instances?recursion=2, ${manyCount} containers`,
    isPoolless: true,
    maxRounds: 10,
    before: (column) => makeMany(column, manyNames),
    round: (column, { time }) => time(() => listRunning(column, manyCount)),
    after: ({ subject }) => subject.clear(),
  },
  {
    name: "command-list",
    unit: "ms",
    title: "the daemon's own command line: list, 1 container",
    isPoolless: true,
    before: makeRunning,
    round: ({ subject }, { time }) => time(() => subject.command("list")),
    after: removeRunning,
  },
  {
    name: "command-exec",
    unit: "ms",
    title: "the daemon's own command line: exec of true",
    isPoolless: true,
    before: makeRunning,
    round: (column, { time }) => time(() => column.subject.command("exec", one(column), "true")),
    after: removeRunning,
  },
  {
    name: "stock-list",
    unit: "ms",
    title: "the stock client: lxc list, 1 container",
    isPoolless: true,
    isFor: hasStockClient,
    before: makeRunning,
    round: ({ subject }, { time }) => time(() => subject.stockCommand("list")),
    after: removeRunning,
  },
  {
    name: "stock-exec",
    unit: "ms",
    title: "the stock client: lxc exec of true",
    isPoolless: true,
    isFor: hasStockClient,
    before: makeRunning,
    round: (column, { time }) => time(() => column.subject.stockCommand("exec", one(column), "true")),
    after: removeRunning,
  },
  {
    name: "first-answer",
    unit: "ms",
    title: `start of the daemon to its first answer, ${stoppedCount} stopped containers`,
    isPoolless: true,
    isFor: ({ info }) => info.life !== undefined,
    async before({ subject, pool }) {
      for (const name of stoppedNames) await subject.create(name, "small", pool);
    },
    async round({ subject: { info } }, { time }) {
      await info.life?.stop();
      await time(async () => info.life?.start());
    },
    after: ({ subject }) => subject.clear(),
  },
  {
    name: "memory",
    unit: "KiB",
    title: "memory a running container costs beyond its own processes, PSS",
    target: 1 / 20,
    isPoolless: true,
    maxRounds: 1,
    before: (column) => makeMany(column, watchedNames),
    async round({ subject }, { take }) {
      for (const name of watchedNames) take(memoryOf([await subject.watcherOf(name)]).pssKiB);
    },
    after: ({ subject }) => subject.clear(),
  },
];
