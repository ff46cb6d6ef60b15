/** Device proxy: connections that are handed on between host and container. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after } from "node:test";
import type { Device, Devices } from "../../sdk/api/common";
import { ApiError } from "../../sdk/api/errors";
import { Client } from "../../sdk/client/client";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { clearedAfterEach, shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0);
const shared = shareDaemon({ bare: false }, async () => undefined);
clearedAfterEach(shared);
const folder = mkdtempSync(path.join(tmpdir(), "bothy-proxy-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const web: Device = { type: "proxy", listen: "tcp:127.0.0.1:8080", connect: "tcp:127.0.0.1:80" };

async function create({ client }: TestDaemon, devices: Devices, name = "box"): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name, source, devices })).wait();
}

const setState = async ({ client }: TestDaemon, action: "start" | "stop" | "restart", name = "box") =>
  (await client.setInstanceState(name, { action, force: action !== "start" })).wait();

async function setDevices({ client }: TestDaemon, devices: Devices): Promise<void> {
  const { value } = await client.getInstance("box");
  await (await client.updateInstance("box", { ...value, devices })).wait();
}

async function inside({ client }: TestDaemon, command: string, name = "box"): Promise<string> {
  const { stdout } = await client.execOutput(name, { command: ["sh", "-c", `{ ${command}; } 2>&1`] });
  return String(stdout).trim();
}

/** A web server in the container that says a word. */
const serve = (daemon: TestDaemon, word: string, port = 80, name = "box") =>
  inside(
    daemon,
    `mkdir -p /srv/${port} && echo ${word} >/srv/${port}/index.html && httpd -p ${port} -h /srv/${port}`,
    name,
  );

/** What a client on the host is answered; nothing when nobody listens. */
const ask = (daemon: TestDaemon, address = "127.0.0.1:8080") =>
  daemon.run("curl", "-s", "--max-time", "5", `http://${address}/`).then(
    (text) => text.trim(),
    () => "",
  );

test("clients on the host reach the container from its start to its end", { skip }, async () => {
  const { daemon } = shared;
  await create(daemon, { web });
  await setState(daemon, "start");
  await serve(daemon, "hello");
  assert.equal(await ask(daemon), "hello");
  await setState(daemon, "restart");
  await serve(daemon, "again");
  assert.equal(await ask(daemon), "again");
  await setState(daemon, "stop");
  assert.equal(await ask(daemon), "");
  await create(daemon, { web }, "next");
  await setState(daemon, "start", "next");
  await setState(daemon, "stop", "next");
});

test("a running container gets a proxy, changes it, and loses it", { skip }, async () => {
  const { daemon } = shared;
  await create(daemon, {});
  await setState(daemon, "start");
  await serve(daemon, "one");
  await serve(daemon, "two", 81);
  await setDevices(daemon, { web });
  assert.equal(await ask(daemon), "one");
  await setDevices(daemon, { web: { ...web, connect: "tcp:127.0.0.1:81" } });
  assert.equal(await ask(daemon), "two");
  await setDevices(daemon, { web: { ...web, listen: "tcp:127.0.0.1:8080-8081", connect: "tcp::80,81" } });
  assert.equal(await ask(daemon), "one");
  assert.equal(await ask(daemon, "127.0.0.1:8081"), "two");
  await setDevices(daemon, {});
  assert.equal(await ask(daemon), "");
});

test("a guest reaches a server of the host where its own network has none", { skip }, async () => {
  const { daemon } = shared;
  await create(daemon, {
    host: { ...web, bind: "instance", listen: "tcp:127.0.0.1:90", connect: "tcp:127.0.0.1:8080" },
  });
  // The other container's proxy is the server.
  await create(daemon, { web }, "server");
  await setState(daemon, "start", "server");
  await serve(daemon, "served", 80, "server");
  await setState(daemon, "start");
  assert.equal(await inside(daemon, "wget -qO- http://127.0.0.1:90/"), "served");
  assert.equal(await ask(daemon, "127.0.0.1:90"), "");
});

test("a unix socket on the host has the owner and mode that were asked for, and goes with the container", {
  skip,
}, async () => {
  const { daemon } = shared;
  const file = path.join(folder, "web.sock");
  await create(daemon, { web: { ...web, listen: `unix:${file}`, uid: "33", gid: "34", mode: "0620" } });
  await setState(daemon, "start");
  await serve(daemon, "by socket");
  assert.equal((await daemon.run("curl", "-s", "--unix-socket", file, "http://box/")).trim(), "by socket");
  const { uid, gid, mode } = statSync(file);
  assert.deepEqual([uid, gid, mode & 0o777], [33, 34, 0o620]);
  await setState(daemon, "stop");
  await until(async () => !existsSync(file));
});

test("the server learns the client's address by the PROXY protocol", { skip }, async () => {
  const { daemon } = shared;
  await create(daemon, { web: { ...web, proxy_protocol: "true" } });
  await setState(daemon, "start");
  await inside(
    daemon,
    "nc -l -p 80 -e sh -c 'head -n 1 >/tmp/first' & while ! netstat -ltn | grep -q :80; do usleep 20000; done",
  );
  await ask(daemon);
  await until(async () => /^PROXY TCP4 127.0.0.1 127.0.0.1 \d+ 8080$/.test(await inside(daemon, "cat /tmp/first")));
});

