/** What is measured of runtimes beside each other. The limits are twice what the kernel itself takes for the same (docs/benchmarks.md, How it measures). */

import type { Measured, Sampler } from "../measures/measure";
import { memoryOf } from "../memory";
import type { Runtime } from "./runtime";

/** By which door of Bothy. */
type Door = "api" | "cell";

export interface BesideMeasure extends Measured {
  readonly door: Door;
  readonly isFor?: (runtime: Runtime) => boolean;
  /** Whether the containers run meanwhile; they are stopped otherwise. */
  readonly isRunning: boolean;
  readonly round: (runtime: Runtime, sampler: Sampler) => Promise<void>;
}

const startFloorMs = 1.69;
const execFloorMs = 1.17;

const start = {
  unit: "ms",
  target: 1,
  isRunning: false,
  async round(runtime: Runtime, { time }: Sampler) {
    await time(() => runtime.start());
    await runtime.stop();
  },
} as const;

const exec = {
  unit: "ms",
  target: 1,
  isRunning: true,
  round: (runtime: Runtime, { time }: Sampler) => time(() => runtime.exec()),
} as const;

export const besideMeasures: readonly BesideMeasure[] = [
  { ...start, door: "api", name: "api-start", title: "start of a prepared container, by the API" },
  {
    ...start,
    door: "cell",
    name: "cell-start",
    title: "the same, by bothy-cell alone",
    limit: 2 * startFloorMs,
  },
  { ...exec, door: "api", name: "api-exec", title: "exec of true, by the API" },
  { ...exec, door: "cell", name: "cell-exec", title: "the same, by bothy-cell alone", limit: 2 * execFloorMs },
  {
    door: "api",
    name: "watcher",
    unit: "KiB",
    title: "memory of the process that watches over a container, PSS",
    limit: 100,
    maxRounds: 5,
    isRunning: true,
    isFor: ({ watcher }) => watcher !== undefined,
    async round(runtime, { take }) {
      if (runtime.watcher !== undefined) take(memoryOf([await runtime.watcher()]).pssKiB);
    },
  },
];
