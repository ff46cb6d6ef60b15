/** The code cache holds nothing that another user could have put there. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { codeCacheFolder, isOnlyOurs } from "../../../sdk/host/code-cache";
import { packageRoot } from "../../../sdk/host/package";

const skip = process.geteuid?.() !== 0 && "needs root, to give folders to other users";
const nobody = 65534;

/** Makes a folder in another, which all may enter, and takes both away. */
function withFolder(body: (folder: string, parent: string) => void) {
  const parent = realpathSync(mkdtempSync(path.join(tmpdir(), "bothy-cache-")));
  try {
    chmodSync(parent, 0o755);
    const folder = path.join(parent, "code");
    mkdirSync(folder, { mode: 0o700 });
    body(folder, parent);
  } finally {
    rmSync(parent, { recursive: true });
  }
}

test("root's cache is where only root writes, whatever the environment says", () => {
  const env = { XDG_CACHE_HOME: "/home/somebody", HOME: "/home/somebody" };
  assert.equal(codeCacheFolder(0, env, "/home/somebody"), "/var/cache/bothy/code");
});

test("a user's cache is in the user's own cache folder", () => {
  assert.equal(codeCacheFolder(1000, {}, "/home/me"), "/home/me/.cache/bothy/code");
  assert.equal(codeCacheFolder(1000, { XDG_CACHE_HOME: "/x" }, "/home/me"), "/x/bothy/code");
});

test("a folder is only ours when no other user can write into it or put another in its place", { skip }, () => {
  withFolder((folder) => assert.ok(isOnlyOurs(folder, 0)));
  withFolder((folder) => {
    chmodSync(folder, 0o770);
    assert.ok(!isOnlyOurs(folder, 0), "its group may write");
  });
  withFolder((folder) => {
    chownSync(folder, nobody, nobody);
    assert.ok(!isOnlyOurs(folder, 0), "it is another's");
    assert.ok(isOnlyOurs(folder, nobody), "it is that other's own, below root's folders");
    chownSync(folder, 0, 0);
    assert.ok(!isOnlyOurs(folder, nobody), "it is root's");
  });
  withFolder((folder, parent) => {
    chmodSync(parent, 0o777);
    assert.ok(!isOnlyOurs(folder, 0), "all may rename it");
    chmodSync(parent, 0o1777);
    assert.ok(isOnlyOurs(folder, 0), "all may add to its parent, none may rename it");
    chmodSync(parent, 0o755);
    chownSync(parent, nobody, nobody);
    assert.ok(!isOnlyOurs(folder, 0), "its parent is another's");
  });
});

/** Runs the command as another user, whose cache is in the folder. @returns where that user's code is kept */
function startAsNobody(folder: string): string {
  const started = spawnSync(process.execPath, [path.join(packageRoot, "dist/bundle/bothy/start.js"), "--version"], {
    uid: nobody,
    gid: nobody,
    cwd: "/",
    env: { XDG_CACHE_HOME: folder },
    encoding: "utf8",
  });
  assert.equal(started.status, 0, started.stderr);
  assert.match(started.stdout, /^\d+\.\d+\.\d+/);
  return path.join(folder, "bothy/code");
}

/** The file of the command's code. */
function codeIn(kept: string): string {
  const files = readdirSync(kept, { recursive: true, encoding: "utf8" }).filter((name) => /\/program-\w+$/.test(name));
  assert.equal(files.length, 1, "one command was run");
  return path.join(kept, files[0] ?? "");
}

test("a command keeps its code for the next run, readable to its user alone", { skip }, () => {
  withFolder((folder) => {
    chownSync(folder, nobody, nobody);
    const kept = startAsNobody(folder);
    const { mode, mtimeMs } = statSync(codeIn(kept));
    assert.deepEqual([statSync(kept).mode & 0o777, mode & 0o777], [0o700, 0o600]);
    startAsNobody(folder);
    assert.equal(statSync(codeIn(kept)).mtimeMs, mtimeMs, "the next run takes it as it is");
  });
});

test("damaged code is not run but made anew", { skip }, () => {
  withFolder((folder) => {
    chownSync(folder, nobody, nobody);
    const code = codeIn(startAsNobody(folder));
    for (const damage of ["zeros", "cut"]) {
      const bytes = readFileSync(code);
      if (damage === "zeros") bytes.fill(0, bytes.length >> 2, bytes.length >> 1);
      writeFileSync(code, damage === "zeros" ? bytes : bytes.subarray(0, bytes.length >> 1));
      startAsNobody(folder);
      const anew = readFileSync(code);
      assert.notDeepEqual(anew, damage === "zeros" ? bytes : bytes.subarray(0, bytes.length >> 1), damage);
      startAsNobody(folder);
      assert.deepEqual(readFileSync(code), anew, "what was made anew is whole");
    }
  });
});