test("a unix socket inside that nobody serves closes connections, and the proxy can be changed", { skip }, async () => {
  const { daemon } = shared;
  const device = { ...web, connect: "unix:/tmp/s", "security.uid": "1000", "security.gid": "1001" };
  await create(daemon, { web: device });
  await setState(daemon, "start");
  assert.equal(await ask(daemon), "", "nobody serves");
  await setDevices(daemon, { web });
  await serve(daemon, "back");
  assert.equal(await ask(daemon), "back");
});

test("a proxy outlives a killed daemon; the next one knows it, and makes one again that was killed", {
  skip,
}, async () => {
  const { daemon } = shared;
  await create(daemon, { web });
  await setState(daemon, "start");
  await serve(daemon, "steady");
  await daemon.kill();
  assert.equal(await ask(daemon), "steady");
  await daemon.start();
  assert.equal(await ask(daemon), "steady");
  await setDevices(daemon, {});
  assert.equal(await ask(daemon), "");
  await setDevices(daemon, { web });
  await daemon.kill();
  const listening = await daemon.run("ss", "-ltnpH", "sport", "=", "8080");
  for (const [, pid = ""] of listening.matchAll(/pid=(\d+)/g)) process.kill(Number(pid), "SIGKILL");
  await until(async () => (await ask(daemon)) === "");
  await daemon.start();
  await until(async () => (await ask(daemon)) === "steady");
});

test("an address that is taken is refused with its name, and nothing changes", { skip }, async () => {
  const { daemon } = shared;
  await create(daemon, { web }, "first");
  await setState(daemon, "start", "first");
  await create(daemon, { web });
  await assert.rejects(setState(daemon, "start"), (error) => {
    assert.ok(ApiError.is(error) && error.code === "BAD_REQUEST", String(error));
    assert.match(error.message, /device "web".*127\.0\.0\.1.*8080/);
    return true;
  });
  assert.equal((await daemon.client.getInstance("box")).value.status, "Stopped");
  const other = { ...web, listen: "tcp:127.0.0.1:8090" };
  await setDevices(daemon, { web: other });
  await setState(daemon, "start");
  await serve(daemon, "kept");
  await assert.rejects(setDevices(daemon, { web }), /8080/);
  assert.equal(await ask(daemon, "127.0.0.1:8090"), "kept");
  assert.deepEqual((await daemon.client.getInstance("box")).value.devices.web, other);
});

test("a restricted project has proxies when it says so", { skip }, async () => {
  await withDaemon({ bare: false }, async ({ client, socket }) => {
    const config = { restricted: "true", "features.images": "false", "features.profiles": "false" };
    await client.createProject({ name: "lab", config });
    await using lab = new Client({ endpoint: socket, project: "lab" });
    const make = async () =>
      (
        await lab.createInstance({
          name: "box",
          source: { type: "image", alias: "template:busybox" },
          devices: { web },
        })
      ).wait();
    await assert.rejects(
      make(),
      /Invalid device "web" on container "box" of project "lab": Proxy devices are forbidden/,
    );
    const { value } = await client.getProject("lab");
    await client.updateProject("lab", { ...value, config: { ...value.config, "restricted.devices.proxy": "allow" } });
    await make();
  });
});

test("options that cannot be are refused, and nothing is made", { skip }, async () => {
  const { daemon } = shared;
  const wrong: [Device, RegExp][] = [
    [{ type: "proxy", listen: web.listen! }, /needs the option "connect"/],
    [{ ...web, listen: "tcp:localhost:80" }, /Not an IP address/],
    [{ ...web, listen: "tcp:::1:80" }, /Not an IP address|must be tcp:ADDRESS:PORT/],
    [{ ...web, listen: "http:127.0.0.1:80" }, /Unknown protocol type "http"/],
    [{ ...web, listen: "tcp:127.0.0.1:0" }, /from 1 to 65535/],
    [{ ...web, listen: "tcp:127.0.0.1:80-70" }, /from 1 to 65535/],
    [{ ...web, listen: "tcp:127.0.0.1:80,80" }, /twice/],
    [{ ...web, listen: "unix:relative" }, /absolute path/],
    [{ ...web, listen: `unix:/${"x".repeat(120)}` }, /at most 107 bytes/],
    [{ ...web, connect: "tcp:127.0.0.1:80-82" }, /Mismatch between listen port/],
    [{ ...web, uid: "1" }, /non-abstract unix sockets/],
    [{ ...web, listen: "unix:@name", mode: "0600" }, /non-abstract unix sockets/],
    [{ ...web, connect: "udp:127.0.0.1:80", proxy_protocol: "true" }, /only be sent to tcp servers/],
    [{ ...web, nat: "true" }, /Cannot listen on loopback address/],
    [{ ...web, bind: "guests" }, /bind: it must be one of/],
  ];
  for (const [device, message] of wrong)
    await assert.rejects(create(daemon, { web: device }), (error) => {
      assert.ok(ApiError.is(error) && error.code === "BAD_REQUEST", String(error));
      assert.match(error.message, message);
      return true;
    });
  assert.deepEqual(await daemon.client.listInstances(), []);
});
