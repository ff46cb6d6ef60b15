/** The guard against guessing: by address, longer each time, in bounded memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Guard } from "../../../daemon/kinds/certificate/guard";

const bounds = { free: 2, firstWaitMs: 1000, longestWaitMs: 10_000, memoryMs: 60_000, addresses: 3 };

function guardAt(now: { ms: number }): Guard {
  return new Guard(bounds, () => now.ms);
}

const waits = (guard: Guard, address: string): boolean => {
  try {
    guard.requireTurn(address);
    return false;
  } catch (error) {
    assert.match((error as Error).message, /^not authorized: too many wrong/);
    return true;
  }
};

test("wrong tries are free at first, and then cost more each time, up to a bound", () => {
  const now = { ms: 1_000_000 };
  const guard = guardAt(now);
  const lasts: number[] = [];
  for (let tries = 0; tries < 9; tries += 1) {
    guard.wrong("10.0.0.1:1000");
    let lasted = 0;
    while (waits(guard, `10.0.0.1:${2000 + tries}`)) {
      now.ms += 500;
      lasted += 500;
    }
    lasts.push(lasted);
  }
  assert.deepEqual(lasts, [0, 0, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
});

test("an address waits for itself alone; a right try, or an hour, forgets it", () => {
  const now = { ms: 0 };
  const guard = guardAt(now);
  for (let tries = 0; tries < 3; tries += 1) guard.wrong("10.0.0.1:1");
  assert.deepEqual([waits(guard, "10.0.0.1:9"), waits(guard, "10.0.0.2:9")], [true, false]);
  guard.right("10.0.0.1:1");
  assert.equal(waits(guard, "10.0.0.1:1"), false);
  for (let tries = 0; tries < 3; tries += 1) guard.wrong("10.0.0.1:1");
  now.ms += bounds.memoryMs + 1;
  guard.wrong("10.0.0.1:1");
  assert.equal(waits(guard, "10.0.0.1:1"), false, "it begins anew");
});

test("of IPv6 the network waits, and the oldest address is forgotten when there are too many", () => {
  const guard = guardAt({ ms: 0 });
  for (let tries = 0; tries < 3; tries += 1) guard.wrong(`[2001:db8:0:1::${tries}]:44`);
  assert.equal(waits(guard, "[2001:db8:0:1:ffff::9]:1"), true);
  assert.equal(waits(guard, "[2001:db8:0:2::9]:1"), false);
  for (const last of [1, 2, 3]) guard.wrong(`10.0.0.${last}:1`);
  assert.equal(guard.size, 3);
  assert.equal(waits(guard, "[2001:db8:0:1::1]:1"), false);
});
