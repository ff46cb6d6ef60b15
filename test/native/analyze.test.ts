/** What the compilers' analyzers find in native/: nothing that has no reason, and no reason for what they find no more. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { findProgram } from "../../sdk/host/program";
import { onlyLong } from "../support/long";
import { requireFeature } from "../support/require";
import { nativeDir } from "./client";

function analyze(compiler: string, ...variables: string[]): { status: number | null; told: string } {
  const args = ["-s", "-j2", "-C", nativeDir, `analyze-${compiler}`, ...variables];
  const { status, stdout, stderr } = spawnSync("make", args, { encoding: "utf8" });
  return { status, told: stdout + stderr };
}

/** Runs the work with the list of reasons and one more, and with a source that frees its memory twice. */
function withFault(work: (reasons: string, source: string) => void): void {
  const dir = mkdtempSync(path.join(tmpdir(), "analyze-"));
  const [reasons, source] = [path.join(dir, "reasons"), path.join(dir, "fault.c")];
  try {
    copyFileSync(path.join(nativeDir, "check/analyzer-reasons.txt"), reasons);
    writeFileSync(source, "#include <stdlib.h>\nvoid twice(void *it);\nvoid twice(void *it) { free(it); free(it); }\n");
    work(reasons, source);
  } finally {
    rmSync(dir, { recursive: true });
    rmSync(path.join(nativeDir, "build/analyze", dir), { recursive: true, force: true });
  }
}

for (const [compiler, checker] of [
  ["gcc", "analyzer-double-free"],
  ["clang", "unix.Malloc"],
] as const) {
  const skip = requireFeature(`the compiler ${compiler}`, findProgram(compiler) !== undefined);
  // clang takes four times as long as gcc for all sources.
  const whole = skip || (compiler === "clang" && onlyLong());

  test(`${compiler}'s analyzer finds nothing without a reason, and each reason has its finding`, {
    skip: whole,
  }, () => {
    const { status, told } = analyze(compiler);
    assert.equal(status, 0, told);
    withFault((reasons) => {
      appendFileSync(reasons, `base/util.c:nobody: ${checker}: none\n`);
      const stale = analyze(compiler, `REASONS=${reasons}`);
      assert.notEqual(stale.status, 0);
      assert.match(stale.told, /"base\/util\.c:nobody: .*" is found no more\. Take the line out\./);
    });
  });

  test(`${compiler}'s analyzer finds memory that is freed twice, and the run ends with an error`, { skip }, () =>
    withFault((_, source) => {
      writeFileSync(`${source}.reasons`, "");
      const { status, told } = analyze(compiler, `ANALYZED=${source}`, `REASONS=${source}.reasons`);
      assert.notEqual(status, 0);
      assert.match(told, new RegExp(`fault\\.c:twice: ${checker.replace(".", "\\.")}: `));
    }),
  );
}
