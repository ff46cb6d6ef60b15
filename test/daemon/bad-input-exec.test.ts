/** Exec from clients that do not mean well, or that die. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import WebSocket from "ws";
import { processesOf } from "../../scripts/scene/traces";
import { preparePool } from "../support/daemon";
import { assertRefused, sendBytes } from "../support/raw-http";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  await preparePool(daemon, "overlay");
  for (const name of ["web", "frozen", "off"]) {
    await (await client.createInstance({ name, source: { type: "image", alias: "template:busybox" } })).wait();
    if (name !== "off") await (await client.setInstanceState(name, { action: "start" })).wait();
  }
  await (await client.setInstanceState("frozen", { action: "freeze" })).wait();
});

const exec = (body: object, name = "web") => shared.send("POST", `/1.0/instances/${name}/exec`, body);

test("a request that names no command, or one that cannot be, is refused by field", async () => {
  for (const [body, message] of [
    [{}, /command: is required/],
    [{ command: [] }, /command: must name a command/],
    [{ command: "ls" }, /command: /],
    [{ command: ["ls", 7] }, /command\.1: /],
    [{ command: ["ls", "a\0b"] }, /command\.1: .*NUL/],
    [{ command: [""] }, /command/],
    [{ command: ["ls"], environment: { "A=B": "c" } }, /"A=B"/],
    [{ command: ["ls"], environment: { "": "c" } }, /must not be empty/],
    [{ command: ["ls"], environment: { A: "a\0b" } }, /environment\.A: .*NUL/],
    [{ command: ["ls"], environment: { A: 1 } }, /environment\.A: /],
    [{ command: ["ls"], environment: ["A=1"] }, /environment: /],
    [{ command: ["ls"], cwd: "/a\0b" }, /cwd: .*NUL/],
    [{ command: ["ls"], user: -1 }, /user: /],
    [{ command: ["ls"], user: "root" }, /user: /],
    [{ command: ["ls"], user: 2 ** 32 }, /user: /],
    [{ command: ["ls"], group: 1.5 }, /group: /],
    [{ command: ["ls"], interactive: "yes" }, /interactive: /],
    [{ command: ["ls"], width: -5 }, /width: /],
    [{ command: ["ls"], height: 1e9 }, /height: /],
  ] as const)
    await shared.refusesAtOnce("POST", "/1.0/instances/web/exec", body, 400, message);
});

test("nothing is executed in an instance that is stopped, paused or not there", async () => {
  const body = { command: ["true"] };
  await shared.refusesAtOnce("POST", "/1.0/instances/off/exec", body, 400, /Instance is not running/);
  await shared.refusesAtOnce("POST", "/1.0/instances/frozen/exec", body, 400, /Instance is frozen/);
  await shared.refusesAtOnce("POST", "/1.0/instances/nothing/exec", body, 404, /Instance not found/);
});

test("a command that is not there is 127, one that is not a program 126, and the operation says so", async () => {
  for (const [command, code, error] of [
    [["/nothing"], 127, "Command not found"],
    [["nothing"], 127, "Command not found"],
    [["sh", "-c", "nothing"], 127, "Command not found"],
    [["/etc/passwd"], 126, "Command not executable"],
    [["/etc"], 126, "Command not executable"],
    [["sh", "-c", "exit 125"], 125, ""],
  ] as const) {
    const told = await shared.outcome("POST", "/1.0/instances/web/exec", { command, "record-output": true });
    const { return: returned, output } = told.metadata as { return: number; output: Record<string, string> };
    assert.deepEqual([told.status, told.error, returned], [error === "" ? 200 : 400, error, code], command[0]);
    assert.deepEqual(Object.keys(output), ["1", "2"]);
  }
});

test("a working folder or an id that the container has not fails the operation and says which", async () => {
  await shared.refuses("POST", "/1.0/instances/web/exec", { command: ["true"], cwd: "/nothing" }, 400, /\/nothing/);
  await shared.refuses("POST", "/1.0/instances/web/exec", { command: ["true"], user: 70_000 }, 400, /70000|id/);
});

test("text of several lines is an argument like any other", async () => {
  const { stdout } = await shared.client.execOutput("web", { command: ["printf", "%s", "a\n\r\tb\n"] });
  assert.equal(String(stdout), "a\n\r\tb\n");
});

interface Session {
  readonly operation: string;
  readonly fds: Readonly<Record<string, string>>;
}

async function open(body: object): Promise<Session> {
  const { json, status, text } = await exec({ "wait-for-websocket": true, ...body });
  assert.equal(status, 202, text);
  const { fds } = (json.metadata as { metadata: { fds: Record<string, string> } }).metadata;
  return { operation: json.operation ?? "", fds };
}

/** The first message of each socket: it may come with the very answer to the handshake, before anybody could begin to listen. */
const firstMessages = new WeakMap<WebSocket, Promise<unknown>>();

