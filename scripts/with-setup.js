"use strict";
// node scripts/with-setup.js [SCRIPT [ARGUMENT...]]: brings what SCRIPT needs, step by step, then becomes it.
// Plain JavaScript for Node 20 without a package: it is the first thing that runs in a fresh clone. Without a SCRIPT it
// only builds. Every step is skipped when its result is there, so a second run starts its work at once.

const path = require("node:path");
const { makeContext } = require("./setup/context.js");
const { launch } = require("./setup/launch.js");
const { lockCheckout } = require("./setup/lock.js");
const { startProgress } = require("./setup/progress.js");
const { stopRunning } = require("./setup/run.js");
const steps = require("./setup/steps.js");

/** What a script needs: everything for the tests, compilers of all architectures for a release, the compilers alone for none. */
function purposeOf(script) {
  if (!script) return "build";
  const name = path.basename(script, ".js");
  if (name === "compat-record") return "test";
  return ["test", "release", "sdks"].includes(name) ? name : "run";
}

/** Steps that end before this are not worth a line. */
const QUIET_MS = 1_000;

/** Does a part of set-up and shows it when it takes its time. */
async function shown(label, work) {
  const progress = startProgress(label, QUIET_MS);
  try {
    const result = await work(progress);
    progress.done();
    return result;
  } catch (error) {
    progress.failed();
    throw error;
  }
}

async function setUp(context) {
  const unlock = await shown("Waiting for another set-up of this checkout", () => lockCheckout(context));
  for (const step of steps)
    if (step.purposes.includes(context.purpose) && step.needed(context))
      await shown(step.label, (progress) => step.run(context, progress));
  unlock();
}

/** Leaves on a signal when the programs that run have cleaned up, on a second one at once. @returns what ends this rule */
function leaveOnSignals() {
  const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 };
  const leave = (signal) => {
    const isSecond = process.exitCode !== undefined;
    process.exitCode = codes[signal];
    if (stopRunning() === 0 || isSecond) process.exit();
  };
  for (const signal of Object.keys(codes)) process.on(signal, leave);
  return () => {
    for (const signal of Object.keys(codes)) process.off(signal, leave);
  };
}

async function main([script, ...args]) {
  const context = makeContext(purposeOf(script));
  const forgetSignals = leaveOnSignals();
  try {
    await setUp(context);
  } catch (error) {
    if (process.exitCode === undefined) process.stderr.write(`${error.message}\n`);
    process.exit(process.exitCode ?? 1);
  }
  forgetSignals();
  if (script) launch(context, script, args);
}

main(process.argv.slice(2));
