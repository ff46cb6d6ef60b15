/** exec behaves as if the command ran here: input, output, exit code, signals, terminal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type WebSocket from "ws";
import { type FakeDaemon, until, withFake } from "../sdk/support/fake-daemon";
import { runCli, startCli } from "./support/cli";

interface Played {
  readonly sockets: Map<string, WebSocket>;
  readonly posts: Record<string, unknown>[];
  readonly frames: Map<string, string[]>;
  readonly end: (code: number) => void;
}

function playExec(daemon: FakeDaemon, names: string[]): Played {
  const fds = Object.fromEntries(names.map((name) => [name, name]));
  const sockets = new Map<string, WebSocket>();
  const frames = new Map<string, string[]>(names.map((name) => [name, []]));
  const posts: Record<string, unknown>[] = [];
  daemon.starts("POST /1.0/instances/web/exec", "run", { fds });
  const answer = daemon.handlers.get("POST /1.0/instances/web/exec")!;
  daemon.on("POST /1.0/instances/web/exec", (seen, response) => {
    posts.push(JSON.parse(String(seen.body)));
    return answer(seen, response);
  });
  daemon.onWebSocket = (ws, url) => {
    const name = url.searchParams.get("secret") ?? "";
    sockets.set(name, ws);
    ws.on("message", (data) => frames.get(name)?.push(String(data)));
  };
  const end = (code: number) => {
    for (const [name, ws] of sockets) if (name !== "control") ws.send("", { binary: false });
    daemon.tell(daemon.operation("run", "Success", { metadata: { fds, return: code } }));
    for (const ws of sockets.values()) ws.close();
  };
  return { sockets, posts, frames, end };
}

const pipes = ["control", "0", "1", "2"];
const at = (daemon: FakeDaemon) => ({ BOTHY_ENDPOINT: `unix://${daemon.socketPath}` });

test("output, errors and exit code are the command's own", () =>
  withFake(async (daemon) => {
    const played = playExec(daemon, pipes);
    const options = ["--user", "1000", "--group", "5", "--cwd", "/srv", "--env", "A=b=c"];
    const run = startCli(["exec", ...options, "web", "--", "sh", "-c", "exit 7"], { env: at(daemon), input: null });
    await until(() => played.sockets.size === 4);
    played.sockets.get("1")?.send(Buffer.from("to output"));
    played.sockets.get("2")?.send(Buffer.from("to errors"));
    played.end(7);
    assert.deepEqual(await run.result, { code: 7, stdout: "to output", stderr: "to errors" });
    const { command, user, group, cwd, environment, interactive } = played.posts[0] ?? {};
    assert.deepEqual(
      { command, user, group, cwd, environment, interactive },
      {
        command: ["sh", "-c", "exit 7"],
        user: 1000,
        group: 5,
        cwd: "/srv",
        environment: { A: "b=c" },
        interactive: false,
      },
    );
  }));

test("piped input reaches the command, and its end too", () =>
  withFake(async (daemon) => {
    const played = playExec(daemon, pipes);
    const run = startCli(["exec", "web", "cat"], { env: at(daemon), input: "some input" });
    await until(() => played.frames.get("0")?.at(-1) === "");
    assert.equal(played.frames.get("0")?.join(""), "some input");
    played.end(0);
    assert.equal((await run.result).code, 0);
  }));

test("signals go to the command, which decides about its end", () =>
  withFake(async (daemon) => {
    const played = playExec(daemon, pipes);
    const run = startCli(["exec", "web", "sleep", "100"], { env: at(daemon), input: null });
    await until(() => played.sockets.size === 4);
    played.sockets.get("1")?.send(Buffer.from("ready"));
    await new Promise<void>((resolve) => run.child.stdout?.once("data", () => resolve()));
    run.child.kill("SIGTERM");
    await until(() => played.frames.get("control")?.length === 1);
    assert.deepEqual(JSON.parse(played.frames.get("control")?.[0] ?? ""), { command: "signal", signal: 15 });
    played.end(143);
    assert.equal((await run.result).code, 143);
  }));

test("in a terminal the command gets one, with its size, TERM and every key", () =>
  withFake(async (daemon) => {
    const played = playExec(daemon, ["control", "0"]);
    const env = { ...at(daemon), TERM: "xterm-256color" };
    const run = startCli(["exec", "web", "sh"], { env, input: null, isTerminal: true });
    await until(() => played.sockets.size === 2);
    const post = played.posts[0] ?? {};
    assert.equal(post.interactive, true);
    assert.deepEqual(post.environment, { TERM: "xterm-256color" });
    assert.equal(typeof post.width, "number");
    played.sockets.get("0")?.send(Buffer.from("one\ntwo\r\n# "));
    await new Promise<void>((resolve) => run.child.stdout?.once("data", () => resolve()));
    run.child.stdin?.write("\x03");
    await until(() => played.frames.get("0")?.join("") === "\x03");
    played.end(130);
    run.child.stdin?.end();
    const { code, stdout } = await run.result;
    assert.deepEqual([code, stdout], [130, "one\ntwo\r\n# "]);
  }));

test("--no-tty takes the terminal away, --tty gives one without", () =>
  withFake(async (daemon) => {
    const played = playExec(daemon, pipes);
    const without = startCli(["exec", "-T", "web", "true"], { env: at(daemon), isTerminal: true });
    await until(() => played.sockets.size === 4);
    assert.equal(played.posts[0]?.interactive, false);
    played.end(0);
    await without.result;
    const given = playExec(daemon, ["control", "0"]);
    const run = startCli(["exec", "-t", "web", "true"], { env: at(daemon) });
    await until(() => given.sockets.size === 2);
    assert.equal(given.posts[0]?.interactive, true);
    given.end(0);
    await run.result;
  }));

test("a failure of bothy itself is exit code 255, a wrong call is 2", () =>
  withFake(async (daemon) => {
    const { code, stderr } = await runCli(["exec", "web", "true"], { env: at(daemon) });
    assert.deepEqual([code, stderr], [255, "not found\n"]);
    const wrong = await runCli(["exec", "web"], { env: at(daemon) });
    assert.deepEqual([wrong.code, wrong.stderr], [2, 'Missing argument: COMMAND. See "bothy exec --help".\n']);
  }));
