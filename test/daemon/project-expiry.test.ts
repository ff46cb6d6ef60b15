/** Projects that expire: they go with all that is in them, whoever has forgotten them. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Client } from "../../sdk/index";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const shared = shareDaemon({}, (daemon) => preparePool(daemon, "overlay"));

const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

/** A project with a running container that has a volume, in a network of its own. */
async function fill(name: string, expiry: string): Promise<void> {
  const { client, daemon } = shared;
  const config = { "features.images": "false", "expiry.at": expiry, "expiry.networks": `${name}br, nosuch` };
  await client.createProject({ name, config });
  await client.createNetwork({ name: `${name}br`, type: "bridge", config: { "ipv6.address": "none" } });
  await using inside = new Client({ endpoint: daemon.socket, project: name });
  await inside.createStorageVolume("default", { name: "data" });
  const devices = {
    root: { type: "disk", path: "/", pool: "default" },
    eth0: { type: "nic", network: `${name}br` },
    data: { type: "disk", pool: "default", source: "data", path: "/data" },
  };
  const source = { type: "image", alias: "template:busybox" };
  await (await inside.createInstance({ name: "web", source, devices, start: true })).wait();
  await (await inside.createSnapshot("web", { name: "s1" })).wait();
}

const isGone = async (name: string) => {
  const { client } = shared;
  const [projects, networks] = await Promise.all([client.listProjects(), client.listNetworks()]);
  return !projects.some((one) => one.name === name) && !networks.some((one) => one.name === `${name}br`);
};

test("a project goes when its time is over, with containers that run, volumes and its networks", async () => {
  await fill("soon", inMs(600_000));
  await shared.client.patchProject("soon", { config: { "expiry.at": inMs(200) } });
  await until(() => isGone("soon"));
  // An image is the default project's here, and stays.
  assert.equal((await shared.client.listImages()).length, 1);
  assert.deepEqual((await shared.client.listInstances()).length, 0);
  for (const folder of ["containers", "containers-snapshots", "custom"])
    assert.deepEqual(readdirSync(path.join(shared.daemon.dir, "storage-pools/default", folder)), [], folder);
});

test("a time that is moved on counts, and one that was over while no daemon ran counts at the next start", async () => {
  const { client, daemon } = shared;
  await fill("kept", inMs(600_000));
  await client.patchProject("kept", { config: { "expiry.at": inMs(3000) } });
  await client.patchProject("kept", { config: { "expiry.at": inMs(3_600_000) } });
  await new Promise((resolve) => setTimeout(resolve, 3200));
  assert.ok(!(await isGone("kept")), "it got more time");
  await client.patchProject("kept", { config: { "expiry.at": inMs(500) } });
  await daemon.kill();
  await new Promise((resolve) => setTimeout(resolve, 600));
  await daemon.start();
  await until(() => isGone("kept"));
});

test("what is protected keeps its project, and a network that others use keeps it too", async () => {
  const { client, daemon } = shared;
  await client.createNetwork({
    name: "usedbr",
    type: "bridge",
    config: { "ipv4.address": "none", "ipv6.address": "none" },
  });
  await client.createProfile({ name: "user", devices: { eth0: { type: "nic", network: "usedbr" } } });
  await client.createProject({ name: "used", config: { "expiry.at": inMs(-1000), "expiry.networks": "usedbr" } });
  await until(async () => /Cannot delete an expired project.*used/.test(daemon.log()));
  assert.deepEqual((await client.getProject("used")).value.config["expiry.networks"], "usedbr");
  await client.deleteProfile("user");
  await client.deleteProject("used");
  await client.deleteNetwork("usedbr");
});

test("the default project never expires, and a time without a zone is none", async () => {
  const { client } = shared;
  const { config } = (await client.getProject("default")).value;
  const url = "/1.0/projects/default";
  await shared.refusesAtOnce(
    "PUT",
    url,
    { config: { ...config, "expiry.at": inMs(1000) } },
    400,
    /the default project is always there/,
  );
  await shared.refusesAtOnce(
    "POST",
    "/1.0/projects",
    { name: "odd", config: { "expiry.at": "2030-01-31T12:00:00" } },
    400,
    /"expiry.at".*must be a time such as/,
  );
});
