/** Requests that are wrong as such: their bytes, method, path, query, headers and bodies. */
import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { apiRoutes } from "../support/api-routes";
import { preparePool } from "../support/daemon";
import { assertRefused, sendBytes } from "../support/raw-http";
import { shareDaemon } from "../support/shared-daemon";

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "dir");
  await (await daemon.client.createInstance({ name: "known", source: { type: "none" } })).wait();
});

const isUp = async () => assert.equal((await shared.send("GET", "/1.0")).status, 200, "the daemon answers");

/** Every call that takes a JSON body, on things that exist as far as they can. */
const bodyCalls = apiRoutes
  .filter(({ method, rawBody, path }) => /PUT|PATCH|POST/.test(method) && !rawBody && !path.startsWith("/internal"))
  .map(({ method, path }) => ({ method, path: path.replace(/:(\w+)\*?/g, "known") }));

const bodies: readonly (readonly [what: string, body: string])[] = [
  ["no JSON", "{not json"],
  ["half of JSON", '{"name": "x"'],
  ["bytes", "\0\u0001\u0002"],
  ["a list", "[]"],
  ["a text", '"name"'],
  ["a number", "7"],
  ["null", "null"],
];

for (const [what, body] of bodies)
  test(`${what} as the body of any call is refused with 400`, () =>
    shared.unchanged(async () => {
      for (const { method, path } of bodyCalls) {
        // Without a type, what is no JSON may be an image.
        const answer = await shared.send(method, path, body, { "content-type": "application/json" });
        // What does not exist may be said first.
        const status = answer.status === 404 ? 404 : 400;
        assertRefused(answer, status, /./);
      }
    }));

test("a call without a body where one is needed says so", async () => {
  for (const [method, path] of [
    ["POST", "/1.0/profiles"],
    ["POST", "/1.0/instances"],
    ["PUT", "/1.0/instances/known/state"],
    ["PUT", "/1.0/profiles/default"],
    ["PATCH", "/1.0/instances/known"],
  ] as const)
    await shared.refusesAtOnce(method, path, undefined, 400, /needs a JSON body/);
});

/** Sends a body whose length is not said beforehand. @returns status and text of the answer */
const chunked = (body: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = { socketPath: shared.daemon.socket, method: "POST", path: "/1.0/profiles" };
    const call = request(options, (answer) => {
      text(answer).then((told) => resolve(`${answer.statusCode} ${told}`), reject);
    });
    call.on("error", reject).write(body);
    call.end();
  });

test("a body past 1 MiB is refused with 400, and the client gets to read that", () =>
  shared.unchanged(async () => {
    for (const length of [(1 << 20) + 1, 20 << 20]) {
      const body = JSON.stringify({ name: "big", description: "x".repeat(length) });
      assertRefused(await shared.send("POST", "/1.0/profiles", body), 400, /longer than 1048576 bytes/);
      assert.match(await chunked(body), /^400 .*longer than 1048576 bytes/);
    }
    const most = { description: "x".repeat((1 << 20) - 100) };
    assert.equal((await shared.send("PATCH", "/1.0/profiles/default", most)).status, 200, "what fits is taken");
    assert.equal(
      (await shared.send("PATCH", "/1.0/profiles/default", { description: "Default LXD profile" })).status,
      200,
    );
  }));

test("deep nesting is refused, and brackets within texts are no nesting", async () => {
  const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  const source = (more: string) => `{"name":"deep","source":{"type":"none","more":${more}}}`;
  for (const body of [
    deep(101),
    deep(500_000),
    "[".repeat(1 << 20),
    `${'{"a":'.repeat(101)}1${"}".repeat(101)}`,
    source(deep(99)),
  ])
    await shared.refusesAtOnce("POST", "/1.0/instances", body, 400, /nested more than 100 deep/);
  const brackets = JSON.stringify(`\\"${"[{".repeat(200)}`);
  for (const more of [deep(98), brackets]) {
    assert.equal(
      (await shared.outcome("POST", "/1.0/instances", source(more))).status,
      200,
      "unknown fields are passed over",
    );
    assert.equal((await shared.outcome("DELETE", "/1.0/instances/deep")).status, 200);
  }
});