async function join({ operation, fds }: Session, name: string): Promise<WebSocket> {
  const url = `ws+unix:${shared.daemon.socket}:${operation}/websocket?secret=${fds[name]}`;
  const socket = new WebSocket(url);
  firstMessages.set(socket, new Promise((resolve) => socket.once("message", resolve)));
  await once(socket, "open");
  return socket;
}

/** The operation as it is when it has ended. */
async function end({ operation }: Session) {
  const { json } = await shared.send("GET", `${operation}/wait`);
  return json.metadata as { status: string; err: string; metadata: { return?: number } };
}

const count = () => processesOf(shared.daemon.place).length;

test("no secret is refused with 400, a wrong one with 403, a second connection with 400, and the session goes on", () =>
  shared.unchanged(async () => {
    const session = await open({ command: ["echo", "hello"] });
    const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    const key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    const ask = (secret: string, headers = upgrade + key) =>
      sendBytes(
        shared.daemon.socket,
        `GET ${session.operation}/websocket?secret=${secret} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`,
      );
    assert.match(await ask(""), /^HTTP\/1\.1 400 .*missing secret/s);
    for (const secret of ["0".repeat(64), "%00", session.fds["0"]?.slice(1) ?? ""])
      assert.match(await ask(secret), secret === "%00" ? /^HTTP\/1\.1 400 / : /^HTTP\/1\.1 403 .*not authorized/s);
    // No handshake: the name stays free for a proper one.
    assert.match(await ask(session.fds["0"] ?? "", upgrade), /^HTTP\/1\.1 400 /);
    const sockets = [await join(session, "0"), await join(session, "1")];
    assert.match(await ask(session.fds["1"] ?? ""), /^HTTP\/1\.1 400 .*connected already/s);
    const output: string[] = [];
    sockets[1]?.on("message", (data) => output.push(String(data)));
    const closed = sockets.map((socket) => once(socket, "close"));
    await join(session, "2");
    assert.equal((await end(session)).metadata.return, 0);
    await Promise.all(closed);
    assert.equal(output.join(""), "hello\n");
    assert.match(await ask(session.fds.control ?? ""), /^HTTP\/1\.1 400 .*has ended/s);
  }));

test("websockets that never come fail the operation, and those that came are closed", { timeout: 20_000 }, () =>
  shared.unchanged(async () => {
    const session = await open({ command: ["sleep", "1000"] });
    const socket = await join(session, "0");
    const closed = once(socket, "close");
    const { status, err } = await end(session);
    assert.deepEqual([status, err], ["Failure", "Timed out waiting for websockets to connect"]);
    await closed;
  }),
);

test("text on the streams and rubbish on control do no harm", () =>
  shared.unchanged(async () => {
    const session = await open({ command: ["cat"] });
    const control = await join(session, "control");
    const [input, output] = [await join(session, "0"), await join(session, "1")];
    await join(session, "2");
    const seen: string[] = [];
    output.on("message", (data) => seen.push(String(data)));
    for (const rubbish of [
      "",
      "{",
      "null",
      "7",
      '{"command":"window-resize"}',
      '{"command":"window-resize","args":{"width":"-1","height":"1e99"}}',
      '{"command":"window-resize","args":{"width":80}}',
      '{"command":"signal"}',
      '{"command":"signal","signal":0}',
      '{"command":"signal","signal":-9}',
      '{"command":"signal","signal":65}',
      '{"command":"signal","signal":"9"}',
      '{"command":"signal","signal":9.5}',
      '{"command":"reboot"}',
      `{"command":"${"x".repeat(1 << 20)}"}`,
    ])
      control.send(rubbish);
    control.send(Buffer.alloc(1 << 20));
    output.send("nobody reads this");
    output.send(Buffer.alloc(1 << 20));
    input.send(Buffer.from("alive"));
    // Any text is the end of the input, as LXD's clients send it.
    input.send("");
    await once(output, "close");
    assert.equal((await end(session)).metadata.return, 0);
    assert.equal(seen.join(""), "alive");
  }));

