/** The READMEs are transcripts: their commands are run as they stand, and say what they say there. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { useEngine } from "../../scripts/scene/engine";
import { lacksContainers } from "../provider/support/lacks";
import { programFolder, repository } from "../provider/support/program";
import { withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { runTranscript, type Step, transcriptOf, withoutTypeChecks } from "./transcript";

const skip = lacksContainers() || requireFeature("pulumi", useEngine());
const example = path.join(repository, "examples/quickstart");

/** Set-up of the checkout and of the user's own backend, which the test has its own ways for. */
const isSetUp = ({ command }: Step) => /^(npm run build|cd |pulumi login)/.test(command);

test("every command of the quickstart's README says what the README says", { skip }, (t) =>
  withDaemon({ bare: false }, async (daemon) => {
    using program = programFolder();
    cpSync(example, program.path, { recursive: true });
    const steps = transcriptOf(readFileSync(path.join(example, "README.md"), "utf8")).filter((step) => !isSetUp(step));
    assert.ok(steps.length >= 6, "the README has commands");
    await runTranscript(t, daemon, program.path, steps, withoutTypeChecks);
    assert.deepEqual(await daemon.client.listInstances(), []);
  }),
);

test("the program of the first README does what the README shows", { skip }, (t) =>
  withDaemon({ bare: false }, async (daemon) => {
    using program = programFolder();
    const readme = readFileSync(path.join(repository, "README.md"), "utf8");
    const source = /^```ts\n(.*?)^```$/ms.exec(readme)?.[1];
    assert.ok(source !== undefined, "the README has a program");
    writeFileSync(path.join(program.path, "index.ts"), source);
    writeFileSync(path.join(program.path, "Pulumi.yaml"), "name: app\nruntime: nodejs\n");
    writeFileSync(path.join(program.path, "package.json"), '{ "name": "app", "main": "index.ts" }\n');
    cpSync(path.join(example, "tsconfig.json"), path.join(program.path, "tsconfig.json"));
    const shown = transcriptOf(readme);
    assert.equal(shown.length, 2, "the README shows an up and an exec");
    const begin = { command: "pulumi stack init dev", expected: [] };
    const end = { command: "pulumi destroy --yes --skip-preview", expected: ["    - 2 deleted"] };
    await runTranscript(t, daemon, program.path, [begin, ...shown, end]);
  }),
);
