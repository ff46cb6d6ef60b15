/** The unit tests in C. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { nativeDir } from "./client";

test("make check passes: pure parts, the parser under random requests, both ways to an overlay", () => {
  const result = spawnSync("make", ["-s", "-C", nativeDir, "check"], { encoding: "utf8" });
  assert.doesNotMatch(result.stdout, /^not ok/m);
  assert.equal(result.status, 0, result.stdout + result.stderr);
});

test("the readers of requests and of commands take the corpus of their fuzzers, cut and changed at every byte", () => {
  const result = spawnSync("make", ["-s", "-C", nativeDir, "replay"], { encoding: "utf8" });
  assert.equal(result.status, 0, result.stdout + result.stderr);
  assert.match(result.stdout, /^\d{3,} inputs of \d+ files$/m);
});
