/** The reader of metadata.yaml: keys are unique in each map, however many there are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { readYaml } from "../../../daemon/kinds/image/archive/metadata-yaml";

test("a key that stands twice in one map is refused with its place, in block and in flow", () => {
  assert.throws(() => readYaml("a: 1\nb: 2\na: 3\n"), {
    code: "BAD_REQUEST",
    message: /metadata\.yaml is no YAML: Map keys must be unique at line 3, column 1\. Correct it\./,
  });
  assert.throws(() => readYaml("x: {k: 1, j: 2, k: 3}"), /Map keys must be unique at line 1, column 17/);
  assert.throws(() => readYaml("? [a]\n: {k: 1, k: 2}\n"), /Map keys must be unique/);
  assert.deepEqual(readYaml("a: {k: 1}\nb: {k: 2}\n"), { a: { k: "1" }, b: { k: "2" } });
});

test("a map of a hundred thousand keys is read", () => {
  const text = Array.from({ length: 100_000 }, (_, index) => `k${index}: ${index}`).join("\n");
  assert.equal(Object.keys(readYaml(text) as object).length, 100_000);
});
