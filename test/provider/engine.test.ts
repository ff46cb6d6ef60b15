import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { LocalWorkspace, type Stack, type UpResult } from "@pulumi/pulumi/automation";
import { engineEnv, useEngine } from "../../scripts/scene/engine";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { lacksContainers } from "./support/lacks";
import { type ProgramFolder, programFolder, repository } from "./support/program";

const skip = lacksContainers() || requireFeature("pulumi", useEngine());
const secret = "correct-horse-battery-staple";

/** A stack of test/provider/program with a backend of its own. */
async function stackOf(program: ProgramFolder, home: string, daemon: TestDaemon): Promise<Stack> {
  mkdirSync(path.join(home, "state"), { recursive: true });
  writeFileSync(path.join(program.path, "Pulumi.yaml"), "name: every-kind\nruntime: nodejs\nmain: index.js\n");
  copyFileSync(path.join(repository, "test/provider/program/index.js"), path.join(program.path, "index.js"));
  const envVars = {
    ...engineEnv(home),
    // A name in the environment would come after the stack's configuration; it must not be asked.
    BOTHY_ENDPOINT: "unix:///nonexistent/unix.socket",
    PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
  };
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: "test", workDir: program.path },
    { envVars, pulumiHome: home },
  );
  await stack.setAllConfig({
    "bothy:endpoint": { value: `unix://${daemon.socket}` },
    password: { value: secret, secret: true },
    memory: { value: "64MiB" },
    name: { value: "web" },
    awaited: { value: "/etc/password" },
  });
  return stack;
}

/** How many resources an `up` touched, by what it did to them; those that stayed the same are left out. */
function changesOf({ summary }: UpResult): Record<string, number> {
  const { same: _, ...changes } = summary.resourceChanges ?? {};
  return changes as Record<string, number>;
}

/** The state as it lies on disk; an export through the Automation API would decrypt it. */
const stateIn = (home: string) => readFileSync(path.join(home, "state/.pulumi/stacks/every-kind/test.json"), "utf8");

const assertNoSecret = (what: string, text: string) =>
  assert.equal(text.includes(secret), false, `the secret stands in ${what}`);

test("a program with every kind goes through the real engine", { skip }, (t) =>
  withDaemon({ bare: false }, async (daemon) => {
    const { client } = daemon;
    const home = mkdtempSync(path.join(tmpdir(), "bothy-pulumi-"));
    using program = programFolder();
    try {
      const stack = await stackOf(program, home, daemon);
      const up = () => stack.up();
      const noChanges = async () => void (await stack.preview({ expectNoChanges: true }));

      await t.test("preview shows six creations and touches nothing", async () => {
        const { changeSummary } = await stack.preview();
        assert.equal(changeSummary.create, 7, "six and the stack");
        assert.deepEqual(await client.listInstances(), []);
        assert.equal((await client.listProfiles()).length, 1);
      });

      await t.test("up makes them, and a second one finds nothing to do", async () => {
        const { outputs } = await up();
        assert.match(outputs.address?.value, /^10\.88\.0\.\d+$/);
        assert.equal(outputs.seen?.value, "10.88.0.1/24");
        assert.match(outputs.snapshot?.value, /^before-[0-9a-f]{7}$/);
        assert.match(outputs.image?.value, /^[0-9a-f]{64}$/);
        await noChanges();
      });

      await t.test("secret inputs are nowhere in the state in plain text", async () => {
        assertNoSecret("the state", stateIn(home));
        const { stdout } = await client.execOutput("web", { command: ["cat", "/etc/password"] });
        assert.equal(String(stdout), `password=${secret}\n`);
      });

      await t.test("a changed limit is one update in place", async () => {
        await stack.setConfig("memory", { value: "96MiB" });
        assert.deepEqual(changesOf(await up()), { update: 1 });
        await noChanges();
      });

      await t.test("a drift is found by refresh and put back by up", async () => {
        const [profile] = (await client.listProfiles()).filter(({ name }) => name.startsWith("base-"));
        assert.ok(profile);
        await client.patchProfile(profile.name, { config: { "limits.memory": "1GiB" } });
        await client.deleteSnapshot("web", (await client.listSnapshots("web"))[0]!.name).then((one) => one.wait());
        const { summary } = await stack.refresh();
        assert.equal(summary.resourceChanges?.delete, 1, "the snapshot");
        assert.equal(summary.resourceChanges?.update, 1, "the profile");
        assert.deepEqual(changesOf(await up()), { create: 1, update: 1 });
        assert.equal((await client.getProfile(profile.name)).value.config["limits.memory"], "96MiB");
        await noChanges();
      });

      await t.test("a wrong value fails in preview at the name of its property", async () => {
        await stack.setConfig("memory", { value: "lots" });
        await assert.rejects(stack.preview(), (error: Error) => {
          assert.match(error.message, /config\["limits\.memory"\]/);
          assertNoSecret("the error", error.message);
          return true;
        });
        await stack.setConfig("memory", { value: "96MiB" });
      });

      await t.test("another name replaces the container, the old one deleted first, and its snapshot", async () => {
        await stack.setConfig("name", { value: "web2" });
        const { replace } = changesOf(await up());
        assert.equal(replace, 2);
        assert.deepEqual(
          (await client.listInstances()).map(({ name }) => name),
          ["web2"],
        );
        await noChanges();
      });

      await t.test(
        "a container that is made and never ready stays in the state, and the next up mends it",
        async () => {
          await stack.setConfig("name", { value: "web3" });
          await stack.setConfig("awaited", { value: "/etc/nothing" });
          await assert.rejects(up(), (error: Error) => {
            assert.match(
              error.message,
              /Cannot bring up container "web3": the command .* within 2 seconds; its last exit code was 1/,
            );
            assertNoSecret("the error", error.message);
            return true;
          });
          const { deployment } = await stack.exportStack();
          assertNoSecret("the state", stateIn(home));
          const web = (deployment.resources as { type: string; id: string; initErrors?: string[] }[]).find(({ type }) =>
            type.endsWith(":Container"),
          );
          assert.equal(web?.id, "web3");
          assert.equal(web?.initErrors?.length, 1);
          await stack.setConfig("awaited", { value: "/etc/password" });
          await up();
          assert.deepEqual(
            (await client.listInstances()).map(({ name, status }) => ({ name, status })),
            [{ name: "web3", status: "Running" }],
          );
          await noChanges();
        },
      );

      await t.test("destroy leaves what was there before", async () => {
        await stack.destroy();
        assert.deepEqual(await client.listInstances(), []);
        assert.deepEqual(await client.listImages(), []);
        assert.deepEqual(
          (await client.listProfiles()).map(({ name }) => name),
          ["default"],
        );
        assert.deepEqual(
          (await client.listStoragePools()).map(({ name }) => name),
          ["default"],
        );
      });
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  }),
);
