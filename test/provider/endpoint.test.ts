import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "../../sdk";
import { enterOwnNetns } from "../support/netns";
import { hasEnded } from "../support/process";
import { DynamicProcess } from "./support/dynamic-process";
import { lacksContainers } from "./support/lacks";

const skip = lacksContainers() || enterOwnNetns();

/** Stops a daemon that the provider has started, and waits until its process is gone. */
async function stopDaemon(client: Client): Promise<void> {
  const { value } = await client.getServer();
  const pid = value.environment.server_pid;
  process.kill(pid, "SIGPWR");
  while (!hasEnded(pid)) await sleep(20);
}

test("a missing daemon is started by create and by the refresh of what it holds, and never by check, diff or the reading of others", {
  skip,
}, async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "bothy-start-"));
  const state = path.join(dir, "state");
  await using client = new Client({ endpoint: path.join(state, "unix.socket") });
  const provider = await DynamicProcess.start({ env: { BOTHY_DIR: state, BOTHY_ENDPOINT: "" } });
  try {
    const inputs = await provider.checked("profile", { name: "p" });
    await provider.diff("profile", "p", inputs, { ...inputs, description: "x" });
    await assert.rejects(provider.read("profile", "p", inputs), /nobody listens there\. Start it with/);
    assert.equal(existsSync(state), false, "nothing was started");

    // All at once, as the engine does: one daemon serves them.
    const names = ["a", "b", "c", "d"];
    const made = await Promise.all(
      names.map(async (name) => provider.create("profile", await provider.checked("profile", { name }))),
    );
    assert.deepEqual(
      made.map(({ id }) => id),
      names,
    );
    const { pid } = process;
    const { value } = await client.getServer();
    assert.notEqual(value.environment.server_pid, pid);

    // The daemon outlives the process that started it.
    await provider[Symbol.asyncDispose]();
    assert.equal((await client.listProfiles()).length, 5);

    // Its host was started anew, or somebody stopped it: a refresh goes on by itself.
    await stopDaemon(client);
    await using later = await DynamicProcess.start({ env: { BOTHY_DIR: state, BOTHY_ENDPOINT: "" } });
    const { id } = await later.read("profile", "a", made[0]?.outs);
    assert.equal(id, "a");
  } finally {
    if (existsSync(path.join(state, "unix.socket"))) await stopDaemon(client);
    rmSync(dir, { recursive: true, force: true });
  }
});

test("the argument comes before the stack's configuration, and that before the environment", { skip }, async () => {
  const env = { BOTHY_ENDPOINT: "unix:///nonexistent/environment" };
  const read = async (provider: DynamicProcess, props: Record<string, unknown>) => {
    try {
      await provider.read("profile", "p", { name: "p", ...props });
      return "nothing";
    } catch (error) {
      return /"(\/nonexistent\/[a-z]+)"/.exec((error as Error).message)?.[1];
    }
  };
  await using plain = await DynamicProcess.start({ env });
  assert.equal(await read(plain, {}), "/nonexistent/environment");
  const config = { "bothy:endpoint": "unix:///nonexistent/stack" };
  await using configured = await DynamicProcess.start({ env, config });
  assert.equal(await read(configured, {}), "/nonexistent/stack");
  assert.equal(await read(configured, { endpoint: "unix:///nonexistent/argument" }), "/nonexistent/argument");
});

test("an endpoint of another kind is refused with what to write", { skip }, async () => {
  await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: "ftp://host" } });
  await assert.rejects(provider.read("profile", "p", { name: "p" }), /unknown scheme "ftp"\. Use unix:\/\/\//);
});
