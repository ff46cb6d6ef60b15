/** Operations are awaited by events: few requests, clear ends. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, progressOf, resourceNames } from "../../../sdk/index";
import { until, withFake } from "../../sdk/support/fake-daemon";

const post = { name: "web", source: { type: "none" } };

test("a wait asks for the operation once, however long the work takes", () =>
  withFake(async (daemon, client) => {
    daemon.starts("POST /1.0/instances", "op1");
    const operation = await client.createInstance(post);
    const waiting = operation.wait();
    await until(() => daemon.requests.includes("GET /1.0/operations/op1"));
    for (let percent = 0; percent < 100; percent += 1)
      daemon.tell(daemon.operation("op1", "Running", { metadata: { work_progress: `${percent}%` } }));
    daemon.tell(daemon.operation("op1", "Success", { resources: { instances: ["/1.0/instances/web"] } }));
    assert.deepEqual(resourceNames(await waiting, "instances"), ["web"]);
    assert.deepEqual(daemon.requests, ["WS /1.0/events", "POST /1.0/instances", "GET /1.0/operations/op1"]);
  }));

test("operations share one events websocket", () =>
  withFake(async (daemon, client) => {
    for (const id of ["a", "b", "c"]) daemon.starts(`DELETE /1.0/instances/${id}`, id);
    const started = await Promise.all(["a", "b", "c"].map((name) => client.deleteInstance(name)));
    const waits = started.map((operation) => operation.wait());
    for (const id of ["c", "a", "b"]) daemon.tell(daemon.operation(id, "Success"));
    await Promise.all(waits);
    assert.equal(daemon.requests.filter((request) => request.startsWith("WS")).length, 1);
  }));

test("an operation that ended before its answer arrived is found by the one read", () =>
  withFake(async (daemon, client) => {
    daemon.starts("POST /1.0/instances", "quick");
    const answer = daemon.handlers.get("POST /1.0/instances")!;
    daemon.on("POST /1.0/instances", (seen, response) => {
      void answer(seen, response);
      daemon.tell(daemon.operation("quick", "Success"));
    });
    const operation = await client.createInstance(post);
    assert.equal((await operation.wait()).status, "Success");
  }));

test("a failed operation throws its own text, with the status and details that the daemon adds", () =>
  withFake(async (daemon, client) => {
    daemon.starts("POST /1.0/instances", "bad");
    const operation = await client.createInstance(post);
    const waiting = operation.wait();
    const told = { status: 404, details: { pool: "fast" } };
    daemon.tell(daemon.operation("bad", "Failure", { err: "Storage pool not found", bothy_error: told }));
    await assert.rejects(waiting, (error) => {
      assert.ok(ApiError.is(error));
      assert.equal(error.code, "NOT_FOUND");
      assert.equal(error.message, "Storage pool not found");
      assert.deepEqual(error.details, { pool: "fast" });
      return true;
    });
  }));

test("the details of a failed operation may be absent", () =>
  withFake(async (daemon, client) => {
    daemon.starts("POST /1.0/instances", "bad");
    const operation = await client.createInstance(post);
    const waiting = operation.wait();
    daemon.tell(daemon.operation("bad", "Failure", { err: "The instance is running", bothy_error: { status: 400 } }));
    await assert.rejects(waiting, { code: "BAD_REQUEST" });
  }));

test("a failed operation of a plain LXD is INTERNAL", () =>
  withFake(async (daemon, client) => {
    daemon.starts("POST /1.0/instances", "bad");
    const operation = await client.createInstance(post);
    const waiting = operation.wait();
    daemon.tell(daemon.operation("bad", "Failure", { err: "Failed creating it" }));
    await assert.rejects(waiting, { code: "INTERNAL", message: "Failed creating it" });
  }));

test("a lost websocket is opened once more and the operation read again", () =>
  withFake(async (daemon, client) => {
    daemon.starts("POST /1.0/instances", "op1");
    const operation = await client.createInstance(post);
    const waiting = operation.wait();
    await until(() => daemon.requests.includes("GET /1.0/operations/op1"));
    daemon.operation("op1", "Success");
    for (const ws of daemon.listeners) ws.terminate();
    assert.equal((await waiting).status, "Success");
    assert.equal(daemon.requests.filter((request) => request === "WS /1.0/events").length, 2);
    assert.equal(daemon.requests.filter((request) => request === "GET /1.0/operations/op1").length, 2);
  }));

test("a websocket that is lost twice fails the wait", () =>
  withFake(async (daemon, client) => {
    daemon.starts("POST /1.0/instances", "op1");
    const operation = await client.createInstance(post);
    const waiting = operation.wait();
    const failed = assert.rejects(waiting, { code: "UNAVAILABLE", message: /operation "op1"/ });
    for (const ws of daemon.listeners) ws.terminate();
    await until(() => daemon.listeners.size === 0);
    await until(() => daemon.listeners.size === 1);
    for (const ws of daemon.listeners) ws.terminate();
    await failed;
  }));

test("a daemon that forgot the operation after a restart fails the wait and says so", () =>
  withFake(async (daemon, client) => {
    daemon.starts("POST /1.0/instances", "op1");
    const operation = await client.createInstance(post);
    const waiting = operation.wait();
    await until(() => daemon.requests.includes("GET /1.0/operations/op1"));
    daemon.operations.delete("op1");
    for (const ws of daemon.listeners) ws.terminate();
    await assert.rejects(waiting, { code: "UNAVAILABLE", message: /Look whether its work was done/ });
  }));

test("an aborted wait rejects with the signal's reason and leaves the operation alone", () =>
  withFake(async (daemon, client) => {
    daemon.starts("POST /1.0/instances", "op1");
    const operation = await client.createInstance(post);
    const abort = new AbortController();
    const waiting = operation.wait({ signal: abort.signal });
    abort.abort(new Error("enough"));
    await assert.rejects(waiting, { message: "enough" });
    assert.ok(!daemon.requests.some((request) => request.startsWith("DELETE")));
    daemon.tell(daemon.operation("op1", "Success"));
    assert.equal((await operation.wait()).status, "Success");
  }));

test("progress is told as it comes", () =>
  withFake(async (daemon, client) => {
    daemon.starts("POST /1.0/instances", "op1");
    const operation = await client.createInstance(post);
    const told: string[] = [];
    const waiting = operation.wait({
      onProgress: (state) => {
        const progress = progressOf(state);
        if (progress) told.push(`${progress.stage} ${progress.percent} ${progress.text}`);
      },
    });
    const metadata = { progress: { stage: "unpack", percent: "40" }, unpack_progress: "Unpack: 40%" };
    daemon.tell(daemon.operation("op1", "Running", { metadata }));
    daemon.tell(daemon.operation("op1", "Success", { metadata: null }));
    await waiting;
    assert.deepEqual(told, ["unpack 40 Unpack: 40%"]);
  }));

test("a server that refuses its events refuses the operation before anything is asked of it", () =>
  withFake(async (daemon, client) => {
    daemon.refuseEvents = true;
    await assert.rejects(client.createInstance(post), { code: "FORBIDDEN", message: "not authorized" });
    assert.deepEqual(daemon.requests, ["WS /1.0/events"]);
  }));

test("what a newer server does by an operation is waited for where LXD 5.0 answers at once", () =>
  withFake(async (daemon, client) => {
    daemon.starts("POST /1.0/profiles", "later");
    const made = client.createProfile({ name: "web" });
    await until(() => daemon.requests.includes("GET /1.0/operations/later"));
    daemon.tell(daemon.operation("later", "Failure", { err: "No space left" }));
    await assert.rejects(made, { message: "No space left" });
  }));
