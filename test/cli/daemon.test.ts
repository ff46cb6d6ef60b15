/** The command line with the real daemon, as a newcomer uses it. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { Client, isNobodyListening } from "../../sdk/index";
import { withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { runCli, startCli } from "./support/cli";

const skip = requireFeature("root", process.getuid?.() === 0);

test("a container is launched, listed, used, stopped and deleted", { skip }, () =>
  withDaemon({ bare: false }, async ({ socket }) => {
    const env = { BOTHY_ENDPOINT: `unix://${socket}` };
    const bothy = async (...args: string[]) => {
      const { code, stdout, stderr } = await runCli(args, { env });
      assert.equal(code, 0, stderr);
      return stdout;
    };
    assert.equal(await bothy("launch", "template:busybox", "web", "-c", "limits.memory=64MiB"), "Launched web\n");
    assert.match(await bothy("list"), /^web +Running /m);
    assert.match(await bothy("info", "web"), /^Status: +Running$/m);
    assert.equal(await bothy("exec", "web", "--", "sh", "-c", "hostname; exec cat /etc/hostname"), "web\nweb\n");
    const piped = await runCli(["exec", "web", "sh", "-c", "cat; echo done >&2; exit 9"], { env, input: "through" });
    assert.deepEqual(piped, { code: 9, stdout: "through", stderr: "done\n" });
    const terminal = await runCli(["exec", "web", "--", "sh", "-c", "test -t 0 && tty"], { env, isTerminal: true });
    assert.equal(terminal.code, 0);
    assert.match(terminal.stdout, /^\/dev\/pts\/\d+\r\n$/);
    assert.equal(await bothy("stop", "--force", "web"), "Stopped web\n");
    assert.equal(await bothy("start", "web"), "Started web\n");
    assert.match(await bothy("doctor"), /^ok +daemon /m);
    assert.equal(await bothy("delete", "--force", "web"), "Deleted web\n");
    assert.match(await bothy("list"), /There are no containers/);
  }),
);

test("bothy daemon becomes the daemon: the same process, which ends at SIGTERM", { skip }, async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "bothy-cli-"));
  const run = startCli(["daemon", "--dir", dir, "--bare"]);
  const ready = new Promise<void>((resolve, reject) => {
    run.child.stderr?.on("data", (text: string) => text.includes("is ready") && resolve());
    run.child.once("exit", () => reject(new Error("the daemon ended before it listened")));
  });
  const client = new Client({ endpoint: path.join(dir, "unix.socket") });
  try {
    await ready;
    assert.equal((await client.getServer()).value.environment.server_pid, run.child.pid);
  } finally {
    await client.close();
    run.child.kill("SIGTERM");
  }
  const { code, stderr } = await run.result;
  assert.equal(code, 0, stderr);
  await assert.rejects(new Client({ endpoint: path.join(dir, "unix.socket") }).getServer(), isNobodyListening);
  rmSync(dir, { recursive: true });
  assert.ok(!existsSync(dir));
});

test("what bothy daemon refuses is said before a daemon is started", async () => {
  const { code, stderr } = await runCli(["daemon", "--port", "80"]);
  assert.deepEqual([code, stderr], [2, 'Unknown option "--port". See "bothy daemon --help".\n']);
});
