/** The page of machines says what was shown, of systems that there are. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { pageWith, read } from "../../../scripts/machines/shown";
import { packageRoot } from "../../../sdk/host/package";
import { options } from "../../machines/hardening";
import { systems } from "../../machines/systems";

const page = readFileSync(path.join(packageRoot, "docs/machines.md"), "utf8");

test("the table of docs/machines.md is that of docs/machines.json", () => {
  assert.equal(pageWith(page, read()), page);
});

test("what was shown is of systems that there are, each of which has a template", () => {
  const names = systems.map(({ name }) => name);
  assert.deepEqual(
    [...new Set(read().map(({ system }) => system))].filter((name) => !names.includes(name)),
    [],
  );
  for (const name of names)
    assert.ok(existsSync(path.join(packageRoot, `test/machines/templates/${name}.yaml`)), `templates/${name}.yaml`);
});

test("the page says how many options of units are tried", () => {
  assert.match(page, new RegExp(`a unit with each of ${options.length}, `));
  assert.equal(new Set(options.map(({ option }) => option)).size, options.length);
});