test("a frame past the limit ends the session, not the daemon", () =>
  shared.unchanged(async () => {
    const session = await open({ command: ["cat"] });
    const control = await join(session, "control");
    for (const name of ["0", "1", "2"]) await join(session, name);
    control.on("error", () => undefined);
    control.send(Buffer.alloc(65 << 20));
    assert.equal((await end(session)).metadata.return, 137);
    assert.equal((await shared.send("GET", "/1.0")).status, 200);
  }));

test("a control that comes when the command runs already is obeyed, and takes the command with it when it leaves", () =>
  shared.unchanged(async () => {
    for (const [act, code] of [
      [(control: WebSocket) => control.send(JSON.stringify({ command: "signal", signal: 15 })), 143],
      [(control: WebSocket) => control.terminate(), 137],
      // More than its bound, as it may be on its way before anybody reads it.
      [(control: WebSocket) => control.send("x".repeat(3 << 20)), 137],
    ] as const) {
      const session = await open({ command: ["sh", "-c", "echo up; exec sleep 1000"] });
      for (const name of ["0", "2"]) await join(session, name);
      const output = await join(session, "1");
      await firstMessages.get(output);
      const control = await join(session, "control");
      control.on("error", () => undefined);
      act(control);
      assert.equal((await end(session)).metadata.return, code);
    }
  }));

test("a client without control that leaves its output takes the command with it", () =>
  shared.unchanged(async () => {
    const session = await open({ command: ["sleep", "1000"] });
    for (const name of ["0", "2"]) await join(session, name);
    (await join(session, "1")).terminate();
    assert.equal((await end(session)).metadata.return, 137);
  }));

test("a client that is killed at any moment takes its command with it", { timeout: 60_000 }, () =>
  shared.unchanged(async () => {
    const before = count();
    const program = `
      const { Client } = require(${JSON.stringify(require.resolve("../../sdk/index"))});
      const client = new Client({ endpoint: ${JSON.stringify(shared.daemon.socket)} });
      console.log("connecting");
      client.execInstance("web", { command: ["sleep", "1000"] }).then(() => console.log("running"));
    `;
    for (const [word, waitMs] of [
      ["connecting", 0],
      ["connecting", 20],
      ["connecting", 60],
      ["running", 0],
      ["running", 100],
    ] as const) {
      const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
      child.stdout.setEncoding("utf8");
      for await (const text of child.stdout) if (String(text).includes(word)) break;
      await delay(waitMs);
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    // An exec whose websockets have not come gives up after five seconds.
    await until(async () => count() <= before);
  }),
);

test("a container that ends takes its sessions with it, and their operations end", () =>
  shared.unchanged(async () => {
    const session = await open({ command: ["sh", "-c", "echo up; exec sleep 1000"] });
    const output = await join(session, "1");
    for (const name of ["control", "0", "2"]) await join(session, name);
    await firstMessages.get(output);
    await (await shared.client.setInstanceState("web", { action: "restart", force: true })).wait();
    const { metadata, err } = await end(session);
    assert.equal(metadata.return, 137, err);
  }));

test("a hundred sessions at once leave nothing", { timeout: 60_000 }, () =>
  shared.unchanged(async () => {
    const run = async (index: number) => {
      const { code, stdout } = await shared.client.execOutput("web", { command: ["echo", String(index)] });
      assert.deepEqual([code, String(stdout)], [0, `${index}\n`]);
    };
    await Promise.all(Array.from({ length: 100 }, (_, index) => run(index)));
  }),
);

test("a recorded output is read from the log files that the operation names", async () => {
  const body = { command: ["sh", "-c", "echo out; echo err >&2; exit 3"], "record-output": true };
  const told = await shared.outcome("POST", "/1.0/instances/web/exec", body);
  const { return: code, output } = told.metadata as { return: number; output: Record<string, string> };
  assert.equal(code, 3);
  assert.equal((await shared.send("GET", output[1] ?? "")).text, "out\n");
  assert.equal((await shared.send("GET", output[2] ?? "")).text, "err\n");
  assert.equal((await shared.send("DELETE", output[1] ?? "")).status, 200);
  assertRefused(await shared.send("GET", output[1] ?? ""), 404, /not found/);
});

test("logs are named by what they are, and no other file is reached", async () => {
  for (const name of ["..%2f..%2fdatabase%2fbothy.db", "passwd", "lxc.log%00", "exec_x.stdout", "."])
    await shared.refuses("GET", `/1.0/instances/web/logs/${name}`, undefined, 400, /not valid|NUL/);
  await shared.refuses("DELETE", "/1.0/instances/web/logs/lxc.log", undefined, 400, /exec/);
});
