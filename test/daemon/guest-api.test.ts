/** The API that a container has of itself, at /dev/lxd/sock, asked by programs inside. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { preparePool } from "../support/daemon";
import { gatesOf } from "../support/gates";
import { buildGuest } from "../support/guest";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const folder = mkdtempSync(path.join(tmpdir(), "bothy-ask-"));
after(() => rmSync(folder, { recursive: true }));

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  const program = path.join(folder, "ask");
  buildGuest("ask", program);
  await preparePool(daemon, "overlay");
  for (const [name, config] of [
    ["web", { "user.foo": "bar", "cloud-init.user-data": "#cloud-config\n", "user.meta-data": "a: b" }],
    ["other", { "user.foo": "other", "security.privileged": "true" }],
  ] as const) {
    await (await client.createInstance({ name, config, source: { type: "image", alias: "template:busybox" } })).wait();
    await (await client.setInstanceState(name, { action: "start" })).wait();
    await client.putFile(name, "/bin/ask", readFileSync(program), { mode: 0o755 });
  }
});

const run = async (script: string, name = "web", user?: number) => {
  const command = ["sh", "-c", script];
  const { stdout, stderr } = await shared.client.execOutput(name, { command, ...(user === undefined ? {} : { user }) });
  return `${stdout}${stderr}`;
};

interface Heard {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Sends a request from inside. */
async function ask(
  target: string,
  { name = "web", method = "GET", body = "", user = undefined as number | undefined } = {},
): Promise<Heard> {
  const length = body === "" ? "" : `Content-Length: ${body.length}\\r\\n`;
  const request = `${method} ${target} HTTP/1.1\\r\\nHost: lxd\\r\\nConnection: close\\r\\n${length}\\r\\n${body.replaceAll('"', '\\"')}`;
  const told = await run(`printf "${request}" | ask /dev/lxd/sock`, name, user);
  const cut = told.indexOf("\r\n\r\n");
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(told)?.[1]), head: told.slice(0, cut), body: told.slice(cut + 4) };
}

const patch = async (config: Record<string, string>, name = "web") => {
  const { status } = await shared.send("PATCH", `/1.0/instances/${name}`, { config });
  assert.equal(status, 200);
};

test("a container reads its own keys, devices and data for cloud-init, as LXD shows them", async () => {
  const index = await ask("/");
  assert.deepEqual([index.status, index.body], [200, '["/1.0"]\n']);
  assert.match(index.head, /content-type: application\/json/i);
  assert.deepEqual(JSON.parse((await ask("/1.0")).body), {
    state: "Started",
    api_version: "1.0",
    instance_type: "container",
    location: "none",
  });
  assert.deepEqual(JSON.parse((await ask("/1.0/config")).body), [
    "/1.0/config/cloud-init.user-data",
    "/1.0/config/user.foo",
    "/1.0/config/user.meta-data",
  ]);
  const value = await ask("/1.0/config/user.foo");
  assert.deepEqual([value.status, value.body], [200, "bar"]);
  assert.match(value.head, /content-type: application\/octet-stream/i);
  const { value: web } = await shared.client.getInstance("web");
  const data = `#cloud-config\ninstance-id: ${web.config["volatile.uuid"]}\nlocal-hostname: web\na: b`;
  assert.equal((await ask("/1.0/meta-data")).body, data);
  assert.deepEqual(JSON.parse((await ask("/1.0/devices")).body), web.expanded_devices);
  for (const [target, status, body] of [
    ["/1.0/config/user.none", 404, "not found\n"],
    ["/1.0/config/limits.cpu", 403, "not authorized\n"],
    ["/1.0/config/volatile.uuid", 403, "not authorized\n"],
    ["/1.0/nothing", 404, "404 page not found\n"],
    ["/1.0/instances", 404, "404 page not found\n"],
    ["/1.0/images/aa/export", 403, "not authorized\n"],
  ] as const) {
    const told = await ask(target);
    assert.deepEqual([told.status, told.body], [status, body], target);
  }
  assert.match(
    await run(`printf 'GET /1.0/config/user.foo HTTP/1.0\\r\\n\\r\\n' | ask /dev/incus/sock`),
    /\r\n\r\nbar$/,
  );
});

test("each container is told of itself, whatever it says", async () => {
  assert.equal((await ask("/1.0/config/user.foo", { name: "other" })).body, "other");
  const forged = await run(
    `printf 'guest web\\nGET /1.0/config/user.foo HTTP/1.0\\r\\n\\r\\n' | ask /dev/lxd/sock`,
    "other",
  );
  assert.doesNotMatch(forged, /bar/);
});

test("only the container's root is answered", async () => {
  const told = await ask("/1.0", { user: 1000 });
  assert.deepEqual([told.status, told.body], [401, "Access denied for non-root user\n"]);
});

test("a guest that says it is up is Ready until it ends or takes it back", async () => {
  const status = async () => (await shared.client.getInstance("web")).value;
  const events = await shared.client.openEvents({ types: ["lifecycle"] });
  const heard = (async () => {
    for await (const { metadata } of events)
      if ((metadata as { action: string }).action === "instance-ready") return true;
    return false;
  })();
  const set = (state: string) => ask("/1.0", { method: "PATCH", body: `{"state":"${state}"}` });
  assert.equal((await set("Ready")).status, 200);
  assert.ok(await heard);
  assert.deepEqual([(await status()).status, (await status()).status_code], ["Ready", 113]);
  assert.equal((JSON.parse((await ask("/1.0")).body) as { state: string }).state, "Ready");
  assert.equal((await shared.client.getInstanceState("web")).status, "Ready");
  assert.equal((await set("Nonsense")).status, 400);
  assert.equal((await ask("/1.0", { method: "PATCH", body: `{"state":"${"x".repeat(9000)}"}` })).status, 400);
  assert.equal((await ask("/1.0", { method: "PUT" })).status, 501);
  assert.equal((await set("Started")).status, 200);
  assert.equal((await status()).status, "Running");
  await set("Ready");
  await (await shared.client.setInstanceState("web", { action: "restart", force: true })).wait();
  assert.equal((await status()).status, "Running");
});

