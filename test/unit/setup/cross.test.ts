import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadSetup, silentProgress } from "../../setup/load";

interface Context {
  readonly purpose: string;
  readonly cache: string;
}

const { run } = loadSetup<{ run(context: Context, progress: object): Promise<void> }>("cross");

/** Runs the step where nothing is installed and no program is found. */
async function withNothing(purpose: string, body: (done: Promise<void>, notes: string[]) => Promise<void>) {
  const cache = mkdtempSync(join(tmpdir(), "bothy-cross-"));
  const { PATH } = process.env;
  process.env.PATH = cache;
  const progress = silentProgress();
  try {
    await body(run({ purpose, cache }, progress), progress.notes);
  } finally {
    process.env.PATH = PATH;
    rmSync(cache, { recursive: true });
  }
}

test("a release wants the cross compiler of its other architecture", () =>
  withNothing("release", async (done) => {
    await assert.rejects(done, /"(gcc-aarch64-linux-gnu|gcc-x86-64-linux-gnu) .*no apt-get/);
  }));

test("tests go on without a cross compiler, and say so in a line", () =>
  withNothing("test", async (done, notes) => {
    await done;
    assert.equal(notes.length, 1);
    assert.match(notes[0] ?? "", /no apt-get.* No release is tried\.$/);
  }));
