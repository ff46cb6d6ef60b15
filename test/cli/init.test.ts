/** A first program is written, left alone, and really runs. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { LocalWorkspace } from "@pulumi/pulumi/automation";
import { engineEnv, useEngine } from "../../scripts/scene/engine";
import { linkPackages } from "../../scripts/scene/program";
import { withoutTypeChecks } from "../e2e/transcript";
import { lacksContainers } from "../provider/support/lacks";
import { withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { runCli } from "./support/cli";

/** No daemon is there and none may be started: its folder cannot be made. */
const env = { BOTHY_DIR: "/proc/nowhere" };

function inFolder(work: (folder: string) => Promise<void>): () => Promise<void> {
  return async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "bothy-init-"));
    try {
      await work(folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

test(
  "init writes a program into a new folder, names the project after it and tells the next commands",
  inFolder(async (folder) => {
    const target = path.join(folder, "My Machines");
    const { code, stdout, stderr } = await runCli(["init", target], { env });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(readdirSync(target).sort(), ["Pulumi.yaml", "index.ts", "package.json", "tsconfig.json"]);
    assert.match(readFileSync(path.join(target, "Pulumi.yaml"), "utf8"), /^name: my-machines$/m);
    const { name, dependencies } = JSON.parse(readFileSync(path.join(target, "package.json"), "utf8"));
    assert.equal(name, "my-machines");
    assert.deepEqual(Object.keys(dependencies), ["@pulumi/pulumi", "bothy"]);
    for (const next of [`cd ${target}`, "npm install", "pulumi stack init dev", "pulumi up"])
      assert.ok(stdout.includes(next), stdout);
  }),
);

test(
  "init takes a name, by word and by option, and refuses one that Pulumi would",
  inFolder(async (folder) => {
    const nameIn = (at: string) =>
      /^name: (.*)$/m.exec(readFileSync(path.join(folder, at, "Pulumi.yaml"), "utf8"))?.[1];
    assert.equal((await runCli(["init", path.join(folder, "a"), "one"], { env })).code, 0);
    assert.equal((await runCli(["init", "--name", "two", path.join(folder, "b")], { env })).code, 0);
    assert.deepEqual([nameIn("a"), nameIn("b")], ["one", "two"]);
    const { code, stderr } = await runCli(["init", path.join(folder, "c"), "No Name"], { env });
    assert.equal(code, 2);
    assert.match(stderr, /Cannot name the project "No Name"/);
    assert.deepEqual(readdirSync(folder).sort(), ["a", "b"]);
  }),
);

test(
  "init overwrites nothing: a program is refused, and a package.json is kept with what it lacks named",
  inFolder(async (folder) => {
    const own = '{ "name": "own", "dependencies": { "bothy": "0.1.0" } }';
    writeFileSync(path.join(folder, "package.json"), own);
    const { code, stdout } = await runCli(["init", folder], { env });
    assert.equal(code, 0);
    assert.equal(readFileSync(path.join(folder, "package.json"), "utf8"), own);
    assert.match(stdout, /npm install @pulumi\/pulumi@\S+ @types\/node@\S+ typescript@\S+$/m);

    writeFileSync(path.join(folder, "index.ts"), "// mine");
    const again = await runCli(["init", folder], { env });
    assert.equal(again.code, 2);
    assert.match(again.stderr, /Pulumi\.yaml and index\.ts are there already/);
    assert.equal(readFileSync(path.join(folder, "index.ts"), "utf8"), "// mine");
  }),
);

const skip = lacksContainers() || requireFeature("pulumi", useEngine());

test(
  "the program that init writes goes up and down on the real engine",
  { skip },
  inFolder((folder) =>
    withDaemon({ bare: false }, async (daemon) => {
      const target = path.join(folder, "first");
      await runCli(["init", target], { env });
      linkPackages(target);
      const home = path.join(folder, "home");
      mkdirSync(path.join(home, "state"), { recursive: true });
      const envVars = {
        ...engineEnv(home),
        BOTHY_ENDPOINT: `unix://${daemon.socket}`,
        PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
      };
      const stack = await LocalWorkspace.createOrSelectStack(
        { stackName: "dev", workDir: target },
        { envVars, pulumiHome: home },
      );
      const { outputs } = await stack.up();
      const page = await daemon.run("wget", "-q", "-O", "-", `http://${outputs.address?.value}/`);
      assert.equal(page, "Hello from a machine container.\n");
      // The up has checked the program's types, which costs seconds.
      stack.workspace.envVars = { ...envVars, ...withoutTypeChecks };
      await stack.preview({ expectNoChanges: true });
      await stack.destroy();
      assert.deepEqual(await daemon.client.listInstances(), []);
    }),
  ),
);
