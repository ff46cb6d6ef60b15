import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { replacingInputs } from "../../../provider/core/engine/inputs";
import { cores } from "../../../provider/core/kinds/cores";
import { packageSchema } from "../../../provider/schema/package";
import { configTypesText } from "../../../scripts/config-types";
import { formatted } from "../../../scripts/formatted";
import { nativeClassesText } from "../../../scripts/native-classes";
import { schemaText } from "../../../scripts/schema/text";
import { repository } from "../../provider/support/program";

test("schema.json is what the definitions make; npm run gen writes it", () => {
  assert.equal(readFileSync(path.join(repository, "schema.json"), "utf8"), schemaText());
});

test("the typed keys are those of the tables; npm run gen writes them", () => {
  const file = path.join(repository, "provider/dynamic/config-keys.ts");
  assert.equal(readFileSync(file, "utf8"), configTypesText(), "run npm run gen");
});

test("the classes of bothy/native are those of the schema; npm run gen writes them", () => {
  const file = "provider/native/index.ts";
  const text = readFileSync(path.join(repository, file), "utf8");
  assert.equal(text, formatted(file, nativeClassesText()), "run npm run gen");
});

test("docs/provider.md names the inputs of each kind whose change asks for another object", () => {
  const page = readFileSync(path.join(repository, "docs/provider.md"), "utf8");
  for (const core of cores) {
    const row = new RegExp(`^\\| \`${core.type}\` \\|.*\\|([^|]*)\\|$`, "m").exec(page)?.[1] ?? "";
    const isInput = (name: string) => name in core.inputs.shape;
    const named = [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name!).filter(isInput);
    const replacing = replacingInputs(core.inputs).filter((name) => name !== "endpoint");
    assert.deepEqual(named.sort(), replacing.sort(), core.type);
  }
});

test("every input and every output of every kind is described", () => {
  const { resources, types } = packageSchema();
  assert.equal(Object.keys(resources).length, cores.length);
  const described = [
    ...Object.entries(resources).flatMap(([token, { inputProperties, properties }]) => [
      ...Object.entries(inputProperties).map(([name, spec]) => [`${token}.${name}`, spec.description]),
      ...Object.entries(properties).map(([name, spec]) => [`${token}.${name}`, spec.description]),
    ]),
    ...Object.entries(types).flatMap(([token, { properties }]) =>
      Object.entries(properties).map(([name, spec]) => [`${token}.${name}`, spec.description]),
    ),
  ];
  assert.deepEqual(
    described.filter(([, description]) => !description).map(([name]) => name),
    [],
  );
});

test("every reference of the schema leads to a type", () => {
  const schema = packageSchema();
  const references = [...JSON.stringify(schema).matchAll(/"#\/types\/([^"]+)"/g)].map(([, token]) => token!);
  assert.ok(references.length > 0);
  for (const token of references) assert.ok(token in schema.types, token);
});

test("packages of other languages are called bothy, and none has a name of Pulumi's own", () => {
  const { csharp, go, java, nodejs, python } = packageSchema().language;
  const names = [csharp.rootNamespace, go.importBasePath, java.basePackage, nodejs.packageName, python.packageName];
  assert.deepEqual(
    names.filter((name) => /pulumi|example/i.test(name)),
    [],
  );
  assert.match([go.importBasePath, nodejs.packageName, python.packageName].join(" "), /^(bothy\S*( |$)){3}$/);
});
