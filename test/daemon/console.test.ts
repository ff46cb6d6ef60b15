/** Console: one client at the terminal of a container's init; the log goes on, and nobody waits for a slow reader. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { ConsoleSession } from "../../sdk/index";
import { preparePool } from "../support/daemon";
import { processText } from "../support/process";
import { assertRefused } from "../support/raw-http";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const image = { type: "image", alias: "template:busybox" };

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  await (await daemon.client.createInstance({ name: "web", source: image })).wait();
  await (await daemon.client.setInstanceState("web", { action: "start" })).wait();
});

const console = "/1.0/instances/web/console";

const inside = async (script: string): Promise<string> =>
  String((await shared.client.execOutput("web", { command: ["sh", "-c", script] })).stdout);

/** Keeps what a session prints. */
function heard(session: ConsoleSession): () => string {
  const chunks: Buffer[] = [];
  session.output.on("data", (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString("latin1");
}

/** A guest's program at the console: says its size when that changes, and answers what it is told. */
const answering = `exec </dev/console >/dev/console 2>&1; stty raw -echo; trap 'stty size' WINCH
  echo ready; while IFS= read -r line; do echo "told <$line>"; done`;

test("what is typed at the console reaches the guest, its answer and its size come back, and the log has it too", async () => {
  const session = await shared.client.attachConsole("web", { width: 100, height: 40 });
  const said = heard(session);
  assert.equal((await inside("stty size < /dev/console")).trim(), "40 100");
  const guest = await shared.client.execInstance("web", { command: ["sh", "-c", answering] });
  await until(async () => said().includes("ready"));
  session.input.write("hello there\n");
  await until(async () => said().includes("told <hello there>"));
  session.resize(90, 30);
  await until(async () => (await inside("stty size < /dev/console")).trim() === "30 90");
  assert.match(await shared.client.getConsoleLog("web"), /told <hello there>/);
  guest.signal(9);
  await guest.exit;
  await inside("stty sane < /dev/console");
  session.detach();
  await session.closed;
  assert.equal((await shared.client.getInstance("web")).value.status, "Running");
  await shared.client.clearConsoleLog("web");
  assert.equal(await shared.client.getConsoleLog("web"), "");
});

test("one client is attached at a time, and its leaving lets the next one in", async () => {
  const first = await shared.client.attachConsole("web");
  await shared.refusesAtOnce("POST", console, { type: "console" }, 400, /already connected. Detach the other client/);
  first.detach();
  await first.closed;
  const second = await shared.client.attachConsole("web");
  const said = heard(second);
  await inside("echo for-the-second > /dev/console");
  await until(async () => said().includes("for-the-second"));
  second.detach();
  await second.closed;
});

test("who asks for the console and never comes gives it back", async () => {
  assert.equal((await shared.send("POST", console, {})).status, 202);
  await until(async () => {
    const session = await shared.client.attachConsole("web").catch(() => undefined);
    session?.detach();
    await session?.closed;
    return session !== undefined;
  });
});

test("a client that reads nothing holds up neither the guest nor the log, and is told what it has lost", async () => {
  const session = await shared.client.attachConsole("web");
  // All that fits into buffers and connections on the way is a few MiB.
  await inside(
    "for i in $(seq 100000); do echo 0123456789012345678901234567890123456789012345678901234567890123456789; done > /dev/console; echo written > /dev/console",
  );
  await until(async () => (await shared.client.getConsoleLog("web")).includes("written"));
  const said = heard(session);
  await until(async () => said().includes("some output is lost here"));
  await inside("echo heard-again > /dev/console");
  await until(async () => said().includes("heard-again"));
  session.detach();
  await session.closed;
});

test("nothing is lost of what a client reads as it comes", async () => {
  const session = await shared.client.attachConsole("web");
  const said = heard(session);
  await inside("seq 60000 > /dev/console; echo over > /dev/console");
  await until(async () => said().includes("over\r\n"));
  const lines = said().split("\r\n");
  assert.deepEqual(
    lines.filter((line) => /^\d+$/.test(line)),
    Array.from({ length: 60000 }, (_, index) => String(index + 1)),
  );
  session.detach();
  await session.closed;
});

test("a session ends with its container, after the last words", async () => {
  const session = await shared.client.attachConsole("web");
  const said = heard(session);
  await inside("echo last-words > /dev/console");
  await (await shared.client.setInstanceState("web", { action: "stop", force: true })).wait();
  await session.closed;
  assert.match(said(), /last-words/);
  await shared.refusesAtOnce("POST", console, {}, 400, /Instance is not running/);
  await (await shared.client.setInstanceState("web", { action: "start" })).wait();
});

test("a paused container has no console, and there is none of another type", async () => {
  await shared.refusesAtOnce(
    "POST",
    console,
    { type: "vga" },
    400,
    /VGA console is only supported by virtual machines/,
  );
  await shared.refusesAtOnce("POST", console, { type: "zz" }, 400, /Unknown console type "zz"/);
  await shared.refusesAtOnce("POST", console, { width: -1 }, 400, /width/);
  await (await shared.client.setInstanceState("web", { action: "freeze" })).wait();
  await shared.refusesAtOnce("POST", console, {}, 400, /Instance is frozen/);
  await (await shared.client.setInstanceState("web", { action: "unfreeze" })).wait();
  assert.equal((await shared.send("POST", "/1.0/instances/none/console", {})).status, 404);
});

test("a daemon that is killed detaches its client; under the next one the console is there again", async () => {
  const session = await shared.client.attachConsole("web");
  const over = session.closed.catch(() => undefined);
  const { daemon } = shared;
  await daemon.kill();
  await over;
  await daemon.start();
  // The supervisor has seen the connection's end by then, or does at once.
  let again: ConsoleSession | undefined;
  await until(async () => {
    again = await shared.client.attachConsole("web").catch(() => undefined);
    return again !== undefined;
  });
  assert.ok(again);
  const said = heard(again);
  await inside("echo after-the-crash > /dev/console");
  await until(async () => said().includes("after-the-crash"));
  again.detach();
  await again.closed;
});

test("who asks for the console of a container that ends just then is told so", async () => {
  const { pid } = await shared.client.getInstanceState("web");
  const supervisor = Number(/^PPid:\s+(\d+)/m.exec(processText(pid, "status"))?.[1]);
  const connections = () => readFileSync(`/proc/${supervisor}/net/unix`, "latin1").split(/\/sock$/m).length;
  const before = connections();
  // It takes the connection and answers nothing, until it is ended.
  process.kill(supervisor, "SIGSTOP");
  const asked = shared.send("POST", console, { type: "console" });
  try {
    await until(async () => connections() > before);
  } finally {
    process.kill(supervisor, "SIGKILL");
  }
  assertRefused(await asked, 400, /not running: it has just ended/);
  await until(async () => (await shared.client.getInstance("web")).value.status === "Stopped");
});
