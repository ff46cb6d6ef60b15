/** What Pulumi makes of schema.json: packages for programs in other languages, and the refusal of a schema that is wrong. */
import assert from "node:assert/strict";
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { cores } from "../../provider/core/kinds/cores";
import { sdkGenerator, writeSdks } from "../../scripts/scene/sdks";
import { requireFeature } from "../support/require";
import { repository } from "./support/program";

const skip = requireFeature("pulumi-languages", sdkGenerator() !== undefined);

function withFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-sdks-"));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Where a language has its class of a kind. */
const classOf: Record<string, (type: string) => RegExp> = {
  go: (type) => new RegExp(`^func New${type}\\(`, "m"),
  java: (type) => new RegExp(`^public class ${type} extends `, "m"),
  nodejs: (type) => new RegExp(`^export class ${type} extends `, "m"),
  python: (type) => new RegExp(`^class ${type}\\(pulumi\\.CustomResource\\)`, "m"),
};

test("each language gets a package with every kind, in the place of what was there", { skip }, () =>
  withFolder((folder) => {
    writeFileSync(path.join(folder, "other"), "");
    writeSdks(folder);
    for (const [language, pattern] of Object.entries(classOf)) {
      const files = globSync("**/*.{go,java,ts,py}", { cwd: path.join(folder, language) });
      const text = files.map((name) => readFileSync(path.join(folder, language, name), "utf8")).join("\n");
      assert.deepEqual(
        cores.map(({ type }) => type).filter((type) => !pattern(type).test(text)),
        [],
        language,
      );
    }
    const stale = path.join(folder, "go/stale.go");
    writeFileSync(stale, "package stale\n");
    writeSdks(folder, ["go"]);
    assert.deepEqual(globSync("*", { cwd: folder }).sort(), ["go", "java", "nodejs", "other", "python"]);
    assert.deepEqual(globSync("go/stale.go", { cwd: folder }), []);
  }),
);

test(
  "a schema that Pulumi would not take is refused with all that is wrong, and a language that nobody writes",
  { skip },
  () =>
    withFolder((folder) => {
      const schema = JSON.parse(readFileSync(path.join(repository, "schema.json"), "utf8"));
      const { inputProperties } = schema.resources["bothy:index:Profile"];
      inputProperties.config = { $ref: "#/types/bothy:index:Nothing" };
      inputProperties.devices = { type: "text" };
      const file = path.join(folder, "schema.json");
      writeFileSync(file, JSON.stringify(schema));
      // In no order of its own.
      for (const wrong of [/Nothing.* not found/, /unknown type kind text/])
        assert.throws(() => writeSdks(folder, ["go"], file), wrong);
      assert.throws(() => writeSdks(folder, ["cobol"]), /"cobol": the languages are go, java, nodejs, python\./);
      assert.deepEqual(globSync("*", { cwd: folder }), ["schema.json"]);
    }),
);
