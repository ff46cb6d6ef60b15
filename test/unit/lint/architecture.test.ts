/** Every path and name that the architecture page cites exists. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../../sdk/host/package";

const page = readFileSync(path.join(packageRoot, "docs", "architecture.md"), "utf8");
const cited = [...page.matchAll(/`([a-z][\w./-]*\.(?:ts|js|c|h|md|yaml|json))(?:#([\w$]+))?`/g)];

test("the architecture page cites files and names", () => {
  assert.ok(cited.length > 40, `${cited.length} citations found`);
});

for (const [whole, file = "", name] of cited)
  test(`${whole} exists`, () => {
    const full = path.join(packageRoot, file);
    assert.ok(existsSync(full), `there is no file ${file}`);
    if (name === undefined) return;
    const text = readFileSync(full, "utf8");
    const declared = `(?:function|class|const|interface|type)\\s+${name}\\b`;
    const method = `^\\s+(?:async\\s+)?${name}\\(`;
    const inC = `^\\w[\\w\\s*]*\\b${name}(?:\\(|\\[)`;
    const isDefined = new RegExp(`${declared}|${method}|${inC}`, "m");
    assert.match(text, isDefined, `${file} does not define ${name}`);
  });
