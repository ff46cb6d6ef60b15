/** The code cache holds nothing that another user could have put there. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from "node:fs";
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

test("a start keeps its code for the next one, readable to its user alone", { skip }, () => {
  withFolder((folder) => {
    chownSync(folder, nobody, nobody);
    const start = () =>
      spawnSync(process.execPath, [path.join(packageRoot, "dist/bundle/bothy/start.js"), "--version"], {
        uid: nobody,
        gid: nobody,
        cwd: "/",
        env: { XDG_CACHE_HOME: folder, NODE_DEBUG_NATIVE: "COMPILE_CACHE" },
        encoding: "utf8",
      });
    const first = start();
    assert.equal(first.status, 0, first.stderr);
    const kept = path.join(folder, "bothy/code");
    assert.equal(statSync(kept).mode & 0o777, 0o700);
    assert.ok(readdirSync(kept, { recursive: true }).length > 1, "the cache holds code");
    assert.match(start().stderr, /reading cache .*main\.js.* success/s);
  });
});
