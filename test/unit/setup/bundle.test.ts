/** The bundle: what the daemon starts as a process of its own is a file of it. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../../sdk/host/package";

const read = (file: string) => readFileSync(path.join(packageRoot, file), "utf8");

test("each program that the daemon starts from beside its own code is in the bundle", () => {
  const started = globSync("daemon/**/*.ts", { cwd: packageRoot }).flatMap((file) =>
    [...read(file).matchAll(/__dirname, "([\w-]+)\.js"/g)].map(([, name = ""]) => [name, path.dirname(file)] as const),
  );
  assert.ok(started.length >= 3);
  const recipe = read("scripts/setup/bundle.js");
  const missing = started.filter(([name, folder]) => !recipe.includes(`"${name}": "${folder}/${name}.ts"`));
  assert.deepEqual(missing, []);
});
