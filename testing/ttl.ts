/** Time to live: how long an environment outlives the last sign of life of its process. */
import { ApiError } from "../sdk";

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** A shorter one would end while a busy machine pauses. */
const leastMs = 5000;
/** What timers can count. */
const mostMs = 24 * 3_600_000;

/** @param text such as "90s", "10m" or "2h" @returns milliseconds @throws ApiError BAD_REQUEST */
export function ttlMs(text: string): number {
  const [, count = "", unit = ""] = /^(\d+)([smh])$/.exec(text) ?? [];
  const ms = Number(count) * (unitsMs[unit] ?? Number.NaN);
  if (ms >= leastMs && ms <= mostMs) return ms;
  throw new ApiError(
    "BAD_REQUEST",
    `Cannot use the time to live "${text}": it must be such as 90s, 10m or 2h, from 5s to 24h.`,
  );
}

/** The time that so many milliseconds from now is, as `expiry.at` has it. */
export const expiryIn = (ms: number): string => new Date(Date.now() + ms).toISOString();
