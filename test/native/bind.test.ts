/** The role `bind` of bothy-cell: several mounts by one program. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { cellProgram } from "../../sdk/host/package";
import { needs } from "../support/needs";

const skip = needs("root");

/** Runs the work with a folder that has the files one, two, placed and beside. */
function withFiles(work: (folder: string) => void): void {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-bind-"));
  for (const name of ["one", "two", "placed", "beside"]) writeFileSync(path.join(folder, name), `${name}\n`);
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs a script in a mount namespace of its own, where $cell is the program. */
const inside = (cwd: string, script: string): string =>
  execFileSync("unshare", ["--mount", "sh", "-ec", script], {
    cwd,
    env: { ...process.env, cell: cellProgram },
    encoding: "utf8",
  });

test("each source is seen at its place", { skip }, () =>
  withFiles((folder) => {
    assert.equal(inside(folder, '"$cell" bind one placed two beside; cat placed beside'), "one\ntwo\n");
  }),
);

test("a shared one is a group of its own, not that of its source", { skip }, () =>
  withFiles((folder) => {
    const script = 'mount --bind one one; mount --make-shared one; "$cell" bind shared one placed';
    const groups = inside(
      folder,
      `${script}; grep -E " $PWD/(one|placed) " /proc/self/mountinfo | grep -o "shared:[0-9]*" | sort -u | wc -l`,
    );
    assert.equal(groups.trim(), "2");
  }),
);

test("a place that is missing is named, and so is how the program is used", { skip }, () =>
  withFiles((folder) => {
    const missing = spawnSync("unshare", ["--mount", cellProgram, "bind", "one", "nowhere"], {
      cwd: folder,
      encoding: "utf8",
    });
    assert.equal(missing.status, 1);
    assert.equal(missing.stderr, 'Cannot bind "one" to "nowhere": No such file or directory\n');
    const odd = spawnSync(cellProgram, ["bind", "one"], { cwd: folder, encoding: "utf8" });
    assert.deepEqual([odd.status, odd.stderr], [2, "usage: bothy-cell bind [shared] SOURCE PLACE [SOURCE PLACE]...\n"]);
  }),
);
