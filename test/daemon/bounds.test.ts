/** Bounds on what clients and guests may take of the daemon: memory, time, connections, space of logs. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import WebSocket from "ws";
import { readJson } from "../../daemon/http/json-body";
import { buildServer } from "../../daemon/http/server";
import { imageRoutes } from "../../daemon/kinds/image/routes";
import { preparePool } from "../support/daemon";
import { anyProject } from "../support/http";
import { peakBytes, resetPeak, residentBytes } from "../support/memory";
import { assertRefused } from "../support/raw-http";
import { shareDaemon } from "../support/shared-daemon";
import { withImages } from "./image-scene";

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  const source = { type: "image", alias: "template:busybox" };
  await (await daemon.client.createInstance({ name: "box", source })).wait();
  await (await daemon.client.setInstanceState("box", { action: "start" })).wait();
});

/** How far the daemon's memory rose while the work was done, in MiB. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  const { pid } = shared.daemon;
  resetPeak(pid);
  const before = residentBytes(pid);
  await work();
  return (peakBytes(pid) - before) / (1 << 20);
}

test("bodies of 16 MB of brackets, and many that fit, take little of the daemon's memory", async () => {
  const grown = await growth(async () => {
    for (const length of [16_000_000, 1 << 20]) {
      const bodies = Array.from({ length: 8 }, () => shared.send("POST", "/1.0/profiles", "[".repeat(length)));
      for (const answer of await Promise.all(bodies)) assert.equal(answer.status, 400, answer.text);
    }
    for (const wide of [`[${"[],".repeat(349_000)}1]`, `{${'"":1,'.repeat(200_000)}"":1}`]) {
      const answers = await Promise.all(Array.from({ length: 32 }, () => shared.send("POST", "/1.0/profiles", wide)));
      for (const answer of answers) assertRefused(answer, 400, /more than 50000 values/);
    }
  });
  assert.ok(grown < 200, `${grown} MiB`);
});

test("a file of half a gigabyte passes through the daemon without being held by it, both ways", async () => {
  const piece = Buffer.alloc(1 << 20, "x");
  function* pieces() {
    for (let index = 0; index < 512; index += 1) yield piece;
  }
  const url = "/1.0/instances/box/files?path=/root/large";
  const grown = await growth(async () => {
    const status = await new Promise((resolve, reject) => {
      const call = request({ socketPath: shared.daemon.socket, method: "POST", path: url }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      call.on("error", reject);
      Readable.from(pieces()).pipe(call);
    });
    assert.equal(status, 200);
    const length = await new Promise((resolve, reject) => {
      const call = request({ socketPath: shared.daemon.socket, path: url }, (answer) => {
        let count = 0;
        answer.on("data", (chunk: Buffer) => {
          count += chunk.length;
        });
        answer.on("end", () => resolve(count)).on("error", reject);
      });
      call.on("error", reject).end();
    });
    assert.equal(length, 512 << 20);
  });
  assert.ok(grown < 200, `${grown} MiB`);
  assert.equal((await shared.send("DELETE", url)).status, 200);
});

test("a JSON body that does not come is refused when the patience for it is over", async () => {
  const body = new PassThrough();
  body.write('{"name":');
  await assert.rejects(
    readJson(body, { contentLength: 20, patienceMs: 50 }),
    /^ApiError: Invalid request: the body did not come within 0.05 seconds/,
  );
  await assert.rejects(readJson(body, { contentLength: undefined, patienceMs: 50 }), /did not come within/);
});

test("headers byte by byte, silent uploads and too many connections are ended", () =>
  withImages(async (scene) => {
    const app = buildServer(
      {
        routes: imageRoutes(scene.images, scene.publisher, scene.home.changes, scene.home.dirs),
        upgrades: [],
        projects: anyProject,
        log: scene.home.log,
      },
      { headersMs: 200, silenceMs: 200, connections: 3 },
    );
    const socketPath = path.join(scene.home.dirs.root, "unix.socket");
    await app.listen({ path: socketPath });
    const opened: Socket[] = [];
    const open = (bytes: string) => {
      const socket = connect({ path: socketPath });
      opened.push(socket.on("error", () => undefined));
      socket.write(bytes);
      return text(socket);
    };
    try {
      assert.match(await open("GET /1.0/images HTTP/1.1\r\nHost: x\r\nX-a: "), /^HTTP\/1.1 408 .*"type":"error"/s);
      const head = "Host: x\r\nContent-Type: application/octet-stream\r\nContent-Length: 100\r\n\r\n";
      assert.equal(await open(`POST /1.0/images HTTP/1.1\r\n${head}half`).catch(() => ""), "");
      while (scene.leftovers().length > 0) await delay(2);
      const idle = [1, 2, 3].map(() => open(""));
      assert.equal(
        await open("GET /1.0/images HTTP/1.1\r\nHost: x\r\n\r\n").catch(() => ""),
        "",
        "the fourth is closed",
      );
      for (const socket of opened) socket.destroy();
      await Promise.allSettled(idle);
      assert.match(await open("GET /1.0/images HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), /^HTTP\/1.1 200 /);
    } finally {
      await app.close();
    }
  }));

test("a message past the bound of its websocket ends it, one of many megabytes reaches the command", async () => {
  const post = { command: ["wc", "-c"], "wait-for-websocket": true, interactive: false };
  /** @param stdinBytes nothing: the input stays open, so that the command does not end before the control message is seen */
  const run = async (stdinBytes: number | undefined, controlBytes: number) => {
    const answer = await shared.send("POST", "/1.0/instances/box/exec", post);
    const { id, metadata } = answer.json.metadata as { id: string; metadata: { fds: Record<string, string> } };
    const sockets = Object.fromEntries(
      Object.entries(metadata.fds).map(([name, secret]) => {
        const url = `ws+unix://${shared.daemon.socket}:/1.0/operations/${id}/websocket?secret=${secret}`;
        return [name, new WebSocket(url)];
      }),
    );
    await Promise.all(Object.values(sockets).map((socket) => new Promise((resolve) => socket.once("open", resolve))));
    let said = "";
    sockets["1"]?.on("message", (data) => {
      said += String(data);
    });
    const closed = (name: string) => new Promise<number>((resolve) => sockets[name]?.once("close", resolve));
    const ends = { control: closed("control"), "0": closed("0") };
    for (const socket of Object.values(sockets)) socket.on("error", () => undefined);
    if (controlBytes > 0) sockets.control?.send("x".repeat(controlBytes));
    if (stdinBytes !== undefined) {
      sockets["0"]?.send(Buffer.alloc(stdinBytes));
      sockets["0"]?.send("");
    }
    const codes = { control: await ends.control, stdin: await ends["0"] };
    const waited = await shared.send("GET", `/1.0/operations/${id}/wait`);
    return { codes, said: said.trim(), operation: waited.json.metadata as { status_code: number } };
  };
  assert.deepEqual((await run(10_000_000, 60_000)).said, "10000000");
  const tooLong = [1006, 1009];
  assert.equal((await run(10, 100_000)).said, "10", "a control message that is too long to be one is passed over");
  assert.ok(tooLong.includes((await run(undefined, 3 << 20)).codes.control));
  assert.ok(tooLong.includes((await run(17 << 20, 0)).codes.stdin));
  assert.equal((await shared.send("GET", "/1.0")).status, 200);
});

