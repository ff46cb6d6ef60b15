import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readProperty } from "../../provider/dynamic/hidden";
import { useEngine } from "../../scripts/scene/engine";
import { runCli } from "../cli/support/cli";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { isLong, onlyLong, spread } from "../support/long";
import { requireFeature } from "../support/require";
import { DynamicProcess } from "./support/dynamic-process";
import { lacksContainers } from "./support/lacks";
import { killEngine, TestStack } from "./support/stack";

const skip = lacksContainers() || requireFeature("pulumi", useEngine());

/** Every kind that is half made for a while, by names of their own and by made ones. */
const programWaitingFor = (file: string): string => `
const options = { image: "template:busybox", wait: { command: ["test", "-e", "${file}"], timeoutSeconds: 3600 } };
const network = new bothy.Network("net", { config: { "ipv4.address": "10.95.1.1/24" } });
const profile = new bothy.Profile("base", { devices: { eth0: { type: "nic", name: "eth0", network } } });
const fixed = new bothy.Container("fixed", { name: "fixed", ...options, files: { "/etc/made": { content: "x" } } });
const made = new bothy.Container("made", { profiles: ["default", profile], ...options });
class Part extends pulumi.ComponentResource {
  constructor(name) {
    super("my:Part", name);
    new bothy.Container("made", { ...options }, { parent: this });
  }
}
new Part("part");
exports.made = made.name;
`;

/** Resolves when so many containers run their command to wait for. */
async function areWaiting({ client }: TestDaemon, count: number): Promise<void> {
  const seen = new Set<string>();
  for await (const { metadata } of client.events({ types: ["lifecycle"] })) {
    const { action, source } = metadata as { action: string; source: string };
    if (action === "instance-exec") seen.add(source);
    if (seen.size === count) return;
  }
}

const containers = async ({ client }: TestDaemon) =>
  Object.fromEntries((await client.listInstances()).map(({ name, config }) => [name, config["volatile.uuid"]]));

const ways = ["SIGKILL", "a second SIGINT", "SIGINT"] as const;
type How = (typeof ways)[number];

async function interrupt(up: ChildProcess, how: How): Promise<void> {
  const ended = new Promise<void>((resolve) => up.once("exit", () => resolve()));
  if (how === "SIGKILL") await killEngine(up);
  else up.kill("SIGINT");
  if (how === "a second SIGINT") {
    await sleep(100);
    up.kill("SIGINT");
  }
  await ended;
}

/** Interrupts an up while the containers wait, and lets the next one finish. */
async function interrupted(daemon: TestDaemon, program: TestStack, how: How): Promise<void> {
  program.program(programWaitingFor("/nothing"));
  const waiting = areWaiting(daemon, 3);
  const up = program.start("up", "--yes", "--skip-preview");
  await waiting;
  const before = await containers(daemon);
  assert.equal(Object.keys(before).length, 3);
  await interrupt(up, how);
  program.program(programWaitingFor("/etc/passwd"));
  if (how !== "SIGINT") await program.stack.cancel();
  const { outputs } = await program.must(program.up());
  assert.deepEqual(await containers(daemon), before, "the same three, and no other");
  assert.ok(Object.keys(before).includes(String(outputs.made)));
  for (const { status } of await daemon.client.listInstances()) assert.equal(status, "Running");
  const { stdout } = await daemon.client.execOutput("fixed", { command: ["cat", "/etc/made"] });
  assert.equal(String(stdout), "x");
  if (how === "SIGKILL") await program.must(program.refresh());
  if (how !== "a second SIGINT") await program.noChanges();
}

test("what an interrupted up left is finished by the next one", { skip }, (t) =>
  withDaemon({ bare: false }, async (daemon) => {
    const env = { BOTHY_ENDPOINT: `unix://${daemon.socket}` };
    await TestStack.with(env, (program) => interruptions(t, daemon, program, env));
  }),
);

