/** The YAML that backups are told in reads back as what was written, by YAML 1.1 and 1.2, whatever the texts are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "yaml";
import { yamlText } from "../../../daemon/kinds/backup/format/yaml";

const texts = [
  ..."yes|no|on|off|y|N|true|NULL|~||0x1f|1e3|20.10|0o7|1_000|12:30:45|2026-11-26|-|- a|a: b|a #b|[a]|{a}|&a|*a|!a|%a|@a|`a|'a'|\"a\"|a\\b".split(
    "|",
  ),
  "a\nb\n",
  " lead and trail ",
  "tab\tand\u0007bell",
  "Ü 🐚 \u2028\u0085\u007f\ufeff",
  '[{"Isuid":true}]',
  "/1.0/x",
  "b/c_d-e.f",
];

test("every text, key, list and map is read back as it was", () => {
  const value = {
    texts,
    keys: Object.fromEntries(texts.map((text, index) => [text || "empty", `v${index}`])),
    number: -1,
    yes: true,
    empty: {},
    none: [],
    list: [{ name: "a", inner: { deep: ["x"] }, more: [{}, { b: "c" }] }, "text", ["nested", "list"], []],
  };
  for (const version of ["1.1", "1.2"] as const)
    assert.deepEqual(
      parse(yamlText(value as Parameters<typeof yamlText>[0]), { version, merge: false }),
      value,
      version,
    );
});