test("fields that are no fields of the call are passed over, as LXD does", async () => {
  const post = { name: "more", unheard: { of: 1 }, __proto__: null, constructor: "x" };
  assert.equal((await shared.outcome("POST", "/1.0/profiles", post)).status, 201);
  assert.equal((await shared.outcome("DELETE", "/1.0/profiles/more")).status, 200);
});

test("a method that a path has not is 501, a path that is not there is 404, both as JSON", async () => {
  for (const { path } of apiRoutes) {
    const known = path.replace(/:(\w+)\*?/g, "known");
    const methods = new Set(apiRoutes.filter((route) => route.path === path).map(({ method }) => method));
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"] as const)
      if (!(methods as Set<string>).has(method))
        assertRefused(await shared.send(method, known, {}), 501, /not implemented/);
  }
  for (const path of [
    "/2.0",
    "/1.0/nothing",
    "/1.0/",
    "/1.0/instances/",
    "//",
    "//1.0",
    "/1.0//instances",
    "/1.0/instances/known/",
  ])
    assertRefused(await shared.send("GET", path), 404, /not found/);
});

test("OPTIONS of a path that is there is an empty 200, as a browser asks it", async () => {
  const { status, text: body } = await shared.send("OPTIONS", "/1.0/profiles");
  assert.deepEqual([status, body], [200, ""]);
  assertRefused(await shared.send("OPTIONS", "/1.0/nothing"), 404, /not found/);
});

test("who asks for what this version has not is told what that is, and where to read what it has", async () => {
  for (const [method, path, query, body] of [
    ["POST", "/1.0/network-integrations", "", { name: "web" }],
    ["GET", "/1.0/networks/known/load-balancers", "?recursion=1", undefined],
    ["POST", "/1.0/storage-pools/known/buckets", "?project=default", { name: "web" }],
  ] as const)
    assertRefused(
      await shared.send(method, path + query, body),
      404,
      new RegExp(`^not found: .*"${path}".*api_extensions`),
    );
});

test("methods that HTTP has and the API has not are refused", async () => {
  for (const method of ["TRACE", "PROPFIND", "LOCK", "PURGE"]) {
    const { status } = await shared.send(method, "/1.0");
    assert.ok(status === 501 || status === 404, `${method}: ${status}`);
  }
});

for (const [what, bytes] of [
  ["no HTTP", "HELLO\r\n\r\n"],
  ["binary", Buffer.from([0, 255, 1, 254, 13, 10, 13, 10])],
  ["a header that is none", "GET /1.0 HTTP/1.1\r\nHost: x\r\nno header\r\n\r\n"],
  ["two lengths", "POST /1.0/profiles HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n{}"],
  ["a length that is none", "POST /1.0/profiles HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n{}"],
  ["a raw NUL in the path", "GET /1.0/profiles/a\0b HTTP/1.1\r\nHost: x\r\n\r\n"],
] as const)
  test(`${what} on the socket is answered with an error as JSON`, async () => {
    const answer = await sendBytes(shared.daemon.socket, bytes);
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.match(answer, /"type":"error"/);
    await isUp();
  });

test("headers past 16 KiB are refused with 431 as JSON", async () => {
  const bytes = `GET /1.0 HTTP/1.1\r\nHost: x\r\nX-LXD-mode: ${"7".repeat(40_000)}\r\n\r\n`;
  const answer = await sendBytes(shared.daemon.socket, bytes);
  assert.match(answer, /^HTTP\/1\.1 431 /);
  assert.match(answer, /"type":"error".*headers are too long/);
  await isUp();
});

test("a client that leaves in the middle of its body leaves nothing behind", () =>
  shared.unchanged(async () => {
    await new Promise<void>((resolve) => {
      const headers = { "content-length": "1000" };
      const call = request({ socketPath: shared.daemon.socket, method: "POST", path: "/1.0/profiles", headers });
      call.on("error", () => resolve());
      call.write('{"name": "half"', () => call.destroy(new Error("left")));
    });
    await isUp();
  }));

