/** docs/security.md says what test/isolation tries, and each test that it names is there. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { securityPage } from "../../../scripts/security-page";
import { packageRoot } from "../../../sdk/host/package";
import { holes } from "../../isolation/holes";
import { tries } from "../../isolation/tries";

const textOf = (...parts: string[]) => readFileSync(path.join(packageRoot, ...parts), "utf8");

test("the tables of docs/security.md are fresh", () => {
  const page = textOf("docs", "security.md");
  assert.equal(page, securityPage(page), 'run "npm run gen"');
});

test("every test that the list of holes names is there", () => {
  for (const { cve, test: named } of holes) {
    if (named === undefined) continue;
    const [file, title] = named;
    assert.ok(textOf("test", file).includes(title), `${cve}: ${file} has no test "${title}"`);
  }
});

test("the program of tries and its table name the same tries", () => {
  const source = textOf("test", "isolation", "guest", "tries.c");
  const inSource = [...source.matchAll(/\bTRY\((\w+)\)/g)].map(([, name]) => name).filter((name) => name !== "name");
  assert.deepEqual(inSource.sort(), tries.map(({ name }) => name).sort());
});
