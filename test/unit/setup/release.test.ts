/** The parts of a release that need no compiler. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCalls, checkCell, checkFilter } from "../../../scripts/release/native";
import { changesOf, noteOf } from "../../../scripts/release/notes";
import { refusalOf } from "../../../scripts/release/refusal";

const wish = { asked: undefined, allowDirty: false, allowTag: false };
const tree = { version: "0.2.0", isDirty: false, hasTag: false };

test("a release is refused for another version, a tag that exists, and what is not committed", () => {
  assert.equal(refusalOf(wish, tree), undefined);
  assert.equal(refusalOf({ ...wish, asked: "0.2.0" }, tree), undefined);
  assert.match(
    refusalOf({ ...wish, asked: "0.3.0" }, tree) ?? "",
    /^Cannot release 0\.3\.0: package\.json says 0\.2\.0/,
  );
  assert.match(refusalOf(wish, { ...tree, hasTag: true }) ?? "", /the tag v0\.2\.0 exists/);
  assert.match(refusalOf(wish, { ...tree, isDirty: true }) ?? "", /not committed/);
  const allowed = { ...wish, allowDirty: true, allowTag: true };
  assert.equal(refusalOf(allowed, { ...tree, isDirty: true, hasTag: true }), undefined);
});

test("the note says what the changelog says of the version, or what is unreleased", () => {
  const changelog = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n- Older.\n";
  assert.equal(changesOf(changelog, "0.2.0"), "- New.");
  assert.equal(changesOf(changelog, "0.1.0"), "- Old.\n- Older.");
  assert.throws(() => changesOf("# Changelog\n\n## Unreleased\n", "0.2.0"), /CHANGELOG\.md says nothing/);
  const facts = { commit: "abc", archive: "bothy-0.2.0.tgz", architectures: ["x86_64", "aarch64"], node: ">=22.19" };
  assert.match(
    noteOf({ version: "0.2.0", ...facts }, "- New."),
    /^# Bothy 0\.2\.0\n.*for x86_64 and aarch64.*\n- New\.\n$/s,
  );
});

/** An executable of one segment and one section, as far as it is looked at. */
function elf({ machine = 183, segment = 1, section = 1 } = {}): Buffer {
  const file = Buffer.alloc(64 + 56 + 64);
  file.write("\x7fELF\x02\x01", "latin1");
  file.writeUInt16LE(machine, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeBigUInt64LE(120n, 40);
  for (const [at, value] of [56, 1, 64, 1].entries()) file.writeUInt16LE(value, 54 + at * 2);
  file.writeUInt32LE(segment, 64);
  file.writeUInt32LE(section, 120 + 4);
  return file;
}

test("a bothy-cell of another architecture, with libraries or with symbols is not released", () => {
  checkCell(elf(), "aarch64");
  checkCell(elf({ machine: 62 }), "x86_64");
  assert.throws(() => checkCell(elf({ machine: 62 }), "aarch64"), /for aarch64: it is for x86_64\.$/);
  assert.throws(() => checkCell(elf({ segment: 3 }), "aarch64"), /needs libraries/);
  assert.throws(() => checkCell(elf({ section: 2 }), "aarch64"), /holds symbols/);
  assert.throws(() => checkCell(Buffer.from("#!/bin/sh"), "aarch64"), /no ELF file/);
});

test("a filter of another architecture is not released", () => {
  const filter = Buffer.alloc(16);
  filter.writeUInt32LE(0xc00000b7, 12);
  checkFilter("default", filter, "aarch64");
  assert.throws(() => checkFilter("default", filter, "x86_64"), /for x86_64: it is for aarch64\.$/);
  assert.throws(() => checkFilter("default", Buffer.alloc(16), "x86_64"), /it is for none\.$/);
  checkCalls("aarch64 3221225655\nread 63\n", "aarch64");
  assert.throws(() => checkCalls("aarch64 3221225655\n", "x86_64"), /for x86_64: it is for aarch64\.$/);
  assert.throws(() => checkCalls("", "x86_64"), /it is for none\.$/);
});
