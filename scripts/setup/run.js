"use strict";
// Runs the programs that set-up needs, and stops them when set-up itself is stopped.

const { spawn, spawnSync } = require("node:child_process");

const KEPT_LINES = 200;
const running = new Set();
let stopping = false;

/**
 * Runs a program to its end, its output kept back unless it fails.
 * @param options cwd, env, and onLine, called with each line of output
 * @throws Error with the last lines of output when the program cannot start or does not leave with 0
 */
function run(command, args, { cwd, env = process.env, onLine = () => {} } = {}) {
  return new Promise((resolve, reject) => {
    if (stopping) return reject(new Error("Set-up was stopped."));
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    const kept = [];
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream.setEncoding("utf8").on("data", (text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop();
        for (const line of lines) {
          kept.push(line);
          if (kept.length > KEPT_LINES) kept.shift();
          onLine(line);
        }
      });
      stream.on("end", () => rest && kept.push(rest));
    }
    const words = [command, ...args].join(" ");
    child.on("error", (error) => {
      running.delete(child);
      reject(new Error(`Cannot run "${words}": ${error.message}.`));
    });
    child.on("close", (code, signal) => {
      running.delete(child);
      if (code === 0) return resolve();
      const how = signal ? `it was ended by ${signal}` : `it left with exit code ${code}`;
      reject(new Error(`Cannot finish "${words}": ${how}. Its last output was:\n${kept.join("\n")}`));
    });
  });
}

/** Runs a short program and returns what it prints on standard output, or undefined when it is missing or fails. */
function outputOf(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], ...options });
  return result.status === 0 ? result.stdout : undefined;
}

/** Asks the programs that `run` started to end, and lets it start no other. @returns how many there were */
function stopRunning() {
  stopping = true;
  for (const child of running) child.kill("SIGTERM");
  return running.size;
}

module.exports = { run, outputOf, stopRunning };
