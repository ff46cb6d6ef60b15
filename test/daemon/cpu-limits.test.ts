/** Processors of containers: spread as they come and go, seen from inside and read back from the kernel. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import test from "node:test";
import { readCgroupLayout } from "../../daemon/platform/host/cgroups";
import { parseCpuList } from "../../sdk/api/config/values";
import { preparePool, type TestDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { clearedAfterEach, shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const skip =
  requireFeature("root", process.getuid?.() === 0) || requireFeature("two processors", os.cpus().length >= 2);
const shared = shareDaemon({}, (daemon) => preparePool(daemon, "dir"));
clearedAfterEach(shared);
const image = { type: "image", alias: "template:busybox" };

async function launch({ client }: TestDaemon, name: string, config: Record<string, string> = {}): Promise<void> {
  await (await client.createInstance({ name, source: image, config })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
}

async function change({ client }: TestDaemon, name: string, config: Record<string, string>): Promise<void> {
  const { value } = await client.getInstance(name);
  await (await client.updateInstance(name, { ...value, config: { ...value.config, ...config } })).wait();
}

/** The processors that a program inside may run on. */
async function cpusOf({ client }: TestDaemon, name: string): Promise<number[]> {
  const command = ["sh", "-c", "grep Cpus_allowed_list /proc/self/status"];
  const { stdout } = await client.execOutput(name, { command });
  return parseCpuList(`${stdout}`.replace(/^.*:/, "").trim());
}

test("containers that want a number of processors are spread anew when others end", { skip }, async () => {
  const { daemon } = shared;
  const names = ["a", "b", "c", "d"];
  for (const name of names) await launch(daemon, name, { "limits.cpu": "1" });
  const places = new Map<string, number>();
  for (const name of names) places.set(name, (await cpusOf(daemon, name))[0] ?? -1);
  const together = names.filter((name) => places.get(name) === places.get("a"));
  if (os.cpus().length === 2) assert.equal(together.length, 2);
  for (const name of names.filter((one) => places.get(one) !== places.get("a")))
    await (await daemon.client.setInstanceState(name, { action: "stop", force: true })).wait();
  const [one = "", other = ""] = together;
  if (other !== "") await until(async () => (await cpusOf(daemon, one))[0] !== (await cpusOf(daemon, other))[0]);
});

test("a change of another limit leaves a container on its processors, and one of limits.cpu moves it", {
  skip,
}, async () => {
  const { daemon } = shared;
  await launch(daemon, "web", { "limits.cpu": "1-1" });
  assert.deepEqual(await cpusOf(daemon, "web"), [1]);
  await change(daemon, "web", { "limits.memory": "64MiB" });
  assert.deepEqual(await cpusOf(daemon, "web"), [1]);
  await change(daemon, "web", { "limits.cpu": "" });
  assert.equal((await cpusOf(daemon, "web")).length, os.cpus().length);
  await change(daemon, "web", { "limits.cpu": "0-0" });
  await daemon.kill();
  await daemon.start();
  assert.deepEqual(await cpusOf(daemon, "web"), [0]);
  await change(daemon, "web", { "limits.cpu": "", "limits.cpu.nodes": "0" });
  assert.ok((await cpusOf(daemon, "web")).length >= 1);
});

test("a container without limits of processors inherits them", { skip }, async () => {
  const { daemon } = shared;
  await launch(daemon, "web");
  assert.equal((await cpusOf(daemon, "web")).length, os.cpus().length);
  const v1 = readCgroupLayout().v1.get("cpuset");
  if (v1 === undefined) return;
  const dir = path.join(v1, daemon.place.group, "web");
  assert.equal(readFileSync(path.join(dir, "cgroup.clone_children"), "utf8").trim(), "1");
});
