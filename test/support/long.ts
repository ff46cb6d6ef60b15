/**
 * Long: what `npm test` has no time for and `npm run test:long` does. A test that repeats one thing over many places (each
 * step at which something is killed, each form of a hostile file) takes a spread of them in `npm test`; a test that is
 * long by nature, and has a short one beside it, is left to `npm run test:long`.
 */
import { requireFeature } from "./require";

/** Whether everything is tried. */
export const isLong = process.env.BOTHY_TEST_LONG === "1";

/** The reason why a test is left to `npm run test:long`, or false when that runs. */
export const onlyLong = (): string | false =>
  requireFeature("long", isLong) && "it takes long: npm run test:long runs it";

/**
 * The same ones on each run, so that a failure comes again.
 * @param count how many `npm test` takes, 1 or more
 * @returns all in `npm run test:long`; else so many of them, evenly spread, the first and the last among them
 */
export function spread<T>(all: readonly T[], count: number): T[] {
  if (isLong || all.length <= count) return [...all];
  const step = count === 1 ? 0 : (all.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, index) => all[Math.round(index * step)] as T);
}
