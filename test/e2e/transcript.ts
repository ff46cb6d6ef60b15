/** Transcript: the commands of a README, run as they stand, say what they say there. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { engineEnv } from "../../scripts/scene/engine";
import { repository } from "../provider/support/program";
import type { TestDaemon } from "../support/daemon";

export interface Step {
  readonly command: string;
  readonly expected: string[];
}

/** For an engine whose program is an example: examples.test.ts compiles each strictly, which costs seconds in every run. */
export const withoutTypeChecks = { PULUMI_NODEJS_TRANSPILE_ONLY: "true" };

/** The commands of a README and the lines below each, up to the next. */
export function transcriptOf(readme: string): Step[] {
  const blocks = [...readme.matchAll(/^```(\w*)\n(.*?)^```$/gms)];
  return blocks.flatMap(([, language, block = ""]) =>
    (language === "" ? block : "").split(/^\$ /m).flatMap((part): Step[] => {
      const [command = "", ...lines] = part.split("\n");
      return command === "" ? [] : [{ command, expected: lines.filter((line) => line.trim() !== "") }];
    }),
  );
}

/**
 * What differs from run to run: addresses, durations, how wide a column is, and the dots by which the engine shows
 * that it waits, which stand before a line when that came between two of them.
 */
const plain = (line: string): string =>
  line
    .replace(/^@ \w+\.+(?=\s+\S)/, "")
    .replace(/\d+\.\d+\.\d+\.\d+/g, "ADDRESS")
    .replace(/ \(\d+(\.\d+)?m?s\)/g, "")
    .replace(/\s+/g, " ")
    .trim();

/**
 * Runs the commands one after the other in a folder, as tests of their own, with a Pulumi backend that is thrown away.
 * @param folder program that the commands are about
 * @param more what else the commands find in their environment
 */
export async function runTranscript(
  t: TestContext,
  daemon: TestDaemon,
  folder: string,
  steps: readonly Step[],
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const home = mkdtempSync(path.join(tmpdir(), "bothy-pulumi-"));
  mkdirSync(path.join(home, "state"));
  const env = {
    ...engineEnv(home),
    ...more,
    BOTHY_ENDPOINT: `unix://${daemon.socket}`,
    PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
  };
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  try {
    for (const { command, expected } of steps)
      await t.test(command, async () => {
        // npx would look for an installed package; here it is the checkout.
        const here = command.replace(/^npx bothy\b/, path.join(repository, "bin/bothy"));
        const output = (await daemon.run("env", "-C", folder, ...words, "sh", "-c", here)).split("\n").map(plain);
        for (const line of expected.map(plain)) assert.ok(output.includes(line), `"${line}" in\n${output.join("\n")}`);
      });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
