"use strict";
// node scripts/with-setup.js [SCRIPT [ARGUMENT...]]: brings what SCRIPT needs, step by step, then becomes it.
// Plain JavaScript for Node 20 without a package: it is the first thing that runs in a fresh clone. Without a SCRIPT it
// only builds. Every step is skipped when its result is there, so a second run starts its work at once.

const path = require("node:path");
const { makeContext } = require("./setup/context.js");
const { launch } = require("./setup/launch.js");
const { startProgress } = require("./setup/progress.js");
const { stopRunning } = require("./setup/run.js");
const steps = require("./setup/steps.js");

/** What a script needs: everything for the tests, all but test helpers for another script, the compilers alone for none. */
function purposeOf(script) {
  if (!script) return "build";
  return path.basename(script) === "test.js" ? "test" : "run";
}

/** Steps that end before this are not worth a line. */
const QUIET_MS = 1_000;

async function setUp(context) {
  for (const step of steps) {
    if (!step.purposes.includes(context.purpose) || !step.needed(context)) continue;
    const progress = startProgress(step.label, QUIET_MS);
    try {
      await step.run(context, progress);
      progress.done();
    } catch (error) {
      progress.failed();
      throw error;
    }
  }
}

function stopOn(signal, code) {
  const stop = () => {
    stopRunning();
    process.exit(code);
  };
  process.on(signal, stop);
  return () => process.off(signal, stop);
}

async function main([script, ...args]) {
  const context = makeContext(purposeOf(script));
  const release = [stopOn("SIGINT", 130), stopOn("SIGTERM", 143), stopOn("SIGHUP", 129)];
  try {
    await setUp(context);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
  for (const off of release) off();
  if (script) launch(context, script, args);
}

main(process.argv.slice(2));