async function interruptions(
  t: TestContext,
  daemon: TestDaemon,
  program: TestStack,
  env: Record<string, string>,
): Promise<void> {
  // engine-kill.test.ts kills the engine in npm test.
  for (const how of isLong ? ways : (["SIGINT"] as const))
    await t.test(`by ${how}`, async () => {
      await interrupted(daemon, program, how);
      if (how !== "SIGINT") await program.must(program.destroy());
    });

  await t.test("bothy list --stack shows what belongs to it", async () => {
    const lines = async (...words: string[]) => {
      const { code, stdout, stderr } = await runCli(["list", ...words], { env });
      assert.equal(code, 0, stderr);
      return stdout
        .trim()
        .split("\n")
        .map((line) => line.split(/ {2,}/));
    };
    const all = await lines("--stack");
    assert.deepEqual(all[0], ["STACK", "RESOURCE", "KIND", "NAME", "NOTE"]);
    assert.deepEqual(
      all.slice(1).map(([stack, resource, kind]) => [stack, resource, kind]),
      [
        ["app/test", "fixed", "container"],
        ["app/test", "made", "container"],
        ["app/test", "made", "container"],
        ["app/test", "net", "network"],
        ["app/test", "base", "profile"],
      ],
    );
    assert.deepEqual(await lines("--stack", "test"), all);
    assert.deepEqual(await lines("--stack", "app/test"), all);
    assert.deepEqual(await lines("--stack=prod"), [['The stack "prod" has nothing here.']]);
    assert.equal((await lines("--stack", "test", "fixed")).length, 2);
    const { stdout } = await runCli(["list", "--stack", "--format", "json"], { env });
    assert.equal(JSON.parse(stdout)[0].resource, "fixed");
  });

  await t.test("what the program took out of its state is not made twice, and adopted when it says so", async () => {
    const kept = await containers(daemon);
    const { deployment, ...rest } = await program.stack.exportStack();
    const resources = deployment.resources as { type: string; id?: string }[];
    await program.stack.importStack({
      ...rest,
      deployment: { ...deployment, resources: resources.filter(({ id }) => id !== "fixed") },
    });
    const { error } = await program.failing("up");
    assert.match(error ?? "", /"fixed" already exists.*made for this very resource.*adopt: true/s);
    assert.deepEqual(await containers(daemon), kept);
    program.program(programWaitingFor("/etc/passwd").replace('name: "fixed"', 'name: "fixed", adopt: true'));
    const { steps } = await program.must(program.up());
    assert.equal(steps.fixed, "create");
    assert.deepEqual(await containers(daemon), kept);
    program.program(programWaitingFor("/etc/passwd"));
    await program.noChanges();
  });

  await program.must(program.destroy());
  assert.deepEqual(await daemon.client.listInstances(), []);
}

// identity.test.ts asks the provider for each of them.
test("with another daemon's endpoint nothing of the first is taken for gone", { skip: skip || onlyLong() }, (t) =>
  withDaemon({ bare: false }, (one) =>
    withDaemon({ bare: false }, async (other) => {
      const [here, there] = [one, other].map(({ socket }) => `unix://${socket}`);
      await TestStack.with({ BOTHY_ENDPOINT: "unix:///nonexistent/unix.socket" }, async (program) => {
        program.program('new bothy.Container("web", { name: "web", image: "template:busybox" });');
        await program.configure({ "bothy:endpoint": here! });
        await program.must(program.up());
        const { pid } = await one.client.getInstanceState("web");
        await program.configure({ "bothy:endpoint": there! });
        for (const verb of ["up", "preview", "refresh", "destroy"] as const)
          await t.test(verb, async () => {
            const { error = "" } = await program.failing(verb);
            assert.ok(error.includes(one.socket) && error.includes(other.socket), error);
            assert.match(program.stateText(), /"id":"web"/, "it stays in the state");
            assert.equal((await one.client.getInstanceState("web")).pid, pid, "it runs on");
          });
        await program.configure({ "bothy:endpoint": here! });
        // The engine destroys with the configuration of the last up.
        await program.must(program.up());
        await program.must(program.destroy());
        assert.deepEqual(await one.client.listInstances(), []);
      });
    }),
  ),
);

test("a program that reads what is not there is told so, kind by kind", { skip }, (t) =>
  withDaemon({ bare: false }, async (daemon) => {
    const env = { BOTHY_ENDPOINT: `unix://${daemon.socket}` };
    const ids = {
      container: "nosuch",
      profile: "nosuch",
      network: "nosuch",
      "storage-pool": "nosuch",
      image: "0123456789ab",
      snapshot: "nosuch/before",
    };
    await using provider = await DynamicProcess.start({ env });
    for (const [kind, id] of Object.entries(ids))
      await t.test(`a ${kind}`, () =>
        assert.rejects(
          provider.read(kind, id, { [readProperty]: true }),
          new RegExp(`Cannot read [a-z ]+ "${id}": .* has none`),
        ),
      );
    await TestStack.with(env, async (program) => {
      await t.test("by the engine", async () => {
        program.program('bothy.Container.get("it", "nosuch");');
        for (const verb of spread(["preview", "up"] as const, 1))
          assert.match((await program.failing(verb)).error ?? "", /Cannot read container "nosuch": .* has none/);
      });
      await t.test("and what was there once and is gone leaves the state", async () => {
        await daemon.client.createProfile({ name: "seen" });
        program.program('bothy.Profile.get("it", "seen");');
        await program.must(program.up());
        assert.match(program.stateText(), /"id":"seen"/);
        await daemon.client.deleteProfile("seen");
        await program.must(program.refresh());
        assert.doesNotMatch(program.stateText(), /"id":"seen"/);
      });
    });
  }),
);
