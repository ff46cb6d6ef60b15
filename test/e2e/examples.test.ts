/** The examples as their readers' editors see them: each compiles strictly against the package's own types. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { repository } from "../../scripts/scene/program";

const compiler = path.join(repository, "node_modules/typescript/bin/tsc");

for (const config of globSync("examples/*/tsconfig.json", { cwd: repository }).sort())
  test(`${path.dirname(config)} compiles`, () => {
    const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", config], {
      cwd: repository,
      encoding: "utf8",
    });
    assert.equal(status, 0, stdout);
  });
