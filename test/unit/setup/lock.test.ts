import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "../../setup/load";

/** Starts a set-up that locks `root`, tells so, waits to be told to go on, writes its name into root/order and is killed. */
function startLocker(root: string, name: string): ChildProcess {
  const script = `
    const { lockCheckout } = require("${repository}/scripts/setup/lock.js");
    console.log("starting");
    lockCheckout({ root: "${root}" }).then(() => {
      console.log("locked");
      process.stdin.once("data", () => {
        require("node:fs").appendFileSync("${root}/order", "${name}");
        process.kill(process.pid, "SIGKILL");
      });
    });`;
  return spawn(process.execPath, ["-e", script], { stdio: ["pipe", "pipe", "inherit"] });
}

function says(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve) => child.stdout?.on("data", (data) => String(data).includes(word) && resolve()));
}

const ended = (child: ChildProcess) => new Promise<void>((resolve) => child.on("exit", () => resolve()));

test("a second set-up of a checkout waits for the first, and goes on when that one is killed", async () => {
  const root = mkdtempSync(join(tmpdir(), "bothy-lock-"));
  const first = startLocker(root, "first ");
  await says(first, "locked");
  const second = startLocker(root, "second");
  try {
    const secondEnded = ended(second);
    await says(second, "starting");
    second.stdin?.write("go");
    first.stdin?.write("go");
    await ended(first);
    await secondEnded;
    assert.equal(readFileSync(join(root, "order"), "utf8"), "first second");
  } finally {
    first.kill("SIGKILL");
    second.kill("SIGKILL");
    rmSync(root, { recursive: true });
  }
});
