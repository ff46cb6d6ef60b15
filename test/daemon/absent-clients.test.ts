/** Clients that stop reading, never speak or vanish: they cost the daemon little, keep nobody waiting, and leave nothing. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { test } from "node:test";
import { memoryOf } from "../../bench/memory";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0);
const image = { type: "image", alias: "template:busybox" };
/** What buffers of sockets and a websocket's own bound may hold for one reader. */
const mostForOneKiB = 32 * 1024;

const descriptors = (daemon: TestDaemon) => readdirSync(`/proc/${daemon.pid}/fd`).length;
const rss = (daemon: TestDaemon) => memoryOf([daemon.pid]).rssKiB;

/** A websocket's connection that is upgraded and from then on not read. */
async function unread(daemon: TestDaemon, at: string): Promise<Socket> {
  const socket = connect(daemon.socket);
  const key = randomBytes(16).toString("base64");
  socket.write(
    `GET ${at} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  const [head] = (await once(socket, "data")) as [Buffer];
  assert.match(head.toString("latin1"), /^HTTP\/1\.1 101 /);
  socket.pause().on("error", () => undefined);
  return socket;
}

async function scene(daemon: TestDaemon): Promise<void> {
  await preparePool(daemon, "overlay");
  await (await daemon.client.createInstance({ name: "web", source: image })).wait();
  await (await daemon.client.setInstanceState("web", { action: "start" })).wait();
}

/** A command whose output nobody reads. @returns its connections */
async function unreadExec(daemon: TestDaemon, command: readonly string[]): Promise<Socket[]> {
  const { body } = await daemon.request("POST", "/1.0/instances/web/exec", {
    command,
    "wait-for-websocket": true,
    interactive: false,
  });
  const { id, metadata } = (body as { metadata: { id: string; metadata: { fds: Record<string, string> } } }).metadata;
  const at = (fd: string) => unread(daemon, `/1.0/operations/${id}/websocket?secret=${metadata.fds[fd]}`);
  return Promise.all(["control", "0", "1", "2"].map(at));
}

test(
  "who reads neither events nor the output of a command costs little, and a daemon that stops does not wait",
  { skip },
  (t) =>
    withDaemon({}, async (daemon) => {
      await scene(daemon);
      const before = rss(daemon);
      const deaf = await Promise.all(Array.from({ length: 4 }, () => unread(daemon, "/1.0/events")));
      const streams = await unreadExec(daemon, ["sh", "-c", "yes | head -c 500000000"]);
      for (let index = 0; index < 500; index += 1)
        await daemon.client.patchInstance("web", { config: { "user.note": `${index}` } });
      const { stdout } = await daemon.client.execOutput("web", { command: ["hostname"] });
      assert.equal(stdout.toString(), "web\n");
      const grown = rss(daemon) - before;
      assert.ok(grown < 3 * mostForOneKiB, `the daemon grew by ${grown} KiB`);
      const begin = performance.now();
      await daemon.stop();
      const stopMs = performance.now() - begin;
      t.diagnostic(`stopped in ${stopMs.toFixed(0)} ms`);
      assert.ok(stopMs < 20_000, "it stops all the same");
      for (const socket of [...deaf, ...streams]) socket.destroy();
      await daemon.start();
    }),
);

test("a thousand connections that say nothing keep nobody from being served", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const before = { descriptors: descriptors(daemon), rss: rss(daemon) };
    const idle = Array.from({ length: 1000 }, () => connect(daemon.socket));
    await Promise.all(idle.map((socket) => once(socket, "connect")));
    // Some that were open before may be closed by now.
    await until(async () => descriptors(daemon) > before.descriptors + 900);
    const begin = performance.now();
    await daemon.client.listProfiles();
    assert.ok(performance.now() - begin < 5000);
    const grown = rss(daemon) - before.rss;
    assert.ok(grown < 64 * 1024, `the daemon grew by ${grown} KiB`);
    for (const socket of idle) socket.destroy();
    await until(async () => descriptors(daemon) <= before.descriptors + 4);
  }),
);

test("clients that vanish in the middle of an upload, of a command or of a wait leave nothing", { skip }, () =>
  withDaemon({}, async (daemon) => {
    await scene(daemon);
    const { client } = daemon;
    const processes = async () => (await client.getInstanceState("web")).processes;
    await until(async () => (await client.listOperations()).length === 0);
    const before = {
      descriptors: descriptors(daemon),
      images: await client.listImages(),
      processes: await processes(),
    };
    const send = (method: string, at: string, headers: Record<string, string>) => {
      const call = request({ socketPath: daemon.socket, method, path: at, headers, agent: false });
      call.on("error", () => undefined);
      return call;
    };
    for (let round = 0; round < 3; round += 1) {
      const large = { "content-type": "application/octet-stream", "content-length": "100000000" };
      const file = send("POST", "/1.0/instances/web/files?path=/root/half", large);
      const upload = send("POST", "/1.0/images", large);
      const body = send("PUT", "/1.0/profiles/default", {
        "content-type": "application/json",
        "content-length": "1000",
      });
      for (const call of [file, upload]) call.write(Buffer.alloc(1 << 20));
      body.write('{"config":');
      const streams = await unreadExec(daemon, ["sh", "-c", "yes; sleep 1000"]);
      await once(streams[2]!.resume(), "data");
      for (const call of [file, upload, body]) call.destroy();
      for (const socket of streams) socket.destroy();
    }
    await until(async () => (await processes()) === before.processes);
    await until(async () => (await client.listOperations()).length === 0);
    await until(async () => descriptors(daemon) <= before.descriptors + 6);
    assert.deepEqual(await client.listImages(), before.images);
    assert.deepEqual(readdirSync(path.join(daemon.dir, "tmp")), []);
    await client.updateProfile("default", (await client.getProfile("default")).value);
    await client.putFile("web", "/root/half", "whole");
    const { stdout } = await client.execOutput("web", { command: ["cat", "/root/half"] });
    assert.equal(stdout.toString(), "whole");
  }),
);
