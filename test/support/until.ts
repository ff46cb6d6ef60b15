/** Until: what a guest or the kernel does takes its time. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { slowness } from "./slowness";

const longestMs = 60_000 * slowness;

/** Looks again until it holds. @throws AssertionError when it does not in a minute, which a busy machine may need half of, or longer on a slow one */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + longestMs; !(await holds()); await delay(20))
    assert.ok(Date.now() < end, "it came to hold");
}
