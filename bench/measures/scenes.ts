/** Scenes: the instances that measures need. Names hold the pool, since instances of all pools share one space of names. */
import type { Column, Scene } from "./measure";

export const one = ({ pool }: Column) => `one-${pool}`;
export const big = ({ pool }: Column) => `big-${pool}`;
export const large = ({ pool }: Column) => `large-${pool}`;

export const manyCount = 50;
const watchedCount = 20;
const fewCount = 3;
const stoppedCount = 100;

const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);
export const watchedNames = names(watchedCount);

export const removeRunning = async (column: Column): Promise<void> => {
  await column.subject.forceStop(one(column));
  await column.subject.delete(one(column));
};

/** One that runs. */
export const running: Scene = {
  async make(column) {
    await column.subject.create(one(column), "small", column.pool);
    await column.subject.start(one(column));
  },
  remove: removeRunning,
};

/** One that is stopped. */
export const stopped: Scene = {
  make: (column) => column.subject.create(one(column), "small", column.pool),
  remove: (column) => column.subject.delete(one(column)),
};

/** A stopped one of 50 MB. */
export const stoppedBig: Scene = {
  make: (column) => column.subject.create(big(column), "big", column.pool),
  remove: (column) => column.subject.delete(big(column)),
};

/** A stopped one of 150 MB. */
export const stoppedLarge: Scene = {
  make: (column) => column.subject.create(large(column), "large", column.pool),
  remove: (column) => column.subject.delete(large(column)),
};

const runningOnes = (count: number): Scene => ({
  async make({ subject, pool }) {
    for (const name of names(count)) {
      await subject.create(name, "small", pool);
      await subject.start(name);
    }
  },
  remove: ({ subject }) => subject.clear(),
});

const stoppedOnes = (count: number): Scene => ({
  async make({ subject, pool }) {
    for (const name of names(count)) await subject.create(name, "small", pool);
  },
  remove: ({ subject }) => subject.clear(),
});

/** So many as a busy host has. */
export const manyRunning = runningOnes(manyCount);
/** So many as tell the memory of one. */
export const watchedRunning = runningOnes(watchedCount);
export const fewStopped = { ...stoppedOnes(fewCount), count: fewCount };
export const hundredStopped = { ...stoppedOnes(stoppedCount), count: stoppedCount };
