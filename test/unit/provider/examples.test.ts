/** The examples of schema.json and docs/resources: one program for each kind, written in each language. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { cores } from "../../../provider/core/kinds/cores";
import { resourcePages } from "../../../scripts/resource-pages";
import { exampleOf, type Language } from "../../../scripts/schema/text";
import { programFolder, repository } from "../../provider/support/program";
import { requireFeature } from "../../support/require";

const kinds = cores.map(({ type }) => type);

function withFiles(language: Language, ending: string, work: (folder: string) => void): void {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-examples-"));
  try {
    for (const type of kinds) writeFileSync(path.join(folder, `${type}.${ending}`), exampleOf(type, language));
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("docs/resources has what the definitions make; npm run gen writes it", () => {
  const folder = path.join(repository, "docs/resources");
  const pages = resourcePages();
  assert.deepEqual(globSync("*", { cwd: folder }).sort(), Object.keys(pages).sort());
  for (const [name, text] of Object.entries(pages))
    assert.equal(readFileSync(path.join(folder, name), "utf8"), text, name);
});

test("schema.json has each kind's example in each language, between the marks that Pulumi's generators know", () => {
  const { resources } = JSON.parse(readFileSync(path.join(repository, "schema.json"), "utf8"));
  for (const type of kinds) {
    const { description } = resources[`bothy:index:${type}`];
    const languages = [...description.matchAll(/^```(\w+)$/gm)].map(([, language]) => language);
    assert.deepEqual(languages, ["typescript", "python", "go", "yaml"], type);
    assert.match(
      description,
      /{{% examples %}}\n## Example Usage\n\n{{% example %}}\n[\s\S]*{{% \/example %}}\n{{% \/examples %}}$/,
    );
  }
});

test("each example in YAML makes its kind, and refers to nothing that it has not", () => {
  for (const type of kinds) {
    const text = exampleOf(type, "yaml");
    const { resources } = parse(text) as { resources: Record<string, { type: string }> };
    assert.ok(
      Object.values(resources).some((one) => one.type === `bothy:${type}`),
      type,
    );
    for (const [, name = ""] of text.matchAll(/\$\{(\w+)/g)) assert.ok(name in resources, `${type}: ${name}`);
  }
});

test("TypeScript takes each example", () => {
  using folder = programFolder();
  for (const type of kinds) writeFileSync(path.join(folder.path, `${type}.ts`), exampleOf(type, "typescript"));
  const compiler = path.join(repository, "node_modules/typescript-7/bin/tsc");
  const words = ["--noEmit", "--strict", "--skipLibCheck", "--types", "", "--target", "es2022", "--module", "nodenext"];
  execFileSync(process.execPath, [compiler, ...words, ...kinds.map((type) => `${type}.ts`)], {
    cwd: folder.path,
    stdio: "inherit",
  });
});

test("Python reads each example", () =>
  withFiles("python", "py", (folder) => {
    const program = "import sys\nfor name in sys.argv[1:]: compile(open(name).read(), name, 'exec')";
    execFileSync("python3", ["-c", program, ...kinds.map((type) => path.join(folder, `${type}.py`))]);
  }));

const hasGofmt = spawnSync("gofmt", ["-h"]).error === undefined;

test("each example in Go is as gofmt has it", { skip: requireFeature("gofmt", hasGofmt) }, () =>
  withFiles("go", "go", (folder) =>
    assert.equal(execFileSync("gofmt", ["-l", folder], { encoding: "utf8" }), "", "gofmt would write these otherwise"),
  ),
);
