/** The first commands of the README work on a host where nothing runs yet. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, endpointText } from "../../sdk";
import { lacksContainers } from "../provider/support/lacks";
import { enterOwnNetns } from "../support/netns";
import { hasEnded } from "../support/process";
import { runCli } from "./support/cli";

const skip = lacksContainers() || enterOwnNetns();

test("launch starts the daemon when none listens, and every other command finds it", { skip }, async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "bothy-first-"));
  const env = { BOTHY_DIR: path.join(dir, "state") };
  await using client = new Client({ endpoint: path.join(env.BOTHY_DIR, "unix.socket") });
  try {
    const launched = await runCli(["launch", "template:busybox", "box"], { env });
    assert.equal(launched.code, 0, launched.stderr);
    assert.equal(launched.stdout, "Launched box\n");
    assert.match(launched.stderr, /^Nobody listens at the local socket: starting bothyd\.$/m);
    const said = await runCli(["exec", "box", "--", "cat", "/proc/1/comm"], { env });
    assert.deepEqual([said.code, said.stdout, said.stderr], [0, "init\n", ""]);
    assert.equal((await runCli(["delete", "--force", "box"], { env })).code, 0);
  } finally {
    if (existsSync(endpointText(client.endpoint))) {
      const { server_pid: pid } = (await client.getServer()).value.environment;
      process.kill(pid, "SIGPWR");
      while (!hasEnded(pid)) await sleep(20);
    }
    rmSync(dir, { recursive: true, force: true });
  }
});

test("a daemon that somebody names is not started", { skip }, async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "bothy-first-"));
  try {
    const endpoint = path.join(dir, "state/unix.socket");
    for (const { args, env } of [
      { args: ["list", "--endpoint", endpoint], env: {} },
      { args: ["list"], env: { BOTHY_ENDPOINT: endpoint } },
    ]) {
      const { code, stderr } = await runCli(args, { env });
      assert.equal(code, 1);
      assert.match(stderr, /nobody listens there/);
      assert.equal(existsSync(path.dirname(endpoint)), false);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
