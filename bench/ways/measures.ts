/** What is measured of ways between containers, beside the same without Bothy. */
import type { Measured, Sampler } from "../measures/measure";
import type { Subject } from "../subject";
import { port, withWaysBetween } from "./between";
import { asked, withWaysToNames } from "./names";
import type { Way } from "./way";

/** Runs the work with the ways that are compared, ours first. */
export type WithWays = <T>(
  own: Subject,
  pool: string,
  wire: string,
  work: (ways: readonly Way[]) => Promise<T>,
) => Promise<T>;

export interface WayMeasure extends Measured {
  /** Measures that follow one another with the same share their ways. */
  readonly ways: WithWays;
  readonly round: (way: Way, sampler: Sampler) => Promise<void>;
}

const mebibytes = 1024;
const turns = 5000;
/** In all rounds fewer than a network may ask in a row: 2000, and then 1000 in a second (daemon/kinds/network/egress/rules.ts). */
const questions = 100;
/** Within 5 % of the bare way. */
const nearly = 1.05;

export const wayMeasures: readonly WayMeasure[] = [
  {
    name: "way-bytes",
    unit: "ms",
    title: `${mebibytes} MiB by TCP from container to container`,
    target: nearly,
    ways: withWaysBetween,
    round: async ({ wire }, { take }) => take((await wire("send", port, mebibytes)) / 1000),
  },
  {
    name: "way-turns",
    unit: "µs",
    title: "a byte by TCP to another container and back",
    target: nearly,
    ways: withWaysBetween,
    round: async ({ wire }, { take }) => take(await wire("turns", port, turns)),
  },
  {
    name: "way-names",
    unit: "µs",
    title: "answer to a cached question of a container, with security.egress.allow",
    ways: withWaysToNames,
    round: async ({ wire }, { take }) => take(await wire("ask", asked, questions)),
  },
];
