/** Labels of SELinux as text, and why a host cannot label containers by it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { parseRawLxc } from "../../../daemon/core/settings/raw-lxc";
import { fileLabelOps } from "../../../daemon/kinds/instance/labels/label";
import {
  categoriesOf,
  contextText,
  fileContext,
  pairCount,
  parseContext,
  processContext,
} from "../../../daemon/platform/selinux/context";
import { selinuxSupport, selinuxTypes } from "../../../daemon/platform/selinux/support";
import { findProgram } from "../../../sdk/host/program";
import { policyModule } from "../../../sdk/host/selinux";
import { requireFeature } from "../../support/require";

const daemon = { user: "system_u", role: "system_r", type: "bothyd_t", range: "s0" };

test("a label is read in its parts and told as it was; what is none is not taken", () => {
  for (const label of [
    "system_u:system_r:initrc_t:s0",
    "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023",
    "a:b:c",
  ])
    assert.equal(contextText(parseContext(label)!), label);
  for (const label of ["", "unconfined", "a:b", "a:b:c d:s0", "a:b:c:s0\n"])
    assert.equal(parseContext(label), undefined);
});

test("each number is another pair of categories, the first to the last", () => {
  assert.deepEqual([0, 1, 2, 3].map(categoriesOf), [
    [0, 1],
    [0, 2],
    [1, 2],
    [0, 3],
  ]);
  assert.deepEqual(categoriesOf(pairCount - 1), [1022, 1023]);
  const step = 97;
  const pairs = Array.from({ length: Math.floor(pairCount / step) }, (_, at) => categoriesOf(at * step));
  assert.equal(new Set(pairs.map((pair) => pair.join())).size, pairs.length);
  for (const [first, second] of pairs) assert.ok(first >= 0 && first < second && second < 1024, `${first},${second}`);
});

test("a container's processes have the daemon's user, its low level and two categories; its files have none", () => {
  assert.equal(
    processContext(daemon, selinuxTypes.container, [3, 9]),
    "system_u:system_r:bothy_container_t:s0-s0:c3,c9",
  );
  assert.equal(fileContext(selinuxTypes.files), "system_u:object_r:bothy_container_file_t:s0");
  assert.deepEqual(fileLabelOps(""), []);
  assert.equal(fileLabelOps("a:b:c")[0]?.[0], "selinux-files");
});

test("lxc.selinux.context takes a whole label, or the word for none, and nothing else", () => {
  const of = (value: string) => parseRawLxc(`lxc.selinux.context = ${value}`).selinuxContext;
  assert.equal(of("system_u:system_r:container_t:s0:c1,c2"), "system_u:system_r:container_t:s0:c1,c2");
  assert.equal(of("unconfined_t"), "unconfined_t");
  for (const value of ["container_t", "a:b", "a:b:c:s0 x", ""])
    assert.throws(() => of(value), /raw\.lxc.*lxc\.selinux\.context/);
});

test("a host without SELinux, and one on which the daemon has no label, are told apart", () => {
  const root = mkdtempSync(path.join(tmpdir(), "bothy-selinux-"));
  try {
    assert.deepEqual(selinuxSupport(root), { works: false, isOn: false, why: "this kernel has none, or it is off" });
    mkdirSync(path.join(root, "sys/fs/selinux"), { recursive: true });
    writeFileSync(path.join(root, "sys/fs/selinux/enforce"), "1");
    const support = selinuxSupport(root);
    assert.ok(!support.works && support.isOn);
    assert.match(support.why, /no label of its own/);
    mkdirSync(path.join(root, "proc/self/attr"), { recursive: true });
    writeFileSync(path.join(root, "proc/self/attr/current"), "system_u:system_r:initrc_t:s0\0");
    const unknown = selinuxSupport(root);
    assert.ok(!unknown.works && unknown.isOn);
    assert.match(unknown.why, /semodule --install .*\/selinux\/bothy\.cil/);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("the policy has the types that the daemon gives, and its parentheses match", () => {
  const text = readFileSync(policyModule, "utf8")
    .replaceAll(/;.*/g, "")
    .replaceAll(/"[^"]*"/g, "");
  for (const type of Object.values(selinuxTypes)) assert.match(text, new RegExp(`\\(type ${type}\\)`));
  let depth = 0;
  for (const [sign] of text.matchAll(/[()]/g)) {
    depth += sign === "(" ? 1 : -1;
    assert.ok(depth >= 0);
  }
  assert.equal(depth, 0);
});

test("the compiler of policies reads it as its language", {
  skip: requireFeature("secilc", findProgram("secilc") !== undefined),
}, () => {
  // Names of the policy around it stay open; what is no CIL is told before that.
  const words = ["-o", "/dev/null", "-f", "/dev/null"];
  const said = (file: string) => spawnSync("secilc", [...words, file], { encoding: "utf8" }).stderr;
  assert.match(said(policyModule), /Failed to resolve AST/);
  assert.doesNotMatch(said(policyModule), /Failed to build AST|Failure adding/);
});
