import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { repository } from "./load";

/** Starts a script as with-setup.js does once set-up is done. */
async function withLaunched(script: string, body: (launcher: ChildProcess) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), "bothy-launch-"));
  writeFileSync(join(folder, "script.js"), script);
  writeFileSync(
    join(folder, "launch.js"),
    `const { makeContext } = require("${repository}/scripts/setup/context.js");
     const { launch } = require("${repository}/scripts/setup/launch.js");
     launch(makeContext("run"), "${folder}/script.js", ["one", "two words"]);`,
  );
  const launcher = spawn(process.execPath, [join(folder, "launch.js")], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await body(launcher);
  } finally {
    launcher.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
}

const ended = (child: ChildProcess) =>
  new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal })),
  );

const firstOutput = (child: ChildProcess) =>
  new Promise<string>((resolve) => child.stdout?.once("data", (data) => resolve(String(data))));

test("the exit code of a script is the exit code of its command", () =>
  withLaunched("process.exit(7)", async (launcher) => {
    assert.deepEqual(await ended(launcher), { code: 7, signal: null });
  }));

test("a script gets its arguments", () =>
  withLaunched("console.log(JSON.stringify(process.argv.slice(2)))", async (launcher) => {
    assert.deepEqual(JSON.parse(await firstOutput(launcher)), ["one", "two words"]);
  }));

test("a signal reaches the script, which ends as it decides", () =>
  withLaunched(
    `process.on("SIGTERM", () => process.exit(3)); setInterval(() => {}, 1000); console.log("ready")`,
    async (launcher) => {
      await firstOutput(launcher);
      launcher.kill("SIGTERM");
      assert.deepEqual(await ended(launcher), { code: 3, signal: null });
    },
  ));

test("a script that a signal ends makes its command end by that signal", () =>
  withLaunched(`process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)`, async (launcher) => {
    assert.deepEqual(await ended(launcher), { code: null, signal: "SIGTERM" });
  }));
