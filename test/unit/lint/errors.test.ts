/** docs/errors.md is what the table of codes says. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { errorPage } from "../../../scripts/error-page";
import { packageRoot } from "../../../sdk/host/package";

test("the page of error codes is fresh", () => {
  const page = readFileSync(path.join(packageRoot, "docs", "errors.md"), "utf8");
  assert.equal(page, errorPage(), 'run "npm run gen"');
});
