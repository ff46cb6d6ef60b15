/** What a program or a client may set is named by a test that shows what it does. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import * as z from "zod";
import { unwrap } from "../../../provider/core/engine/check";
import { cores } from "../../../provider/core/kinds/cores";
import { instanceKeys } from "../../../sdk/api/config/instance";
import { networkKeys } from "../../../sdk/api/config/network";
import { storagePoolKeys } from "../../../sdk/api/config/storage-pool";
import type { KeyTable } from "../../../sdk/api/config/table";
import { deviceTypes } from "../../../sdk/api/devices/types";
import { packageRoot } from "../../../sdk/host/package";

const tests = globSync("test/**/*.ts", { cwd: packageRoot, exclude: ["test/unit/lint"] }).map((file) =>
  readFileSync(path.join(packageRoot, file), "utf8"),
);

/** Those that no test names as a property or in quotes. A pattern of keys, such as "user.*", is named by any key of it. */
const unnamed = (names: readonly string[]): string[] =>
  names.filter((name) => {
    const word = name.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replace("*", "[\\w./-]+");
    const asProperty = /^\w+$/.test(name) ? `|\\b${word}(?::|\\b(?=[,}\\s]))` : "";
    const isNamed = new RegExp(`["'\`\\s]${word}["'\`=:]${asProperty}`);
    return !tests.some((text) => isNamed.test(text));
  });

/** Names of the properties of an object type, those of the objects within it by their path. */
function inputsOf(schema: z.ZodType | undefined): string[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodRecord) return inputsOf(inner.valueType as z.ZodType);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape).flatMap(([name, field]) => [name, ...inputsOf(field as z.ZodType)]);
}

for (const core of cores)
  test(`every input of ${core.type} is named by a test`, () => {
    assert.deepEqual(unnamed([...new Set(inputsOf(core.inputs))]), []);
  });

const tables: Readonly<Record<string, KeyTable>> = {
  instances: instanceKeys,
  networks: networkKeys,
  "storage pools": Object.assign({}, ...Object.values(storagePoolKeys)),
};

for (const [kind, table] of Object.entries(tables))
  test(`every configuration key of ${kind} is named by a test`, () => {
    assert.deepEqual(unnamed(Object.keys(table)), []);
  });

test("every option of a device is named by a test", () => {
  const options = Object.values(deviceTypes).flatMap((type) => Object.keys(type.options));
  assert.deepEqual(unnamed([...new Set(options)]), []);
});
