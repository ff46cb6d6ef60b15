/** The pipelines of the examples: files of GitHub and GitLab that are in order, and whose tests run here. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { lacksContainers } from "../provider/support/lacks";
import { programFolder, repository } from "../provider/support/program";
import { withDaemon } from "../support/daemon";

const read = (file: string): unknown => parse(readFileSync(path.join(repository, "examples", file), "utf8"));

interface Workflow {
  readonly jobs: Record<string, { readonly steps: readonly { readonly uses?: string; readonly run?: string }[] }>;
}
type Pipeline = Record<string, { readonly before_script: string[]; readonly script: string[] }>;

/** Lines of shell by job. */
function scripts(): Record<string, string[]> {
  const { jobs } = read("github-actions/.github/workflows/containers.yml") as Workflow;
  const { stages: _, ...pipeline } = read("gitlab/.gitlab-ci.yml") as Pipeline & { stages: unknown };
  const lines = (text: string) => text.trim().split("\n");
  return Object.fromEntries([
    ...Object.entries(jobs).map(([name, { steps }]) => [
      `GitHub ${name}`,
      steps.flatMap(({ uses, run }) => {
        assert.ok((uses === undefined) !== (run === undefined), `a step of ${name} uses an action or runs something`);
        return run === undefined ? [] : lines(run);
      }),
    ]),
    ...Object.entries(pipeline).map(([name, job]) => [`GitLab ${name}`, [...job.before_script, ...job.script]]),
  ]) as Record<string, string[]>;
}

/** What asks for no root of its own. */
const plain = (line: string): string => line.replace(/^sudo (env "PATH=\$PATH" )?/, "");

test("each job of the pipelines prepares the machine, asks bothy doctor and runs the suite, in commands that a shell reads", () => {
  const jobs = scripts();
  assert.deepEqual(Object.keys(jobs), ["GitHub root", "GitHub rootless", "GitLab root", "GitLab rootless"]);
  for (const [name, lines] of Object.entries(jobs)) {
    execFileSync("sh", ["-n", "-c", lines.join("\n")]);
    assert.deepEqual(lines.slice(-3).map(plain), ["npm install", "npx bothy doctor", "npm test"], name);
    const isSetUp = (line: string) =>
      /^(apt-get (update|install --yes [\w -]+)|sysctl -w [\w.]+=\d)$/.test(plain(line));
    assert.ok(lines.slice(0, -3).every(isSetUp), name);
    if (name.endsWith("rootless"))
      assert.ok(
        lines.slice(-2).every((line) => !line.startsWith("sudo")),
        name,
      );
  }
});

test("the suite of the pipelines passes, and leaves nothing", { skip: lacksContainers() }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    using folder = programFolder();
    cpSync(path.join(repository, "examples/github-actions"), folder.path, { recursive: true });
    const [command = ""] = (scripts()["GitLab root"] ?? []).slice(-1);
    const env = [
      "-u",
      "NODE_TEST_CONTEXT",
      `BOTHY_ENDPOINT=unix://${daemon.socket}`,
      "NODE_OPTIONS=--test-reporter=tap",
    ];
    const paths = `PATH=${path.dirname(process.execPath)}:${process.env.PATH}`;
    const said = await daemon.run("env", "-C", folder.path, ...env, paths, "sh", "-c", command);
    assert.match(said, /# pass 1\n# fail 0/);
    assert.deepEqual(
      (await daemon.client.listProjects()).map(({ name }) => name),
      ["default"],
    );
  }),
);