const logs = () => readdirSync(path.join(shared.daemon.dir, "logs", "box")).filter((name) => name.startsWith("exec_"));

test("recorded output ends at a bound with a line that says so, and the command goes on to its end", async () => {
  const command = ["sh", "-c", "dd if=/dev/zero bs=1M count=40 2>/dev/null; echo end >&2; exit 7"];
  const told = await shared.outcome("POST", "/1.0/instances/box/exec", { command, "record-output": true });
  const { return: code, output } = told.metadata as { return: number; output: Record<string, string> };
  assert.equal(code, 7);
  const { text: kept } = await shared.send("GET", output["1"] ?? "");
  assert.equal(kept.length, (16 << 20) + "\n[bothy: there was more output; it is not kept]\n".length);
  assert.match(kept.slice(-100), /\0\n\[bothy: there was more output; it is not kept\]\n$/);
  assert.equal((await shared.send("GET", output["2"] ?? "")).text, "end\n");
});

test("logs of commands are bounded in number and in size, and the newest stay", async () => {
  const folder = path.join(shared.daemon.dir, "logs", "box");
  const old = (index: number) => `exec_00000000-0000-4000-8000-${String(index).padStart(12, "0")}.stdout`;
  for (let index = 0; index < 300; index += 1) {
    writeFileSync(path.join(folder, old(index)), "x");
    utimesSync(path.join(folder, old(index)), 1_000_000 + index, 1_000_000 + index);
  }
  await shared.outcome("POST", "/1.0/instances/box/exec", { command: ["echo", "hi"], "record-output": true });
  assert.equal(logs().length, 200);
  assert.ok(logs().includes(old(299)) && !logs().includes(old(0)));
  const command = ["sh", "-c", "dd if=/dev/zero bs=1M count=20 2>/dev/null"];
  for (let run = 0; run < 6; run += 1)
    await shared.outcome("POST", "/1.0/instances/box/exec", { command, "record-output": true });
  const bytes = logs().reduce((sum, name) => sum + readFileSync(path.join(folder, name)).length, 0);
  assert.ok(bytes <= 64 << 20, `${bytes} bytes`);
});
