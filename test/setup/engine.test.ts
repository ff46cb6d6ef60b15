import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { LocalWorkspace } from "@pulumi/pulumi/automation";
import { engineEnv, useEngine } from "../../scripts/scene/engine";
import { loadSetup } from "./load";

const { engineOnPath, ENGINE_VERSION, PARTS } = loadSetup<{
  engineOnPath(searchPath?: string): string | undefined;
  ENGINE_VERSION: string;
  PARTS: string[];
}>("engine");

/** Makes a folder of programs that look like an engine of this version. */
function withEngine(version: string, parts: string[], body: (folder: string) => void) {
  const folder = mkdtempSync(join(tmpdir(), "bothy-engine-"));
  try {
    for (const part of parts) writeFileSync(join(folder, part), `#!/bin/sh\necho v${version}\n`, { mode: 0o755 });
    body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("an engine on PATH is used when it is whole and new enough", () => {
  withEngine(ENGINE_VERSION, PARTS, (folder) => assert.equal(engineOnPath(folder), folder));
  withEngine("4.0.0", PARTS, (folder) => assert.equal(engineOnPath(folder), folder));
});

test("an engine on PATH is passed over when it is too old or lacks its language host", () => {
  withEngine("3.99.0", PARTS, (folder) => assert.equal(engineOnPath(folder), undefined));
  withEngine(ENGINE_VERSION, ["pulumi"], (folder) => assert.equal(engineOnPath(folder), undefined));
});

class Note extends pulumi.dynamic.Resource {
  declare readonly text: pulumi.Output<string>;
  constructor(name: string, text: string) {
    const provider: pulumi.dynamic.ResourceProvider = {
      create: async (inputs) => ({ id: "note", outs: inputs }),
      update: async (_id, _olds, news) => ({ outs: news }),
    };
    super(provider, name, { text });
  }
}

const withoutEngine = !useEngine() && !process.env.REQUIRE?.includes("pulumi");

test("the engine runs up, preview and destroy of a dynamic resource", {
  skip: withoutEngine && "needs pulumi",
}, async () => {
  const home = mkdtempSync(join(tmpdir(), "bothy-pulumi-"));
  try {
    for (const folder of ["state", "work"]) mkdirSync(join(home, folder));
    let text = "first";
    const program = async () => ({ text: new Note("note", text).text });
    const stack = await LocalWorkspace.createOrSelectStack(
      { stackName: "dev", projectName: "engine-test", program },
      { workDir: join(home, "work"), pulumiHome: home, envVars: engineEnv(home) },
    );
    assert.equal((await stack.up()).outputs.text?.value, "first");
    const again = await stack.preview({ expectNoChanges: true });
    assert.deepEqual(again.changeSummary, { same: 2 });
    text = "second";
    const { summary } = await stack.up();
    assert.deepEqual(summary.resourceChanges, { same: 1, update: 1 });
    await stack.destroy();
    assert.equal((await stack.exportStack()).deployment.resources, undefined);
  } finally {
    rmSync(home, { recursive: true });
  }
});
