/** examples/cluster against a real cluster of LXD or Incus, under the real engine. */
import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { useEngine } from "../../scripts/scene/engine";
import { packageRoot } from "../../sdk/host/package";
import { TestStack } from "../provider/support/stack";
import { requireFeature } from "../support/require";

/** Address of a member, which this process must reach, and a token of the cluster's (docs/testing.md). */
const endpoint = process.env.BOTHY_TEST_CLUSTER ?? "";
const token = process.env.BOTHY_TEST_CLUSTER_TOKEN ?? "";
const skip = requireFeature("lxd-cluster", endpoint !== "" && token !== "") || requireFeature("pulumi", useEngine());

test("the example makes a container on each member of a cluster, and plans nothing more", { skip }, () =>
  TestStack.with({}, async (program) => {
    program.inOwnProcess = true;
    cpSync(path.join(packageRoot, "examples/cluster/index.ts"), path.join(program.folder, "index.ts"));
    const project = readFileSync(path.join(packageRoot, "examples/cluster/Pulumi.yaml"), "utf8");
    const named = project
      .replace(/^name: .*/, "name: app")
      .replace("node_modules/bothy/bin", path.join(packageRoot, "bin"));
    writeFileSync(path.join(program.folder, "Pulumi.yaml"), named);
    await program.configure({ "app:endpoint": endpoint, "app:token": token });
    const { steps, outputs } = await program.must(program.up());
    assert.deepEqual(steps, { "web-n1": "create", "web-n2": "create", small: "create" });
    assert.deepEqual(Object.keys(outputs.placed as object).sort(), ["n1", "n2"]);
    await program.noChanges();
    await program.must(program.destroy());
  }),
);
