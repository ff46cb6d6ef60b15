/** The examples as their readers' editors see them: each compiles strictly against the package's own types. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { repository } from "../../scripts/scene/program";

const compiler = path.join(repository, "node_modules/typescript/bin/tsc");

interface Config {
  readonly compilerOptions: Readonly<Record<string, string | boolean | readonly string[]>>;
  readonly files: readonly string[];
}

/** Files of the examples by the compiler's options: those of the same ones are compiled in one run, of which the package's types are most. */
const groups = new Map<string, string[]>();
for (const name of globSync("examples/*/tsconfig.json", { cwd: repository }).sort()) {
  const { compilerOptions, files } = JSON.parse(readFileSync(path.join(repository, name), "utf8")) as Config;
  const options = Object.entries(compilerOptions).flatMap(([option, value]) => [`--${option}`, String(value)]);
  const key = JSON.stringify(options);
  const known = groups.get(key) ?? [];
  groups.set(key, [...known, ...files.map((file) => path.join(path.dirname(name), file))]);
}

for (const [options, files] of groups)
  test(`${files.join(", ")} compile`, () => {
    const words = [compiler, ...(JSON.parse(options) as string[]), ...files];
    const { status, stdout } = spawnSync(process.execPath, words, { cwd: repository, encoding: "utf8" });
    assert.equal(status, 0, stdout);
  });
