/** Exec sessions over websockets: order, end of file, back-pressure, exit codes. */
import assert from "node:assert/strict";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type WebSocket from "ws";
import type { Client } from "../../../sdk/index";
import { type FakeDaemon, until, withFake } from "../../sdk/support/fake-daemon";

const fds = { control: "s-control", "0": "s-0", "1": "s-1", "2": "s-2" };

/** A daemon on which every exec gives the same operation; its websockets by the name of their secret. */
function playExec(daemon: FakeDaemon, secrets: Record<string, string> = fds): Map<string, WebSocket> {
  const sockets = new Map<string, WebSocket>();
  daemon.starts("POST /1.0/instances/web/exec", "run", { fds: secrets });
  daemon.onWebSocket = (ws, url) => sockets.set(url.searchParams.get("secret") ?? "", ws);
  return sockets;
}

function finish(daemon: FakeDaemon, sockets: Map<string, WebSocket>, code: number): void {
  for (const name of ["s-1", "s-2"]) sockets.get(name)?.send("", { binary: false });
  daemon.tell(daemon.operation("run", "Success", { metadata: { fds, return: code } }));
  for (const ws of sockets.values()) ws.close();
}

const run = (client: Client, more: object = {}) => client.execInstance("web", { command: ["cat"], ...more });

test("the control websocket opens first, then input, output and errors", () =>
  withFake(async (daemon, client) => {
    const sockets = playExec(daemon);
    const session = await run(client);
    assert.deepEqual([...sockets.keys()], ["s-control", "s-0", "s-1", "s-2"]);
    finish(daemon, sockets, 0);
    assert.equal(await session.exit, 0);
  }));

test("at the end every websocket is closed, also of an output that nobody read", () =>
  withFake(async (daemon, client) => {
    const sockets = playExec(daemon);
    const session = await run(client);
    sockets.get("s-2")?.send(Buffer.from("unread"));
    finish(daemon, sockets, 0);
    await session.exit;
    await until(() => [...sockets.values()].every((ws) => ws.readyState === ws.CLOSED));
  }));

test("input goes as binary frames and its end as an empty text frame", () =>
  withFake(async (daemon, client) => {
    const sockets = playExec(daemon);
    const session = await run(client);
    const frames: [string, boolean][] = [];
    sockets.get("s-0")?.on("message", (data, isBinary) => frames.push([String(data), isBinary]));
    session.stdin.write("one\n");
    session.stdin.end(Buffer.from([0x74, 0x77, 0x6f]));
    await until(() => frames.length === 3);
    assert.deepEqual(frames, [
      ["one\n", true],
      ["two", true],
      ["", false],
    ]);
    finish(daemon, sockets, 0);
    await session.exit;
  }));

test("an empty text frame ends the output, and binary frames that come after it are dropped", () =>
  withFake(async (daemon, client) => {
    const sockets = playExec(daemon);
    const session = await run(client);
    const output = sockets.get("s-1")!;
    output.send(Buffer.from("all of it"));
    output.send("", { binary: false });
    output.send(Buffer.from("too late"));
    assert.equal(await text(session.stdout), "all of it");
    finish(daemon, sockets, 0);
    assert.equal(await text(session.stderr), "");
    await session.exit;
  }));

test("output that came with the very upgrade is not lost", () =>
  withFake(async (daemon, client) => {
    const sockets = playExec(daemon);
    const remember = daemon.onWebSocket!;
    daemon.onWebSocket = (ws, url) => {
      remember(ws, url);
      if (url.searchParams.get("secret") === "s-1") ws.send(Buffer.from("early"));
    };
    const session = await run(client);
    finish(daemon, sockets, 0);
    assert.equal(await text(session.stdout), "early");
    await session.exit;
  }));

test("a reader that does not read stops the sender", () =>
  withFake(async (daemon, client) => {
    const sockets = playExec(daemon);
    const session = await run(client);
    const output = sockets.get("s-1")!;
    const chunk = Buffer.alloc(65536, "x");
    const count = 200;
    for (let sent = 0; sent < count; sent += 1) output.send(chunk);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(output.bufferedAmount > 0, "the sender's buffer must not have drained");
    output.send("", { binary: false });
    let received = 0;
    for await (const part of session.stdout) received += (part as Buffer).length;
    assert.equal(received, chunk.length * count);
    finish(daemon, sockets, 0);
    await session.exit;
  }));

test("a writer waits for the websocket to take its input", () =>
  withFake(async (daemon, client) => {
    const sockets = playExec(daemon);
    const session = await run(client);
    sockets.get("s-0")?.pause();
    let writes = 0;
    while (session.stdin.write(Buffer.alloc(65536)) && writes < 1000) writes += 1;
    assert.ok(writes < 1000, "write() must ask for a drain at some point");
    sockets.get("s-0")?.resume();
    await new Promise((resolve) => session.stdin.once("drain", resolve));
    session.stdin.end();
    finish(daemon, sockets, 0);
    await session.exit;
  }));

test("execOutput collects both outputs and the exit code", () =>
  withFake(async (daemon, client) => {
    const sockets = playExec(daemon);
    const running = client.execOutput("web", { command: ["sh", "-c", "exit 3"], user: 1000, cwd: "/tmp" }, "in");
    await until(() => sockets.size === 4);
    sockets.get("s-1")?.send(Buffer.from("out"));
    sockets.get("s-2")?.send(Buffer.from("err"));
    finish(daemon, sockets, 3);
    const { code, stdout, stderr } = await running;
    assert.deepEqual([code, String(stdout), String(stderr)], [3, "out", "err"]);
  }));

