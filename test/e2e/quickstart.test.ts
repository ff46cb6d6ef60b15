/** The quickstart's README is a transcript: its commands are run as they stand, and say what they say there. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { engineEnv, useEngine } from "../../scripts/scene/engine";
import { lacksContainers } from "../provider/support/lacks";
import { programFolder, repository } from "../provider/support/program";
import { withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = lacksContainers() || requireFeature("pulumi", useEngine());
const example = path.join(repository, "examples/quickstart");

interface Step {
  readonly command: string;
  readonly expected: string[];
}

/** The commands of a README and the lines below each, up to the next. */
function transcriptOf(readme: string): Step[] {
  const blocks = [...readme.matchAll(/^```\n(.*?)^```$/gms)].map(([, block]) => block ?? "");
  return blocks.flatMap((block) =>
    block.split(/^\$ /m).flatMap((part): Step[] => {
      const [command = "", ...lines] = part.split("\n");
      return command === "" ? [] : [{ command, expected: lines.filter((line) => line.trim() !== "") }];
    }),
  );
}

/** What differs from run to run: addresses, durations, how wide a column is. */
const plain = (line: string): string =>
  line
    .replace(/\d+\.\d+\.\d+\.\d+/g, "ADDRESS")
    .replace(/ \(\d+(\.\d+)?m?s\)/g, "")
    .replace(/\s+/g, " ")
    .trim();

/** Set-up of the checkout and of the user's own backend, which the test has its own ways for. */
const isSetUp = ({ command }: Step) => /^(npm run build|cd |pulumi login)/.test(command);

test("every command of the quickstart's README says what the README says", { skip }, (t) =>
  withDaemon({ bare: false }, async (daemon) => {
    const home = mkdtempSync(path.join(tmpdir(), "bothy-pulumi-"));
    mkdirSync(path.join(home, "state"));
    using program = programFolder();
    cpSync(example, program.path, { recursive: true });
    const env = {
      ...engineEnv(home),
      BOTHY_ENDPOINT: `unix://${daemon.socket}`,
      PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
    };
    const run = (command: string) =>
      daemon.run(
        "env",
        "-C",
        program.path,
        ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
        "sh",
        "-c",
        command,
      );
    try {
      const steps = transcriptOf(readFileSync(path.join(example, "README.md"), "utf8")).filter(
        (step) => !isSetUp(step),
      );
      assert.ok(steps.length >= 6, "the README has commands");
      for (const { command, expected } of steps)
        await t.test(command, async () => {
          const output = (await run(command)).split("\n").map(plain);
          for (const line of expected.map(plain))
            assert.ok(output.includes(line), `"${line}" in\n${output.join("\n")}`);
        });
      assert.deepEqual(await daemon.client.listInstances(), []);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }),
);
