import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { test } from "node:test";
import { repository } from "../../provider/support/program";

/** Loads a module of the package in a process that claims to be an old Node. */
function load(module: string) {
  const claim = 'Object.defineProperty(process.versions, "node", { value: "20.19.0" })';
  const file = JSON.stringify(path.join(repository, "dist", module));
  return spawnSync(process.execPath, ["-e", `${claim}; require(${file})`], { encoding: "utf8" });
}

for (const module of ["provider/index.js", "bundle/dynamic-entry/entry.js"])
  test(`an old Node is named by ${module}, with what to do`, () => {
    const { status, stderr } = load(module);
    assert.equal(status, 1);
    assert.match(stderr, /Error: Cannot run bothy on Node 20\.19\.0: it needs Node 22\.19 or newer\. Put a newer node/);
  });
