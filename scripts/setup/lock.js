"use strict";
// One set-up at a time in a checkout: two that install or build into the same folders would spoil each other's work.

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

/**
 * Waits until no other set-up works in this checkout, and keeps others waiting. The lock is a kernel's file lock in a
 * child that lives until our pipe to it closes, so it never outlives us, however we end.
 * @returns a function that ends the lock
 * @throws Error where there is no flock (util-linux)
 */
async function lockCheckout({ root }) {
  const folder = path.join(root, ".toolchain");
  fs.mkdirSync(folder, { recursive: true });
  const child = spawn("flock", [path.join(folder, "lock"), "sh", "-c", "echo locked; exec cat"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.on("error", (error) => reject(new Error(`Cannot run "flock": ${error.message}. Install util-linux.`)));
    child.on("exit", (code) => reject(new Error(`Cannot lock ${folder}: flock left with exit code ${code}.`)));
  });
  return () => child.stdin.end();
}

module.exports = { lockCheckout };
