import assert from "node:assert/strict";
import { test } from "node:test";
import type { Props } from "../../provider/core/engine/values";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { DynamicProcess, InitFailedAnswer } from "./support/dynamic-process";
import { lacksContainers } from "./support/lacks";
import { PluginProcess } from "./support/plugin-process";
import type { ProviderProcess } from "./support/provider-process";

const skip = lacksContainers();

/** Waits for a command that never succeeds; the test ends far earlier, or not at all. */
const neverReady = (name: string): Props => ({
  name,
  image: "template:busybox",
  wait: { command: ["test", "-e", "/nothing"], timeoutSeconds: 3600 },
  timeouts: { createSeconds: 3600, updateSeconds: 3600 },
  __owner: { project: "shop", stack: "dev", resource: "web" },
});

const start = (daemon: TestDaemon) => DynamicProcess.start({ env: { BOTHY_ENDPOINT: `unix://${daemon.socket}` } });

type Begin = (daemon: TestDaemon) => Promise<ProviderProcess>;

const startPlugin = (daemon: TestDaemon) => PluginProcess.start({ config: { endpoint: `unix://${daemon.socket}` } });

/** Resolves when the container runs its command to wait for. */
async function isWaiting({ client }: TestDaemon, name: string): Promise<void> {
  for await (const { metadata } of client.events({ types: ["lifecycle"] })) {
    const { action, source } = metadata as { action: string; source: string };
    if (action === "instance-exec" && source.endsWith(`/${name}`)) return;
  }
}

const pendingOf = async ({ client }: TestDaemon, name: string) =>
  (await client.getInstance(name)).value.config["user.bothy.pending"];

test(
  "a wait ends when the engine is told to cancel, and the container stays in the state, through both doors",
  { skip },
  () =>
    withDaemon({ bare: false }, async (daemon) => {
      for (const begin of [start, startPlugin]) {
        await using provider: ProviderProcess = await begin(daemon);
        const inputs = await provider.checked("container", neverReady("web"));
        const waiting = isWaiting(daemon, "web");
        const creating = assert.rejects(provider.create("container", inputs), (error: unknown) => {
          assert.ok(error instanceof InitFailedAnswer, String(error));
          assert.equal(error.id, "web");
          assert.match(error.message, /^Cannot create container "web": it was cancelled\. Run up again/);
          return true;
        });
        await waiting;
        await provider.cancel();
        await creating;
        assert.ok(await pendingOf(daemon, "web"), "the engine may be killed before it has written down what it heard");

        const { outs } = await provider.read("container", "web", inputs);
        const again = isWaiting(daemon, "web");
        const updating = assert.rejects(
          provider.update("container", "web", { ...outs, __unfinished: true }, { ...inputs, description: "x" }),
          /it was cancelled/,
        );
        await again;
        await provider.cancel();
        await updating;
        assert.equal(await pendingOf(daemon, "web"), undefined, "the engine knows it");
        await provider.delete("container", "web", outs);
      }
    }),
);

/** Leaves a container "web" half made, as an engine does that is killed. @returns its inputs */
async function killedInCreate(daemon: TestDaemon, begin: Begin = start) {
  const killed = await begin(daemon);
  const inputs = await killed.checked("container", neverReady("web"));
  const waiting = isWaiting(daemon, "web");
  const creating = assert.rejects(killed.create("container", inputs));
  await waiting;
  await killed.abandon();
  await creating;
  await killed[Symbol.asyncDispose]();
  return inputs;
}

test(
  "a container whose engine was killed in the middle is taken over by the next up, through both doors",
  { skip },
  () =>
    withDaemon({ bare: false }, async (daemon) => {
      for (const begin of [start, startPlugin]) {
        const inputs = await killedInCreate(daemon, begin);
        assert.match((await pendingOf(daemon, "web")) ?? "", /^[^/]+\/\d+\/\d+$/, "nobody has heard of it");
        const { config } = (await daemon.client.getInstance("web")).value;

        await using provider: ProviderProcess = await begin(daemon);
        const ready = {
          ...inputs,
          wait: { command: ["test", "-e", "/etc/motd"] },
          files: { "/etc/motd": { content: "x" } },
        };
        const { id, outs } = await provider.create("container", await provider.checked("container", ready));
        assert.equal(outs.status, "Running");
        const { value } = await daemon.client.getInstance("web");
        assert.equal(value.config["volatile.uuid"], config["volatile.uuid"], "the same one");
        assert.equal(value.config["user.bothy.pending"], undefined);
        await provider.delete("container", id, outs);
      }
    }),
);

test("a half made container of another image is made anew", { skip }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    const inputs = await killedInCreate(daemon);
    await daemon.client.createImageAlias({
      name: "other",
      target: (await daemon.client.listImages())[0]?.fingerprint ?? "",
    });
    const uuid = async () => (await daemon.client.getInstance("web")).value.config["volatile.uuid"];
    const before = await uuid();
    await using provider = await start(daemon);
    const other = { ...inputs, image: "other", wait: { for: "nothing" } };
    const { id, outs } = await provider.create("container", await provider.checked("container", other));
    assert.notEqual(await uuid(), before);
    await provider.delete("container", id, outs);
  }),
);

test("a container that was cancelled is not taken for its own replacement", { skip }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    const { name: _, ...given }: Props = { ...neverReady("web"), __logicalName: "web" };
    const cancelled = await start(daemon);
    const inputs = await cancelled.checked("container", given);
    const name = String(inputs.name);
    const waiting = isWaiting(daemon, name);
    const creating = cancelled.create("container", inputs).catch((error: unknown) => error as InitFailedAnswer);
    await waiting;
    await cancelled.cancel();
    const { id, properties } = (await creating) as InitFailedAnswer;
    await cancelled[Symbol.asyncDispose]();
    assert.ok(await pendingOf(daemon, name));

    // What the engine does for another image: a plan, inputs without the old ones, the new one, then the end of the old one.
    await using provider = await start(daemon);
    const wait = { for: "nothing" };
    const other = { ...given, ephemeral: true, wait };
    const { replaces } = await provider.diff(
      "container",
      id,
      properties,
      await provider.checked("container", other, inputs),
    );
    assert.deepEqual(replaces, ["ephemeral"]);
    const next = await provider.create("container", await provider.checked("container", other));
    assert.notEqual(next.id, id);
    await provider.delete("container", id, properties);
    assert.deepEqual(
      (await daemon.client.listInstances()).map((one) => one.name),
      [next.id],
    );
    await provider.delete("container", next.id, next.outs);
  }),
);
