"use strict";
// Starts the program that set-up was for, and is to its caller what that program is: its exit code, its signals.

const { spawn } = require("node:child_process");
const os = require("node:os");

const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"];

/**
 * Runs a script with the Node of this set-up and ends this process as the script ended.
 * A terminal sends its interrupts to all processes in front of it, so those are not forwarded a second time.
 */
function launch(context, script, args) {
  const child = spawn(context.node, ["--disable-warning=ExperimentalWarning", script, ...args], {
    cwd: context.root,
    env: context.env(),
    stdio: "inherit",
  });
  const fromTerminal = process.stdin.isTTY ? ["SIGINT", "SIGQUIT"] : [];
  for (const signal of FORWARDED)
    process.on(signal, () => {
      if (!fromTerminal.includes(signal)) child.kill(signal);
    });
  child.on("error", (error) => {
    process.stderr.write(`Cannot start "${script}": ${error.message}.\n`);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    if (!signal) return process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
    // a signal that does not end us (npm may block it) leaves the code a shell would give
    process.exitCode = 128 + os.constants.signals[signal];
  });
}

module.exports = { launch };
