/** Many instances at once, names that nobody gave, and the order of starts and stops. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { outcome, send } from "../support/raw-http";
import { until } from "../support/until";

const image = { type: "image", alias: "template:busybox" };

async function make(daemon: TestDaemon, name: string, more: object = {}): Promise<void> {
  await (await daemon.client.createInstance({ name, source: image, ...more })).wait();
}

const states = async (daemon: TestDaemon) =>
  Object.fromEntries((await daemon.client.listInstances()).map(({ name, status }) => [name, status]));

const allRun = (daemon: TestDaemon) =>
  until(async () => Object.values(await states(daemon)).every((status) => status === "Running"));

const setAll = (daemon: TestDaemon, state: object, query = "") =>
  outcome(daemon.socket, "PUT", `/1.0/instances${query}`, { state });

test("the state of all instances of a project changes at once, and who cannot follow is named", () =>
  withDaemon({}, async (daemon) => {
    await preparePool(daemon, "overlay");
    await make(daemon, "one", { start: true });
    await make(daemon, "two");
    await daemon.client.createProject({
      name: "lab",
      config: { "features.profiles": "false", "features.images": "false" },
    });
    assert.equal(
      (await outcome(daemon.socket, "POST", "/1.0/instances?project=lab", { name: "far", source: image })).status,
      200,
    );
    assert.deepEqual(await states(daemon), { one: "Running", two: "Stopped" });

    await (await daemon.client.setInstancesState({ action: "start" })).wait();
    assert.deepEqual(await states(daemon), { one: "Running", two: "Running" });
    const far = await send(daemon.socket, "GET", "/1.0/instances/far?project=lab");
    assert.equal((far.json.metadata as { status: string }).status, "Stopped", "the other project is left alone");
    assert.equal((await setAll(daemon, { action: "freeze" })).status, 200);
    assert.deepEqual(await states(daemon), { one: "Frozen", two: "Frozen" });
    assert.equal((await setAll(daemon, { action: "unfreeze" })).status, 200);

    // One that is deaf to a clean stop is named; the others are stopped all the same.
    await daemon.client.patchInstance("two", { config: { "raw.lxc": "lxc.signal.halt = SIGWINCH" } });
    assert.equal((await setAll(daemon, { action: "restart", force: true })).status, 200);
    const told = await setAll(daemon, { action: "stop", timeout: 8 });
    assert.match(
      told.error,
      /^The following instances failed to update state:\n - Instance: two: Failed shutting down/,
    );
    assert.deepEqual(await states(daemon), { one: "Stopped", two: "Running" });
    assert.equal((await setAll(daemon, { action: "stop", force: true })).status, 200);
    assert.equal((await setAll(daemon, { action: "stop", force: true })).status, 200, "nothing is left to do");

    const refuses = async (state: object, message: RegExp, query = "", status = 400) => {
      const answer = await setAll(daemon, state, query);
      assert.equal(answer.status, status);
      assert.match(answer.error, message);
    };
    await refuses({ action: "dance" }, /state\.action/);
    await refuses({}, /state\.action/);
    await refuses({ action: "stop", stateful: true }, /checkpoints are not supported yet/);
    await refuses({ action: "stop" }, /Project not found/, "?project=none", 404);

    // Nobody gave a name: two words that are one as a DNS label.
    for (const name of ["", undefined]) {
      const operation = await daemon.client.createInstance({ name, source: { type: "none" } });
      await operation.wait();
      const [url = ""] = operation.latest.resources?.instances ?? [];
      assert.match(url, /^\/1\.0\/instances\/[a-z]+-[a-z]+(-\d+)?$/);
    }

    // One that is to be started and cannot be is there.
    const config = { "raw.lxc": "lxc.init.cmd = /no/such/init" };
    await assert.rejects(make(daemon, "broken", { start: true, config }), /Cannot start instance "broken"/);
    assert.equal((await states(daemon)).broken, "Stopped");
  }));

test("containers start by boot.autostart.priority, and stop by boot.stop.priority", () =>
  withDaemon({}, async (daemon) => {
    await preparePool(daemon, "overlay");
    const places = { first: "20", last: "-5", middle: "0" };
    for (const [name, place] of Object.entries(places))
      await make(daemon, name, {
        config: {
          "boot.autostart": "true",
          // Killed at once: only the order is asked for.
          "boot.host_shutdown_timeout": "0",
          "boot.autostart.priority": place,
          "boot.stop.priority": String(-Number(place)),
        },
      });
    await daemon.stop("SIGPWR");
    await daemon.start();
    await allRun(daemon);
    const used = await daemon.client.listInstances();
    const byStart = used.sort((a, b) => (a.last_used_at < b.last_used_at ? -1 : 1)).map(({ name }) => name);
    assert.deepEqual(byStart, ["first", "middle", "last"]);
    await daemon.stop("SIGPWR");
    const ends = Object.keys(places).map((name) => {
      const lines = readFileSync(path.join(daemon.dir, "logs", name, "lxc.log"), "utf8")
        .trim()
        .split("\n");
      return { name, at: lines.at(-1)?.split(" ")[0] ?? "" };
    });
    assert.deepEqual(
      ends.sort((a, b) => (a.at < b.at ? -1 : 1)).map(({ name }) => name),
      ["last", "middle", "first"],
    );
    await daemon.start();
    await allRun(daemon);
  }));
