import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { loadSetup, repository } from "./load";

const page = readFileSync(join(repository, "docs/dependencies.md"), "utf8");

/** The names in the first column of the page's tables. */
const explained = page
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .flatMap((line) => [...(line.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map((match) => match[1]));

test("docs/dependencies.md explains each npm and Debian dependency, and no other", () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"));
  const { PACKAGES } = loadSetup<{ PACKAGES: object }>("debian");
  const used = [dependencies, devDependencies, PACKAGES].flatMap((table) => Object.keys(table));
  assert.deepEqual([...explained].sort(), used.sort());
});

test("docs/dependencies.md names the engine version that set-up brings", () => {
  assert.ok(page.includes(loadSetup<{ ENGINE_VERSION: string }>("engine").ENGINE_VERSION));
  const { hostFolder } = loadSetup<{ hostFolder(context: object): string }>("yaml-host");
  assert.ok(page.includes(`\`pulumi-language-yaml\` ${basename(hostFolder({ root: repository, cache: "/" }))}`));
});

test("docs/dependencies.md names the versions by which programs of other languages run and packages for them are made", () => {
  const versionOf = (file: string, name: RegExp) =>
    name.exec(readFileSync(join(repository, file), "utf8"))?.[1] ?? file;
  const sdkGen = "scripts/sdk-gen/go.mod";
  for (const told of [
    `sdk module ${versionOf("scripts/engine/language-hosts/go.mod", /pulumi\/sdk\/v3 v(\S+)/)}`,
    `Pulumi ${versionOf("scripts/toolchain/pulumi-python.txt", /^pulumi==(\S+)/m)} from PyPI`,
    `\`github.com/pulumi/pulumi/pkg/v3\` ${versionOf(sdkGen, /pulumi\/pkg\/v3 v(\S+)/)}`,
    `\`github.com/pulumi/pulumi-java\` ${versionOf(sdkGen, /pulumi-java v(\S+)/)}`,
  ])
    assert.ok(page.includes(told), told);
});
