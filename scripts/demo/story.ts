/** Story: what the demo shows, step by step. */
import assert from "node:assert/strict";
import type { Client } from "../../sdk/index";
import type { Run } from "./pulumi";
import type { Scene } from "./scene";
import type { Table } from "./table";

/** Names in examples/quickstart. */
const page = "/var/www/index.html";
const profile = "quickstart-small";
const url = "http://web.lxd/";

const firstMemory = "64MiB";
const secondMemory = "96MiB";

/** Tells it from an empty daemon to an empty daemon. @param beforeEnd is called while everything is there for the last time */
export async function tell(scene: Scene, table: Table, beforeEnd: () => void): Promise<void> {
  const { daemon, pulumi } = scene;
  const { client } = daemon;

  await table.step("bin/bothyd --bare, in a network namespace of its own", async () => {
    await daemon.start();
    const { value: server } = await client.getServer();
    const { server: name, server_version: version } = server.environment;
    return [`${name} ${version}, API ${server.api_version}, at ${daemon.socket}`];
  });

  await table.step("pulumi preview", async () => {
    await pulumi.init();
    const run = await pulumi.preview();
    assert.deepEqual(await client.listInstances(), [], "a preview makes nothing");
    return [`${run.steps.length} to create: ${run.steps.map(nameOf).join(", ")}`];
  });

  await table.step("pulumi up", async () => {
    const run = await pulumi.up();
    return [summary(run), ...Object.entries(await pulumi.outputs()).map(([name, value]) => `${name}: ${value}`)];
  });

  await table.step(`probe fetches ${url}`, async () => [await fetchPage(client)]);

  await table.step(`memory ${firstMemory} -> ${secondMemory}: pulumi up`, async () => {
    const before = { limit: await memoryInside(client), identity: await identity(client) };
    const run = await pulumi.up("--config", `memory=${secondMemory}`);
    const after = { limit: await memoryInside(client), identity: await identity(client) };
    assert.equal(after.identity, before.identity, "the container was not replaced");
    const wanted = (await isEnforced(client, "memory")) ? [64 << 20, 96 << 20].map(String) : [notEnforced, notEnforced];
    assert.deepEqual([before.limit, after.limit], wanted, "the limit as the container sees it");
    return [
      ...run.steps.map(updateOf),
      `the limit inside web, in bytes: ${before.limit} -> ${after.limit}`,
      `still the same web: ${after.identity}`,
    ];
  });

  await table.step("pulumi preview --expect-no-changes", async () => [
    summary(await pulumi.preview("--expect-no-changes")),
  ]);

  await table.step('drift by hand: "limits.processes" 100 -> 20', async () => {
    await client.patchProfile(profile, { config: { "limits.processes": "20" } });
    return [`PATCH /1.0/profiles/${profile}; processes inside web at most: ${await processesInside(client)}`];
  });

  await table.step("pulumi refresh", async () => {
    const run = await pulumi.refresh();
    assert.deepEqual(run.changes, { update: 1 }, "refresh finds the drift and nothing else");
    return run.steps.map(updateOf);
  });

  await table.step("pulumi up", async () => {
    const run = await pulumi.up();
    const processes = await processesInside(client);
    assert.equal(processes, (await isEnforced(client, "pids")) ? "100" : notEnforced, "the limit is back");
    return [...run.steps.map(updateOf), `processes inside web at most: ${processes}`];
  });

  await table.step(`rm ${page}, then restore the snapshot`, async () => {
    await client.deleteFile("web", page);
    const without = await client.execOutput("probe", { command: ["wget", "-q", "-O", "-", url] });
    assert.notEqual(without.code, 0, "the page is gone");
    const [snapshot] = await client.listSnapshots("web");
    assert.ok(snapshot, "web has its snapshot");
    await (await client.restoreSnapshot("web", snapshot.name)).wait();
    await client.waitInstance("web", { for: "ipv4", timeoutSeconds: 60 });
    return [`without it: ${String(without.stderr).trim()}`, `restored "${snapshot.name}": ${await fetchPage(client)}`];
  });

  beforeEnd();
}

/** Takes everything away in order. */
export async function end(scene: Scene, table: Table): Promise<void> {
  const { client } = scene.daemon;
  await table.step("pulumi destroy", async () => {
    const run = await scene.pulumi.destroy();
    const names = async (list: Promise<{ name: string }[]>) => (await list).map(({ name }) => name);
    assert.deepEqual(await names(client.listInstances()), []);
    assert.deepEqual(await names(client.listStoragePools()), []);
    assert.deepEqual(await names(client.listProfiles()), ["default"]);
    return [summary(run)];
  });

  await table.step("SIGTERM to bothyd", async () => {
    assert.equal(await scene.daemon.stop(), 0, "the daemon's exit code");
    return [];
  });
}

const words: Readonly<Record<string, string>> = { create: "created", update: "updated", delete: "deleted" };

const summary = ({ steps }: Run): string => {
  const counts = new Map<string, number>();
  for (const { op } of steps) counts.set(op, (counts.get(op) ?? 0) + 1);
  return [...counts].map(([op, count]) => `${count} ${words[op] ?? op}`).join(", ") || "no changes";
};

type Step = Run["steps"][number];

const nameOf = ({ type, urn }: Step): string => `${type.split(":").at(-1)} ${urn.split("::").at(-1)}`;

/** An updated resource with each value that is another now. */
const updateOf = (step: Step): string =>
  `${step.op} ${nameOf(step)}: ${differences(step.old?.outputs, step.new?.outputs).join(", ")}`;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function differences(before: unknown, after: unknown, path = ""): string[] {
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => differences(before[key], after[key], path === "" ? key : `${path}["${key}"]`));
  }
  return before === after ? [] : [`${path} ${JSON.stringify(before)} -> ${JSON.stringify(after)}`];
}

async function fetchPage(client: Client): Promise<string> {
  const { code, stdout, stderr } = await client.execOutput("probe", { command: ["wget", "-q", "-O", "-", url] });
  assert.equal(code, 0, `wget in probe: ${stderr}`);
  return String(stdout).trim();
}

/** In the place of a limit where the daemon of an ordinary user has no control groups. */
const notEnforced = "not enforced";

/** Whether the daemon has the controller, of which it warns otherwise. */
const isEnforced = async (client: Client, controller: string): Promise<boolean> =>
  !(await client.listWarnings()).some(({ type }) => type === `Couldn't find the CGroup ${controller} controller`);

/** Ceiling of memory as the container's own control group tells it, in bytes; v1 or v2. */
const memoryInside = (client: Client): Promise<string> =>
  readInside(client, "memory", "memory/memory.limit_in_bytes", "memory.max");

const processesInside = (client: Client): Promise<string> => readInside(client, "pids", "pids/pids.max", "pids.max");

async function readInside(client: Client, controller: string, ...files: string[]): Promise<string> {
  if (!(await isEnforced(client, controller))) return notEnforced;
  const tries = files.map((file) => `cat /sys/fs/cgroup/${file} 2>/dev/null`).join(" || ");
  const { code, stdout } = await client.execOutput("web", { command: ["sh", "-c", tries] });
  assert.equal(code, 0, `web has one of ${files.join(", ")}`);
  return String(stdout).trim();
}

/** What tells a container from one that took its place. */
async function identity(client: Client): Promise<string> {
  const { pid } = await client.getInstanceState("web");
  const { value } = await client.getInstance("web");
  return `init ${pid}, created at ${value.created_at}`;
}