test("connections that say nothing hold nobody up", async () => {
  const silent = Array.from({ length: 50 }, () => connect({ path: shared.daemon.socket }));
  await isUp();
  for (const socket of silent) socket.destroy();
});

test("another project is not found, whatever is asked of it", async () => {
  for (const [method, path] of [
    ["GET", "/1.0/instances?project=other"],
    ["POST", "/1.0/instances?project=other"],
    ["DELETE", "/1.0/instances/known?project=other"],
    ["GET", "/1.0/profiles?project=%00"],
  ] as const)
    await shared.refuses(method, path, undefined, path.endsWith("%00") ? 400 : 404, /Project not found|NUL/);
});

test("a recursion that is not a number counts as none", async () => {
  for (const word of ["x", "-1", "", "1e9x", "%00x".slice(3)]) {
    const { status, json } = await shared.send("GET", `/1.0/instances?recursion=${word}`);
    assert.equal(status, 200);
    assert.deepEqual(json.metadata, ["/1.0/instances/known"]);
  }
});

test("a filter that is none is refused, and one that would take for ever does not", async () => {
  for (const filter of ["name", "name eq", "name is web", "name eq web name eq web", 'name eq "web', "eq eq", "and"])
    await shared.refuses(
      "GET",
      `/1.0/instances?filter=${encodeURIComponent(filter)}`,
      undefined,
      400,
      /Invalid filter/,
    );
  for (const filter of ["name eq (a+)+$", "name eq (((a*)*)*)*b", `name eq ${"(".repeat(190)}`]) {
    const { status } = await shared.send("GET", `/1.0/instances?filter=${encodeURIComponent(filter)}`);
    assert.equal(status, 200);
  }
  await shared.refuses("GET", "/1.0/instances?instance-type=spaceship", undefined, 400, /instance type "spaceship"/);
});