test("the request carries command, user, directory and environment", () =>
  withFake(async (daemon, client) => {
    const sockets = playExec(daemon);
    let sent: Record<string, unknown> = {};
    const answer = daemon.handlers.get("POST /1.0/instances/web/exec")!;
    daemon.on("POST /1.0/instances/web/exec", (seen, response) => {
      sent = JSON.parse(String(seen.body));
      return answer(seen, response);
    });
    const session = await run(client, { user: 1000, group: 100, cwd: "/srv", environment: { A: "b" } });
    assert.deepEqual(sent, {
      command: ["cat"],
      environment: { A: "b" },
      interactive: false,
      "wait-for-websocket": true,
      "record-output": false,
      width: 0,
      height: 0,
      user: 1000,
      group: 100,
      cwd: "/srv",
    });
    finish(daemon, sockets, 0);
    await session.exit;
  }));

test("a terminal has one websocket for both ways, and can be resized and signalled", () =>
  withFake(async (daemon, client) => {
    const sockets = playExec(daemon, { control: "s-control", "0": "s-0" });
    const session = await run(client, { interactive: true, width: 80, height: 24 });
    const messages: unknown[] = [];
    sockets.get("s-control")?.on("message", (data) => messages.push(JSON.parse(String(data))));
    session.resize(100, 30);
    session.signal(15);
    await until(() => messages.length === 2);
    assert.deepEqual(messages, [
      { command: "window-resize", args: { width: "100", height: "30" } },
      { command: "signal", signal: 15 },
    ]);
    sockets.get("s-0")?.on("message", (data) => sockets.get("s-0")?.send(data));
    session.stdin.write("echo");
    sockets.get("s-0")?.once("message", () => {
      sockets.get("s-0")?.send("", { binary: false });
      finish(daemon, sockets, 143);
    });
    assert.equal(await text(session.stdout), "echo");
    assert.equal(await text(session.stderr), "");
    assert.equal(await session.exit, 143);
  }));

test("a terminal's websocket is closed from this side too when its output has ended, as LXD waits for", () =>
  withFake(async (daemon, client) => {
    const sockets = playExec(daemon, { control: "s-control", "0": "s-0" });
    const session = await run(client, { interactive: true });
    const terminal = sockets.get("s-0")!;
    terminal.send(Buffer.from("bye"));
    terminal.send("", { binary: false });
    await new Promise((resolve) => terminal.once("close", resolve));
    daemon.tell(daemon.operation("run", "Success", { metadata: { fds, return: 0 } }));
    assert.equal(await text(session.stdout), "bye");
    assert.equal(await session.exit, 0);
  }));

test("a command that LXD cannot find has exit code 127 although its operation failed", () =>
  withFake(async (daemon, client) => {
    const sockets = playExec(daemon);
    const session = await run(client);
    const failed = { err: "Command not found", metadata: { fds, return: 127 } };
    daemon.tell(daemon.operation("run", "Failure", failed));
    assert.equal(await session.exit, 127);
    for (const ws of sockets.values()) ws.close();
  }));

test("an aborted session kills the command and rejects its exit with the reason", () =>
  withFake(async (daemon, client) => {
    const sockets = playExec(daemon);
    const abort = new AbortController();
    const session = await run(client, { signal: abort.signal });
    const messages: string[] = [];
    sockets.get("s-control")?.on("message", (data) => messages.push(String(data)));
    abort.abort(new Error("no longer needed"));
    await assert.rejects(session.exit, { message: "no longer needed" });
    await until(() => [...sockets.values()].every((ws) => ws.readyState === ws.CLOSED));
    assert.deepEqual(messages, ['{"command":"signal","signal":9}']);
    assert.equal(await text(session.stdout), "");
  }));

test("a daemon that dies in the middle ends the output and rejects the exit", () =>
  withFake(async (daemon, client) => {
    const sockets = playExec(daemon);
    const session = await run(client);
    sockets.get("s-1")?.send(Buffer.from("half"));
    const failed = assert.rejects(session.exit, { code: "UNAVAILABLE" });
    daemon.refuseEvents = true;
    daemon.operations.clear();
    await until(() => sockets.size === 4);
    for (const ws of [...sockets.values(), ...daemon.listeners]) ws.close();
    daemon.refuseEvents = false;
    await failed;
    assert.equal(await text(session.stdout), "half");
  }));

test("a session whose websocket is refused says why and opens no more", () =>
  withFake(async (daemon, client) => {
    playExec(daemon);
    daemon.onWebSocket = undefined;
    await assert.rejects(run(client), { code: "FORBIDDEN", message: "not authorized" });
    assert.equal(daemon.requests.filter((request) => request.includes("/websocket")).length, 1);
  }));

test("an empty command is refused before anything is sent", () =>
  withFake(async (daemon, client) => {
    await assert.rejects(client.execInstance("web", { command: [] }), {
      code: "BAD_REQUEST",
      message: "Invalid request: command: must name a command",
    });
    assert.ok(!daemon.requests.includes("POST /1.0/instances/web/exec"));
  }));
