/** What gives way is kept, also when several things give way in one second. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { ownFolder } from "../../../daemon/platform/folders/aside";
import { keptName } from "../../../daemon/platform/folders/kept-name";

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-kept-"));
  context.after(() => rmSync(folder, { recursive: true }));
  context.mock.timers.enable({ apis: ["Date"], now: Date.UTC(2026, 0, 2, 3, 4, 5) });
  return folder;
}

test("three things that are put aside in one second are all there afterwards", (context) => {
  const folder = folderOf(context);
  const place = path.join(folder, "logs");
  writeFileSync(place, "first");
  ownFolder(undefined, place, 0o700);
  rmSync(place, { recursive: true });
  symlinkSync("nowhere", place);
  ownFolder(undefined, place, 0o700);
  rmSync(place, { recursive: true });
  writeFileSync(place, "third");
  ownFolder(undefined, place, 0o700);
  const stamp = "logs.aside-2026-01-02T03-04-05Z";
  assert.deepEqual(readdirSync(folder).sort(), ["logs", stamp, `${stamp}-2`, `${stamp}-3`]);
  assert.equal(readFileSync(path.join(folder, stamp), "utf8"), "first");
  assert.equal(readFileSync(path.join(folder, `${stamp}-3`), "utf8"), "third");
});

test("a name is taken when only a file beside it has it", (context) => {
  const folder = folderOf(context);
  const file = path.join(folder, "bothy.db");
  const name = `${file}.unusable-2026-01-02T03-04-05Z`;
  assert.equal(keptName(file, ".unusable-", ["", "-wal"]), name);
  mkdirSync(`${name}-wal`);
  assert.equal(keptName(file, ".unusable-", ["", "-wal"]), `${name}-2`);
});
