"use strict";
// One at a time: two set-ups that install or build into the same folders would spoil each other's work.

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");

/**
 * Waits until nobody else holds the lock of a file, and keeps others waiting. The lock is a kernel's file lock in a
 * child that lives until our pipe to it closes, so it never outlives us, however we end.
 * @returns a function that ends the lock
 * @throws Error where there is no flock (util-linux)
 */
async function lockFile(file) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const child = spawn("flock", [file, "sh", "-c", "echo locked; exec cat"], { stdio: ["pipe", "pipe", "inherit"] });
  await new Promise((resolve, reject) => {
    child.stdout.once("data", resolve);
    child.on("error", (error) => reject(new Error(`Cannot run "flock": ${error.message}. Install util-linux.`)));
    child.on("exit", (code) => reject(new Error(`Cannot lock ${file}: flock left with exit code ${code}.`)));
  });
  return () => child.stdin.end();
}

/** Waits until no other set-up works in this checkout, and keeps others waiting. @returns a function that ends the lock */
const lockCheckout = ({ root }) => lockFile(path.join(root, ".toolchain", "lock"));

module.exports = { lockCheckout, lockFile };
