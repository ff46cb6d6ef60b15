import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { useEngine } from "../../scripts/scene/engine";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { makeIdentity } from "../support/https";
import { isLong } from "../support/long";
import { requireFeature } from "../support/require";
import { lacksContainers } from "./support/lacks";
import { repository } from "./support/program";
import { TestStack } from "./support/stack";

const skip = lacksContainers() || requireFeature("pulumi", useEngine());
const secret = "correct-horse-battery-staple";

/** Configures the stack for test/provider/program. */
const configure = ({ stack }: TestStack, { socket }: TestDaemon): Promise<void> =>
  stack.setAllConfig({
    "bothy:endpoint": { value: `unix://${socket}` },
    password: { value: secret, secret: true },
    memory: { value: "64MiB" },
    name: { value: "web" },
    awaited: { value: "/etc/password" },
    certificate: { value: makeIdentity().cert },
  });

const assertNoSecret = (what: string, text: string) =>
  assert.equal(text.includes(secret), false, `the secret stands in ${what}`);

// A name in the environment would come after the stack's configuration; it must not be asked.
const env = { BOTHY_ENDPOINT: "unix:///nonexistent/unix.socket" };

/** The program, without the lines that a TestStack writes itself. */
const source = readFileSync(path.join(repository, "test/provider/program/index.js"), "utf8").replace(
  /^const (pulumi|bothy) = require.*\n/gm,
  "",
);

test("a program with every kind goes through the real engine", { skip }, (t) =>
  withDaemon({ bare: false }, (daemon) =>
    TestStack.with(env, async (program) => {
      const { client } = daemon;
      await configure(program, daemon);
      program.program(source);
      const up = async () => (await program.must(program.up())).steps;

      await t.test("preview shows what is made and touches nothing", async () => {
        program.inOwnProcess = true;
        const { steps } = await program.must(program.preview());
        assert.deepEqual(
          Object.entries(steps).sort(),
          [
            ...["acl", "base", "before", "busybox", "forward", "net", "pool", "record", "server", "token", "trusted"],
            ...["web", "zone"],
          ].map((name) => [name, "create"]),
        );
        assert.deepEqual(await client.listInstances(), []);
        assert.equal((await client.listProfiles()).length, 1);
      });

      await t.test("up makes them, and a second one finds nothing to do", async () => {
        const { outputs } = await program.must(program.up());
        assert.match(String(outputs.address), /^10\.88\.0\.\d+$/);
        assert.equal(outputs.seen, "10.88.0.1/24");
        assert.match(String(outputs.snapshot), /^before-[0-9a-f]{7}$/);
        assert.match(String(outputs.image), /^[0-9a-f]{64}$/);
        program.inOwnProcess = false;
        await program.noChanges();
      });

      await t.test("secret inputs are nowhere in the state in plain text", async () => {
        assertNoSecret("the state", program.stateText());
        const [asked] = (await client.listOperations()).filter((one) => one.class === "token");
        const { token } = await client.getCertificateToken(asked?.id ?? "");
        assert.equal(program.stateText().includes(token), false, "the token stands in the state");
        const { stdout } = await client.execOutput("web", { command: ["cat", "/etc/password"] });
        assert.equal(String(stdout), `password=${secret}\n`);
      });

      await t.test("a changed limit is one update in place", async () => {
        await program.configure({ "app:memory": "96MiB" });
        assert.deepEqual(await up(), { base: "update" });
      });

      await t.test("a drift is found by refresh and put back by up", async () => {
        const [profile] = (await client.listProfiles()).filter(({ name }) => name.startsWith("base-"));
        assert.ok(profile);
        await client.patchProfile(profile.name, { config: { "limits.memory": "1GiB" } });
        await client.deleteSnapshot("web", (await client.listSnapshots("web"))[0]!.name).then((one) => one.wait());
        const { steps } = await program.must(program.refresh());
        assert.deepEqual(steps, { before: "delete", base: "update" });
        assert.deepEqual(await up(), { before: "create", base: "update" });
        assert.equal((await client.getProfile(profile.name)).value.config["limits.memory"], "96MiB");
        if (isLong) await program.noChanges();
      });

      await t.test("a wrong value fails in preview at the name of its property", async () => {
        await program.configure({ "app:memory": "lots" });
        const { error } = await program.failing("preview");
        assert.match(error ?? "", /config\["limits\.memory"\]/);
        assertNoSecret("the error", error ?? "");
        await program.configure({ "app:memory": "96MiB" });
      });

      await t.test("another name replaces the container, the old one deleted first, and its snapshot", async () => {
        await program.configure({ "app:name": "web2" });
        assert.deepEqual(await up(), { web: "replace", before: "replace" });
        assert.deepEqual(
          (await client.listInstances()).map(({ name }) => name),
          ["web2"],
        );
      });

      await t.test(
        "a container that is made and never ready stays in the state, and the next up mends it",
        async () => {
          await program.configure({ "app:name": "web3", "app:awaited": "/etc/nothing" });
          const { error } = await program.failing("up");
          assert.match(
            error ?? "",
            /Cannot bring up container "web3": the command .* within 2 seconds; its last exit code was 1/,
          );
          assertNoSecret("the error", error ?? "");
          assertNoSecret("the state", program.stateText());
          const web = program.resources().find(({ type }) => type.endsWith(":Container"));
          assert.equal(web?.id, "web3");
          assert.equal(web?.initErrors?.length, 1);
          await program.configure({ "app:awaited": "/etc/password" });
          await up();
          assert.deepEqual(
            (await client.listInstances()).map(({ name, status }) => ({ name, status })),
            [{ name: "web3", status: "Running" }],
          );
          await program.noChanges();
        },
      );

      await t.test("destroy leaves what was there before", async () => {
        await program.must(program.destroy());
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
    }),
  ),
);
