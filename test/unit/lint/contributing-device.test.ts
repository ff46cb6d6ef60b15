/** CONTRIBUTING.md names every place that a new type of devices goes into: read from the types that are there. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { deviceTypes } from "../../../sdk/api/devices/types";
import { packageRoot } from "../../../sdk/host/package";

const textOf = (file: string) => readFileSync(path.join(packageRoot, file), "utf8");
const [, section = ""] = /^## A new device\n(.*?)^## /ms.exec(textOf("CONTRIBUTING.md")) ?? [];
const named = [...section.matchAll(/`([\w./<>-]+\.ts)`/g)].map(([, file = ""]) => file);
const namedFor = (type: string) => named.map((file) => file.replace("<type>", type));

const sources = globSync("{cli,daemon,provider,scripts,sdk}/**/*.ts", { cwd: packageRoot }).sort();

/** Those in which a type stands as a word in quotes: lists and cases by type. */
const filesWith = (type: string) =>
  sources.filter(
    (file) => new RegExp(`"${type}"`).test(textOf(file)) && !/lxd-words|extensions\.ts$|config-keys/.test(file),
  );

/** Types whose names are no other words. A disk and a nic are known where roots and networks are the subject. */
const types = ["proxy", "unix-block"];

for (const type of types)
  test(`the device type ${type} stands in no list that CONTRIBUTING.md does not name`, () => {
    const known = namedFor(type);
    assert.deepEqual(
      // The door to bothy-cell has a verb of that name.
      filesWith(type).filter((file) => !known.includes(file) && !file.startsWith("daemon/platform/native/")),
      [],
    );
  });

test("each type of devices has a file in sdk and daemon", () => {
  for (const type of Object.keys(deviceTypes))
    for (const file of namedFor(type).filter((one) => one.endsWith(`/${type}.ts`)))
      assert.ok(sources.includes(file), `${file} is there`);
  assert.equal(namedFor("proxy").filter((file) => file.endsWith("/proxy.ts")).length, 2);
});
