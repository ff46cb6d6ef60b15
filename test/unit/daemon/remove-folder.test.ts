/** A folder goes whole, whoever takes files out of it at the same time. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { removeFolderNow } from "../../../daemon/platform/folders/files";

const files = Array.from({ length: 200 }, (_, index) => `inner/${index}`);

/** Takes each file away as soon as it is there, until it is ended. */
function takeAway(folder: string): void {
  for (;;)
    for (const file of files)
      try {
        unlinkSync(path.join(folder, file));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
}

if (!isMainThread) takeAway(workerData as string);
else
  test("a folder is gone once it is removed, also while others remove files of it", async () => {
    const base = mkdtempSync(path.join(tmpdir(), "bothy-remove-"));
    const folder = path.join(base, "folder");
    const other = new Worker(__filename, { workerData: folder });
    try {
      await new Promise((resolve) => other.once("online", resolve));
      for (let round = 0; round < 40; round += 1) {
        mkdirSync(path.join(folder, "inner"), { recursive: true });
        for (const file of files) writeFileSync(path.join(folder, file), "");
        removeFolderNow(folder);
        assert.equal(existsSync(folder), false, `round ${round}`);
      }
    } finally {
      await other.terminate();
      rmSync(base, { recursive: true, force: true });
    }
  });