test("a container hears of changes of its keys and devices", async () => {
  const handshake = `GET /1.0/events?type=config,device HTTP/1.1\\r\\nHost: x\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\nSec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\n\\r\\n`;
  await run(`(printf "${handshake}"; sleep 60) | ask /dev/lxd/sock >/tmp/heard 2>&1 &`);
  await until(async () => (await run("cat /tmp/heard")).includes("101"));
  await patch({ "user.foo": "new", "limits.processes": "500" });
  await until(async () => (await run("cat /tmp/heard")).includes('"value":"new"'));
  const { value } = await shared.client.getInstance("web");
  const devices = { ...value.devices, data: { type: "disk", source: "tmpfs:", path: "/data" } };
  await (await shared.client.updateInstance("web", { ...value, devices })).wait();
  await until(async () => (await run("cat /tmp/heard")).includes('"action":"added"'));
  const heard = await run("cat /tmp/heard");
  assert.match(
    heard,
    /\{"type":"config","timestamp":"[^"]+","metadata":\{"key":"user.foo","old_value":"bar","value":"new"\}\}/,
  );
  assert.match(heard, /"metadata":\{"action":"added","name":"data","config":\{[^}]*"source":"tmpfs:"/);
  assert.doesNotMatch(heard, /limits/);
});

test("security.devlxd closes and opens the way while the container runs", async () => {
  await patch({ "security.devlxd": "false" });
  assert.match(await run("ls /dev/lxd; echo GET | ask /dev/lxd/sock"), /^connect: No such file/);
  await patch({ "security.devlxd": "" });
  assert.equal((await ask("/1.0/config/user.foo")).body, "new");
  await patch({ "security.devlxd": "false" }, "other");
  await (await shared.client.setInstanceState("other", { action: "restart", force: true })).wait();
  assert.match(await run("echo GET | ask /dev/lxd/sock", "other"), /^connect: No such file/);
  await patch({ "security.devlxd": "" }, "other");
  assert.equal((await ask("/1.0/config/user.foo", { name: "other" })).body, "other");
});

test("public images are for containers that may have them", async () => {
  const [image] = await shared.client.listImages();
  assert.ok(image !== undefined);
  const target = `/1.0/images/${image.fingerprint}/export`;
  assert.equal((await ask(target)).status, 403);
  await patch({ "security.devlxd.images": "true" });
  assert.equal((await ask(target)).status, 404, "it is not public");
  assert.equal((await shared.send("PATCH", `/1.0/images/${image.fingerprint}`, { public: true })).status, 200);
  const bytes = await run(`printf 'GET ${target} HTTP/1.0\\r\\n\\r\\n' | ask /dev/lxd/sock | wc -c`);
  assert.ok(Number(bytes) > image.size);
});

test("a guest that takes all it can get keeps nobody else waiting", async () => {
  await run("(sleep 60 | ask /dev/lxd/sock 100 >/dev/null 2>&1 &) ; sleep 0.2");
  assert.equal((await ask("/1.0", { name: "other" })).status, 200);
  await run("killall ask sleep");
  await until(async () => (await ask("/1.0")).status === 200);
  // A line without end, and a header without end.
  const flood = await run(
    `(printf 'GET /1.0 HTTP/1.1\\r\\nX: '; dd if=/dev/zero bs=64k count=20 2>/dev/null) | ask /dev/lxd/sock | wc -c`,
  );
  assert.ok(Number(flood) < 1000);
  assert.equal((await shared.send("GET", "/1.0")).status, 200);
});

/** The processes that guard this daemon's containers. */
const gates = () => gatesOf(shared.daemon.netns.pid);

test("while no daemon runs a container hears so, and the next daemon answers it again", async () => {
  const { daemon } = shared;
  await run(
    "(sleep 1; printf 'GET /1.0 HTTP/1.0\\r\\n\\r\\n' | ask /dev/lxd/sock >/root/meanwhile 2>&1; touch /root/asked) >/dev/null 2>&1 &",
  );
  await daemon.kill();
  // No daemon can be asked when the guest has done it: its file is looked at from outside.
  const upper = path.join(daemon.dir, "storage-pools/default/containers/web/upper/root/asked");
  await until(async () => existsSync(upper));
  await daemon.start();
  assert.match(
    await run("cat /root/meanwhile"),
    /^HTTP\/1\.1 503[\s\S]*The daemon does not answer now\. Try again later\.\n$/,
  );
  assert.equal((await ask("/1.0/config/user.foo")).body, "new");
});

test("a gate that was killed is there again with the next daemon, and all end with their containers", async () => {
  const { daemon } = shared;
  const [first] = gates();
  assert.ok(first !== undefined);
  for (const pid of gates()) process.kill(Number(pid), "SIGKILL");
  assert.match(await run("echo GET | ask /dev/lxd/sock"), /^connect: Connection refused/);
  await daemon.stop();
  await daemon.start();
  assert.equal((await ask("/1.0/config/user.foo")).body, "new");
  for (const name of ["web", "other"])
    await (await shared.client.setInstanceState(name, { action: "stop", force: true })).wait();
  await until(async () => gates().length === 0);
});
