/**
 * All unit tests in one process, for a run of all tests: of a hundred processes that load the same modules, that is half of the processor time. They leave
 * nothing behind that others would notice; hooks at the top of a file are for all of them.
 */
import { globSync } from "node:fs";
import path from "node:path";

const root = path.resolve(__dirname, "../../..");

// Named by source, so that output of a source that is gone is never run.
for (const name of globSync("test/unit/**/*.test.ts", { cwd: root }).sort())
  require(path.join(root, "dist", name.replace(/\.ts$/, ".js")));
