/** Programs of Python and Go with the packages that are made of schema.json, as the examples have them, under the real engine, off the network. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { goEnv, useLanguageHosts } from "../../scripts/scene/engine";
import { sdkGenerator, writeSdks } from "../../scripts/scene/sdks";
import { isLong } from "../support/long";
import { requireFeature } from "../support/require";
import { clearedAfterEach, shareDaemon } from "../support/shared-daemon";
import { lacksContainers } from "./support/lacks";
import { repository } from "./support/program";
import { TestStack } from "./support/stack";

const skip =
  lacksContainers() || requireFeature("pulumi-languages", useLanguageHosts() && sdkGenerator() !== undefined);
const shared = shareDaemon({ bare: false }, async () => undefined);
clearedAfterEach(shared);

/** Puts an example and its package into a program's folder, as `pulumi package add` does. */
function place(language: string, folder: string): void {
  cpSync(path.join(repository, "examples", language), folder, { recursive: true });
  const project = path.join(folder, "Pulumi.yaml");
  writeFileSync(project, readFileSync(project, "utf8").replace(/^name: .*/, "name: app"));
  writeSdks(path.join(folder, "sdks"), [language]);
  renameSync(path.join(folder, "sdks", language), path.join(folder, "sdks/bothy"));
}

/** Installs a package of Python in a program's folder, by what set-up brought alone. */
function pipInstall(folder: string): void {
  const offline = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"];
  const words = ["-m", "pip", "install", "--quiet", ...offline, "--target", "installed", "./sdks/bothy"];
  execFileSync("python3", words, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
}

/** What a language wants beside its host. */
const environments: Record<string, Record<string, string>> = {
  python: { PYTHONPATH: "installed" },
  // The host of Go then runs the program by `go run`, which keeps what it has linked.
  go: { ...goEnv(), PULUMI_GO_USE_RUN: "true" },
};

for (const [language, env] of Object.entries(environments))
  test(`the example of ${language} makes a container with the package of its language`, { skip }, () =>
    TestStack.with({ ...env, BOTHY_ENDPOINT: `unix://${shared.daemon.socket}` }, async (program) => {
      program.inOwnProcess = true;
      place(language, program.folder);
      if (language === "python") pipInstall(program.folder);
      const { outputs, steps } = await program.must(program.up());
      assert.deepEqual(steps, { small: "create", web: "create" });
      assert.match(String(outputs.address), /^\d+\.\d+\.\d+\.\d+$/);
      assert.equal(outputs.server, (await shared.client.getServer()).value.environment.server);
      const [made] = await shared.client.listInstances();
      const { stdout } = await shared.client.execOutput(made?.name ?? "", { command: ["cat", "/root/page"] });
      assert.match(String(stdout), /^Hello from (Python|Go)\.\n$/);
      if (isLong || language === "python") await program.noChanges();
      await program.must(program.destroy());
      assert.deepEqual(await shared.client.listInstances(), []);
    }),
  );
