/** Rules that come at once are loaded together, and one that is wrong is nobody else's trouble. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RuleLoader } from "../../../daemon/kinds/network/rule-loader";

test("what comes while rules are loaded goes in one transaction after them, in its order", async () => {
  const loaded: string[] = [];
  const loader = new RuleLoader(async (input) => {
    await new Promise((resolve) => setImmediate(resolve));
    loaded.push(input);
  });
  await Promise.all(["a", "b", "c", "d"].map((input) => loader.run(input)));
  assert.deepEqual(loaded, ["a", "bcd"]);
  await loader.run("e");
  assert.deepEqual(loaded, ["a", "bcd", "e"], "alone, it does not wait");
});

test("of several that fail together each is loaded for itself, and only the wrong one fails", async () => {
  const loaded: string[] = [];
  const loader = new RuleLoader(async (input) => {
    await new Promise((resolve) => setImmediate(resolve));
    if (input.includes("wrong")) throw new Error(`bad: ${input}`);
    loaded.push(input);
  });
  const outcomes = await Promise.allSettled(["a", "b", "wrong", "c"].map((input) => loader.run(input)));
  assert.deepEqual(
    outcomes.map((one) => (one.status === "rejected" ? (one.reason as Error).message : "done")),
    ["done", "done", "bad: wrong", "done"],
  );
  assert.deepEqual(loaded, ["a", "b", "c"]);
});
