/** What is noted of a trial names the commit that was tried. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { triedCommit, triedVariable } from "../../../scripts/tried";

test("a trial is of the commit that it began with, whatever is changed meanwhile; the next one is of what there is then", () => {
  const before = process.env[triedVariable];
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-tried-"));
  const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, encoding: "utf8" }).trim();
  const own = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
  try {
    delete process.env[triedVariable];
    git("init", "--quiet");
    git(...own, "commit", "--quiet", "--allow-empty", "--message", "First");
    const first = git("rev-parse", "--short=10", "HEAD");
    assert.equal(triedCommit(folder), first);
    writeFileSync(path.join(folder, "note"), "");
    assert.equal(triedCommit(folder), first);
    delete process.env[triedVariable];
    assert.equal(triedCommit(folder), `${first}+`);
  } finally {
    if (before === undefined) delete process.env[triedVariable];
    else process.env[triedVariable] = before;
    rmSync(folder, { recursive: true });
  }
});