test("an If-Match that does not fit is 412 on every kind, and nothing changes", () =>
  shared.unchanged(async () => {
    const wrong = { "if-match": '"0000"' };
    for (const path of ["/1.0/profiles/default", "/1.0/storage-pools/default", "/1.0/instances/known", "/1.0"] as const)
      for (const method of ["PUT", "PATCH"]) {
        const body = { description: "changed", config: {}, profiles: ["default"] };
        assertRefused(await shared.send(method, path, body, wrong), 412, /ETag doesn't match/);
      }
    const restore = await shared.send("PUT", "/1.0/instances/known", { restore: "nothing" }, wrong);
    assertRefused(restore, 412, /ETag doesn't match/);
  }));

test("a name that is taken, and what is not there, is said at once", () =>
  shared.unchanged(async () => {
    const taken = await shared.send("POST", "/1.0/instances/known", { name: "known" });
    assertRefused(taken, 409, /Name "known" already in use/);
    const absent = await shared.send("POST", "/1.0/instances/nothing/snapshots", { name: "s" });
    assertRefused(absent, 404, /Instance not found/);
    for (const name of ["s0", "s1"])
      assert.equal((await shared.outcome("POST", "/1.0/instances/known/snapshots", { name })).status, 200);
    const snapshot = await shared.send("POST", "/1.0/instances/known/snapshots/s0", { name: "s1" });
    assertRefused(snapshot, 409, /Snapshot "known\/s1" already exists/);
    for (const name of ["s0", "s1"])
      assert.equal((await shared.outcome("DELETE", `/1.0/instances/known/snapshots/${name}`)).status, 200);
  }));

test("fields that are null are as if they were not there, at any depth, and texts in a map are empty", () =>
  shared.unchanged(async () => {
    const source = { type: "none", alias: null, fingerprint: null, properties: null, source: null };
    const made = await shared.outcome("POST", "/1.0/instances", {
      name: "nulls",
      description: null,
      profiles: null,
      config: { "user.a": null, "user.b": "kept" },
      devices: { p2p: { type: "nic", nictype: "p2p", name: null } },
      source,
    });
    assert.equal(made.status, 200, made.error);
    const url = "/1.0/instances/nulls";
    const have = async () => (await shared.send("GET", url)).json.metadata as Record<string, Record<string, unknown>>;
    const { config, devices, profiles } = await have();
    assert.deepEqual([config?.["user.a"], config?.["user.b"], profiles], [undefined, "kept", ["default"]]);
    assert.deepEqual(devices?.p2p, { type: "nic", nictype: "p2p" });
    assert.equal((await shared.send("PATCH", url, { config: { "user.b": null }, devices: null })).status, 200);
    assert.equal((await have()).config?.["user.b"], undefined);
    assertRefused(await shared.send("PATCH", url, { devices: { p2p: null } }), 400, /devices\.p2p/);
    assert.equal((await shared.outcome("DELETE", url)).status, 200);
  }));

test("containers are found by their older name, and there are no virtual machines", async () => {
  const names = async (url: string) => (await shared.send("GET", url)).json.metadata;
  const older = (await names("/1.0/instances")) as string[];
  assert.deepEqual(
    await names("/1.0/containers"),
    older.map((url) => url.replace("instances", "containers")),
  );
  for (const recursion of [0, 1, 2])
    assert.deepEqual(await names(`/1.0/virtual-machines?recursion=${recursion}&instance-type=container`), []);
  assert.equal((await shared.send("GET", "/1.0/containers/known")).status, 200);
  for (const [method, path] of [
    ["GET", "known"],
    ["GET", "known/state"],
    ["PATCH", "known"],
    ["DELETE", "known"],
  ] as const)
    assertRefused(
      await shared.send(method, `/1.0/virtual-machines/${path}`, method === "PATCH" ? {} : undefined),
      404,
      /Instance not found/,
    );
});

test("an operation is waited for by whole seconds, and long ones do not end at once", async () => {
  const started = await shared.send("POST", "/1.0/instances", {
    name: "new",
    source: { type: "image", alias: "template:busybox" },
  });
  const { operation = "" } = started.json;
  assertRefused(await shared.send("GET", `${operation}/wait?timeout=soon`), 400, /timeout "soon"/);
  const { json } = await shared.send("GET", `${operation}/wait?timeout=99999999999`);
  assert.equal((json.metadata as { status: string }).status, "Success");
  assertRefused(await shared.send("DELETE", operation), 400, /can't be cancelled/);
  assertRefused(await shared.send("GET", "/1.0/operations/nothing/wait"), 404, /Operation not found/);
  assert.equal((await shared.outcome("DELETE", "/1.0/instances/new")).status, 200);
});

test("a websocket's path without a websocket, and a websocket where there is none, are refused", async () => {
  const plain = await shared.send("GET", "/1.0/events");
  assert.deepEqual([plain.status, plain.headers["content-type"]], [400, "text/plain; charset=utf-8"]);
  assert.equal(plain.text, "Bad Request\n");
  const upgrade = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "x",
  };
  for (const path of ["/1.0/instances", "/1.0/operations/nothing/websocket?secret=x", "/1.0/events/..", "//"]) {
    const answer = await sendBytes(
      shared.daemon.socket,
      `GET ${path} HTTP/1.1\r\nHost: x\r\n${Object.entries(upgrade)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join("")}\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 404 /, path);
  }
  for (const path of ["/1.0/events?type=gossip", "/1.0/events?type=%00", "/1.0/events"]) {
    const answer = await sendBytes(
      shared.daemon.socket,
      `GET ${path} HTTP/1.1\r\nHost: x\r\n${Object.entries(upgrade)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join("")}\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 400 /, path);
  }
  await isUp();
});

test("a short body of a GET, as Ansible's modules send it, is passed over, and the connection goes on", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = () =>
    new Promise<boolean>((resolve, reject) => {
      const headers = { "content-length": 4 };
      const call = request({ socketPath: shared.daemon.socket, path: "/1.0/instances", headers, agent }, (answer) => {
        assert.equal(answer.statusCode, 200);
        answer.resume().on("end", () => resolve(call.reusedSocket));
      });
      call.on("error", reject).flushHeaders();
      setImmediate(() => call.end("null"));
    });
  try {
    assert.equal(await ask(), false);
    for (let times = 0; times < 20; times += 1) assert.equal(await ask(), true, "on the same connection");
  } finally {
    agent.destroy();
  }
});
