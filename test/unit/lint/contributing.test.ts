/** CONTRIBUTING.md names every place that a new kind goes into: read from the imports of kinds that are there. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../../sdk/host/package";

const textOf = (file: string) => readFileSync(path.join(packageRoot, file), "utf8");

/** Files that the section names, with a kind in the place of <kind>. */
function namedFor(kind: string): string[] {
  const [, section = ""] = /^## A new kind\n(.*?)^## /ms.exec(textOf("CONTRIBUTING.md")) ?? [];
  return [...section.matchAll(/`([\w./{},<>-]+\.ts)`/g)]
    .map(([, file = ""]) => file.replaceAll("<kind>", kind))
    .flatMap((file) => {
      const [, choices] = /\{(.*)\}/.exec(file) ?? [];
      return choices === undefined ? [file] : choices.split(",").map((one) => file.replace(/\{.*\}/, one));
    });
}

const sources = globSync("{cli,daemon,provider,scripts,sdk}/**/*.ts", { cwd: packageRoot }).sort();

/** Whether a file belongs to a kind, by its folder or its name. */
const isOf = (kind: string, file: string) =>
  file.startsWith(`daemon/kinds/${kind}/`) || new RegExp(`^${kind}(?:-.*)?\\.ts$`).test(path.basename(file));

/** Files that import a kind's own and are none of them. Other kinds of the daemon use it by its ports, and list nothing. */
function importersOf(kind: string): string[] {
  const isImported = (from: string, file: string) => isOf(kind, path.join(path.dirname(file), `${from}.ts`));
  return sources.filter(
    (file) =>
      !isOf(kind, file) &&
      !["daemon/kinds/", "daemon/ports/"].some((room) => file.startsWith(room)) &&
      [...textOf(file).matchAll(/ from "(\.[^"]+)";$/gm)].some(([, from = ""]) => isImported(from, file)),
  );
}

/** What uses a kind for what it does: a container is given its profiles, a volume lies in a pool. */
const uses: Readonly<Record<string, readonly string[]>> = {
  profile: ["provider/dynamic/container.ts", "provider/dynamic/device.ts"],
  project: ["daemon/on-their-own.ts", "provider/dynamic/network-peer.ts"],
  "storage-pool": [
    "provider/dynamic/backup.ts",
    "provider/dynamic/storage-bucket-key.ts",
    "provider/dynamic/storage-bucket.ts",
    "provider/dynamic/storage-volume.ts",
  ],
};

for (const [kind, users] of Object.entries(uses))
  test(`the kind ${kind} stands in no list that CONTRIBUTING.md does not name`, () => {
    const named = namedFor(kind);
    assert.ok(named.length > 10, `${named.length} files are named`);
    assert.deepEqual(
      importersOf(kind).filter((file) => !named.includes(file) && !users.includes(file)),
      [],
    );
  });

test("what CONTRIBUTING.md names for a new kind is there for the kind profile", () => {
  const missing = namedFor("profile").filter((file) => !sources.includes(file));
  assert.deepEqual(missing, []);
});
