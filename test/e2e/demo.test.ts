/** The demo, as `npm run demo` runs it: every step, and nothing left at the end. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { useEngine } from "../../scripts/scene/engine";
import { repository } from "../../scripts/scene/program";
import { lacksContainers } from "../provider/support/lacks";
import { onlyLong } from "../support/long";
import { requireFeature } from "../support/require";
import { withoutTypeChecks } from "./transcript";

const skip = lacksContainers() || requireFeature("pulumi", useEngine());

interface Outcome {
  readonly code: number | null;
  readonly output: string;
  /** What is in the folder of temporary files afterwards. */
  readonly files: readonly string[];
}

/** Runs the demo in a folder of temporary files of its own. @param interruptAt the text after which it gets an interrupt */
async function runDemo(interruptAt?: string): Promise<Outcome> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-demo-test-"));
  try {
    const child = spawn(process.execPath, [path.join(repository, "dist/scripts/demo.js")], {
      env: { ...process.env, ...withoutTypeChecks, TMPDIR: folder, KEEP: "" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const hear = (text: string) => {
      const isNew = interruptAt !== undefined && !output.includes(interruptAt);
      output += text;
      if (isNew && output.includes(interruptAt)) child.kill("SIGINT");
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    const [code] = (await once(child, "close")) as [number | null];
    return { code, output, files: readdirSync(folder) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the output tells, in this order. */
const told = [
  /1 {2}bin\/bothyd --bare.* \d+\.\d\d s\n/,
  /2 {2}pulumi preview .* s\n +6 to create: /,
  /3 {2}pulumi up .* s\n +6 created\n/,
  /webAddress: (\d+\.){3}\d+\n/,
  /4 {2}probe fetches http:\/\/web\.lxd\/ .* s\n +Hello from a machine container\.\n/,
  /5 {2}memory 64MiB -> 96MiB: pulumi up .* s\n +update Profile small: config\["limits\.memory"\] "64MiB" -> "96MiB"\n/,
  /the limit inside web, in bytes: 67108864 -> 100663296\n +still the same web: init \d+,/,
  /6 {2}pulumi preview --expect-no-changes .* s\n +no changes\n/,
  /7 {2}drift by hand.* s\n.*processes inside web at most: 20\n/,
  /8 {2}pulumi refresh .* s\n +update Profile small: config\["limits\.processes"\] "100" -> "20"\n/,
  /9 {2}pulumi up .* s\n +update Profile small: config\["limits\.processes"\] "20" -> "100"\n +processes inside web at most: 100\n/,
  /10 {2}rm .*, then restore the snapshot .* s\n +without it: .*404.*\n +restored "before": Hello from a machine container\.\n/,
  /11 {2}pulumi destroy .* s\n +6 deleted\n/,
  /12 {2}SIGTERM to bothyd .* s\n/,
  /processes +[1-9]\d* +0\n/,
  /dnsmasq +1 +0\n/,
  /mounts +\d+ +0\n/,
  /interfaces +[1-9]\d* +0\n/,
  /control groups +[1-9]\d* +0\n/,
  /nft tables +[1-9]\d* +0\n/,
  /loop devices +\d+ +0\n/,
  /files +[1-9]\d* +0\n/,
  /Done in \d+\.\d s, and nothing is left\.\n$/,
];

test("the demo shows every step and leaves nothing", { skip }, async () => {
  const { code, output, files } = await runDemo();
  let rest = output;
  for (const pattern of told) {
    const match = pattern.exec(rest);
    assert.ok(match, `${pattern} is not in:\n${rest}\nThe whole output:\n${output}`);
    rest = rest.slice(match.index + match[0].length);
  }
  assert.equal(code, 0);
  assert.deepEqual(files, []);
  assert.equal(output.includes("\x1b"), false, "colours are for terminals");
});

test("a demo that is interrupted while containers run removes everything", { skip: skip || onlyLong() }, async () => {
  const { code, output, files } = await runDemo("4  probe fetches");
  assert.equal(code, 130, output);
  assert.match(output, /The demo failed: It was interrupted\./);
  assert.deepEqual(files, []);
});
