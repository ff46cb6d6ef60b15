import assert from "node:assert/strict";
import { test } from "node:test";
import { loadSetup } from "../../setup/load";

const { isAtLeast, parseVersion } = loadSetup<{
  isAtLeast(text: string, minimum: string): boolean;
  parseVersion(text: string): number[] | undefined;
}>("version");
const { isGoodEnough } = loadSetup<{ isGoodEnough(version: string, purpose: string): boolean }>("node");

test("versions are read as programs print them", () => {
  assert.deepEqual(parseVersion("v24.21.0"), [24, 21, 0]);
  assert.deepEqual(parseVersion("go1.26.8\n"), [1, 26, 8]);
  assert.deepEqual(parseVersion("go1.26"), [1, 26, 0]);
  assert.deepEqual(parseVersion("v3.250.0-dev+abc"), [3, 250, 0]);
  assert.equal(parseVersion("unknown"), undefined);
});

test("versions are compared by number, not by letter", () => {
  assert.ok(isAtLeast("3.250.0", "3.99.1"));
  assert.ok(isAtLeast("3.250.0", "3.250.0"));
  assert.ok(!isAtLeast("3.249.9", "3.250.0"));
  assert.ok(!isAtLeast("", "3.250.0"));
});

test("a Node that is new enough runs the demo, an older one does not", () => {
  assert.ok(isGoodEnough("v22.19.0", "run"));
  assert.ok(isGoodEnough("v24.0.0", "run"));
  assert.ok(!isGoodEnough("v22.18.9", "run"));
  assert.ok(!isGoodEnough("v20.20.2", "run"));
});

test("tests and releases run on the pinned Node whatever the machine has", () => {
  assert.ok(!isGoodEnough("v24.0.0", "test"));
  assert.ok(!isGoodEnough("v24.0.0", "release"));
});
