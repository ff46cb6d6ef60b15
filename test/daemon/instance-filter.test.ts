/** Filters of lists of instances, at every depth; the answers are those of LXD 5.0.2, but for what it cannot find. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";

const image = { type: "image", alias: "template:busybox" };

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  await preparePool(daemon, "overlay");
  await client.createProfile({ name: "small", config: { "limits.processes": "50" } });
  await (await client.createInstance({ name: "web", source: image, start: true })).wait();
  const config = { "user.mine": "1", "limits.memory": "64MiB" };
  await (await client.createInstance({ name: "db", source: image, config, profiles: ["default", "small"] })).wait();
  await (await client.createSnapshot("db", { name: "s1" })).wait();
});

const table: readonly (readonly [filter: string, names: readonly string[]])[] = [
  ["", ["db", "web"]],
  ["name eq web", ["web"]],
  ["name eq WE.*", ["web"]],
  ["name eq w", []],
  ["status eq running", ["web"]],
  ["not status eq running", ["db"]],
  ["config.user.mine eq 1", ["db"]],
  ["config.user.mine ne 1", ["web"]],
  ["expanded_config.limits.processes eq 50", ["db"]],
  ["config.limits.processes eq 50", []],
  ["expanded_config.limits.memory eq 64MiB", ["db"]],
  ["devices.root.pool eq default", []],
  ["expanded_devices.root.pool eq default", ["db", "web"]],
  ["name eq web or name eq db", ["db", "web"]],
  ["name eq web and status eq stopped or name eq db", ["db"]],
  ["name eq db or name eq web and status eq stopped", ["db"]],
  ['name eq "web"', ["web"]],
  ["project eq default and type eq container", ["db", "web"]],
  ["nosuch eq x", []],
  ["nosuch ne x", ["db", "web"]],
  // What follows LXD finds nothing for, or breaks over.
  ["ephemeral eq false", ["db", "web"]],
  ["state.status eq Running", ["web"]],
  ["state.pid eq 0", ["db"]],
  ["state.processes ne 0 and name eq .*", ["web"]],
];

test("a filter finds the same instances at every depth of a list", async () => {
  for (const [filter, names] of table)
    for (const recursion of [0, 1, 2]) {
      const url = `/1.0/instances?recursion=${recursion}&filter=${encodeURIComponent(filter)}`;
      const { status, json } = await shared.send("GET", url);
      assert.equal(status, 200, filter);
      const found = (json.metadata as (string | { name: string })[]).map((one) =>
        typeof one === "string" ? one.split("/").at(-1) : one.name,
      );
      assert.deepEqual(found, names, `${filter} at depth ${recursion}`);
    }
});

test("an instance with all that belongs to it has its snapshots, its state, and no backups", async () => {
  const full = await shared.client.listInstancesFull();
  assert.deepEqual(
    full.map(({ name, snapshots, backups, state }) => [name, snapshots?.length, backups?.length ?? 0, state?.status]),
    [
      ["db", 1, 0, "Stopped"],
      ["web", 0, 0, "Running"],
    ],
  );
});
