/** SIGKILL to a daemon that copies: the copy program lives on for a moment, and the next daemon's sweep wins. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once, setMaxListeners } from "node:events";
import { watch } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { PoolPlace, StorageDriver } from "../../daemon/kinds/storage-pool/driver";
import { container, driversHere, image, inRoot, smallTree, unfinished, withPool } from "../support/storage";

const child = path.join(__dirname, "../support/storage-clone.js");
const rounds = 4;
const files = 1500;

/** Starts a copy in another process and kills that within the copy. */
async function copyAndKill(driver: StorageDriver, pool: PoolPlace, to: string, delayMs: number): Promise<void> {
  const args = [driver.name, pool, container("web"), container(to)];
  const watcher = watch(path.join(pool.path, "containers"));
  const begun = once(watcher, "change");
  const words = args.map((word) => (typeof word === "string" ? word : JSON.stringify(word)));
  const copier = spawn(process.execPath, [child, ...words], { stdio: "ignore" });
  const gone = once(copier, "exit");
  await begun;
  await sleep(delayMs);
  copier.kill("SIGKILL");
  await gone;
  watcher.close();
}

driversHere().then((all) => {
  setMaxListeners(20);
  for (const { driver, skip } of all)
    describe(driver.name, { skip }, () =>
      test("a copy cut off by SIGKILL is whole or gone after a sweep", () =>
        withPool(driver, async (pool) => {
          await driver.create(pool, image("base"), smallTree);
          await driver.clone(pool, image("base"), container("web"));
          const many = `mkdir many; i=0; while [ $i -lt ${files} ]; do echo $i > many/$i; i=$((i+1)); done`;
          inRoot(driver.root(pool, container("web")), many);
          for (let round = 0; round < rounds; round += 1) {
            const copy = container(`copy${round}`);
            await copyAndKill(driver, pool, copy.name, Math.random() * 40);
            await driver.sweep(pool);
            assert.deepEqual(unfinished(pool), []);
            if (await driver.exists(pool, copy))
              assert.equal(inRoot(driver.root(pool, copy), "ls many | wc -l"), String(files));
          }
        })),
    );
});
