/** What the typed client can do is shown by a test: each of its calls is made by one. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../../sdk/host/package";
import { Client } from "../../../sdk/index";

const tests = globSync("test/**/*.ts", { cwd: packageRoot, exclude: ["test/unit/lint"] }).map((file) =>
  readFileSync(path.join(packageRoot, file), "utf8"),
);

test("every call of the client is named by a test", async () => {
  await using client = new Client({ endpoint: "/nobody/listens/here" });
  const calls = Object.entries(client).flatMap(([name, call]) => (typeof call === "function" ? [name] : []));
  assert.ok(calls.includes("getServer") && calls.includes("events"), "the calls are found");
  const isNamed = (name: string) => tests.some((text) => new RegExp(`\\bclient\\s*\\.${name}\\b`).test(text));
  assert.deepEqual(
    calls.filter((name) => !isNamed(name)),
    [],
  );
});
