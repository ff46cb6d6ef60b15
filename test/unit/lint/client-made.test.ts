/** The client's calls that every kind has are what the definitions make; npm run gen writes them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { clientCallFiles } from "../../../scripts/client-calls";
import { formatted } from "../../../scripts/formatted";
import { packageRoot } from "../../../sdk/host/package";

for (const [file, text] of clientCallFiles())
  test(`${file} is what its definition makes`, () => {
    assert.equal(readFileSync(path.join(packageRoot, file), "utf8"), formatted(file, text));
  });
