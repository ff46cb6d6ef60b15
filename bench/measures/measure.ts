/** Measure: what is timed, with the scene that it needs. */
import type { Subject } from "../subject";

/** A subject and one of its pools. */
export interface Column {
  readonly subject: Subject;
  readonly pool: string;
}

export const columnName = ({ subject, pool }: Column): string => `${subject.info.name}/${pool}`;

/** Takes the samples of one column. */
export interface Sampler {
  /** Runs the work and takes the milliseconds that it needs. @param times how often it is done, one after the other; the sample is their mean */
  readonly time: (work: () => Promise<unknown>, times?: number) => Promise<void>;
  readonly take: (value: number) => void;
}

/** What there must be. Measures that follow one another with the same scene share it, since it takes LXD a while to make one. */
export interface Scene {
  readonly make: (column: Column) => Promise<unknown>;
  readonly remove: (column: Column) => Promise<unknown>;
}

/** What a row of the table says of its figures. */
export interface Measured {
  readonly name: string;
  readonly title: string;
  readonly unit: "ms" | "µs" | "KiB";
  /** What to reach on the overlay pool: at most this part of the peer's best median. */
  readonly target?: number;
  /** What to reach on the overlay pool, whatever the peer does: at most so many of the unit. */
  readonly limit?: number;
  /** At most so many rounds: what is slow for the peer. */
  readonly maxRounds?: number;
}

export interface Measure extends Measured {
  /** Whether the pool makes no difference, so that one column a subject is enough. */
  readonly isPoolless?: boolean;
  /** Whether it is too slow to be measured on each of our pools: the peer has all of its own, we have the overlay. */
  readonly isSlow?: boolean;
  /** Whether it can be taken of a subject; of each when absent. */
  readonly isFor?: (subject: Subject) => boolean;
  readonly scene?: Scene;
  /** Takes the samples of one round. */
  readonly round: (column: Column, sampler: Sampler) => Promise<void>;
}
