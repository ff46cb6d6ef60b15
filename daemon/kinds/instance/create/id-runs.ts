/**
 * Id runs: the ids of the host that containers get, in ranges of 65,536. A container has one; a container that nests has a run of them. Runs lie in the
 * upper half, and begin where no other container's range does, so a base tells which of the two it is.
 */
import { internal } from "../../../../sdk/api/errors";
import { rangeSize } from "../../../../sdk/host/own-ids";

/** Above what systemd-nspawn (up to 0x6fffffff) and LXD's default (from 1,000,000) give out; below 2^31, which some programs take for negative. */
const firstBase = 0x70000000;
const rangeCount = 4096;
const runLength = 16;
const firstRun = rangeCount / 2;

/** Ids of a container that nests: some sixteen deep, or users with subordinate ids of their own. */
export const runSize = runLength * rangeSize;

const baseAt = (index: number): number => firstBase + index * rangeSize;

const isRunStart = (index: number): boolean => index >= firstRun && index < rangeCount && index % runLength === 0;

/** Whether a base is that of a run. */
export const isRun = (base: number): boolean => isRunStart((base - firstBase) / rangeSize);

/** Whether a range is somebody's, be it as a part of a run. */
const isTaken = (bases: ReadonlySet<number>, index: number): boolean =>
  bases.has(baseAt(index)) || (index >= firstRun && bases.has(baseAt(index - (index % runLength))));

/** @returns the first number below a count that holds, counted from one on and around */
function firstAround(count: number, from: number, holds: (number: number) => boolean): number | undefined {
  for (let step = 0; step < count; step += 1) {
    const number = (from + step) % count;
    if (holds(number)) return number;
  }
  return undefined;
}

/**
 * @param bases of ranges and runs in use
 * @param seed any number; daemons on one host differ by it, so that their containers are unlikely to share ids
 * @returns the first free range's base, counted from the seed on, and in the place of runs only when nothing else is left
 */
export function allocateBase(bases: ReadonlySet<number>, seed: number): number {
  const isFree = (index: number) => !isRunStart(index) && !isTaken(bases, index);
  const lower = firstAround(firstRun, seed, isFree);
  if (lower !== undefined) return baseAt(lower);
  const upper = firstAround(rangeCount - firstRun, seed, (index) => isFree(firstRun + index));
  if (upper !== undefined) return baseAt(firstRun + upper);
  throw internal("Cannot create instance: all ranges of host ids are in use. Delete an instance.");
}

/** @returns the first free run's base, as allocateBase does */
export function allocateRun(bases: ReadonlySet<number>, seed: number): number {
  const startOf = (run: number) => firstRun + run * runLength;
  const isUsed = (run: number) => firstAround(runLength, 0, (index) => bases.has(baseAt(startOf(run) + index)));
  const found = firstAround((rangeCount - firstRun) / runLength, seed, (run) => isUsed(run) === undefined);
  if (found !== undefined) return baseAt(startOf(found));
  throw internal(
    "Cannot start instance: all runs of host ids for containers with security.nesting are in use. Delete such an instance.",
  );
}
