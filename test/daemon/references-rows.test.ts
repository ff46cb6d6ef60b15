/** References as rows: whoever writes an object says what it refers to, and a start puts right what is not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { change } from "../support/database";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);

const nic = (network: string) => ({ type: "nic", network });

async function usersOf({ client }: TestDaemon) {
  const networks = await client.listNetworks();
  const used = (name: string) => networks.find((network) => network.name === name)?.used_by ?? [];
  return { a: used("neta"), b: used("netb"), profile: (await client.getProfile("wired")).value.used_by };
}

async function prepare({ client }: TestDaemon): Promise<void> {
  for (const name of ["neta", "netb"])
    await client.createNetwork({ name, config: { "ipv4.address": "none", "ipv6.address": "none" } });
  await client.createProfile({ name: "wired", config: {}, devices: { eth0: nic("neta") } });
  const make = (name: string, devices = {}) =>
    client.createInstance({ name, source: { type: "none" }, profiles: ["default", "wired"], devices });
  await (await make("plain")).wait();
  await (await make("other", { eth0: nic("netb") })).wait();
}

test("a changed profile, device or name changes who uses what, at once", { skip }, () =>
  withDaemon({}, async (daemon) => {
    const { client } = daemon;
    await preparePool(daemon, "dir");
    await prepare(daemon);
    const both = ["/1.0/instances/other", "/1.0/instances/plain"];
    assert.deepEqual(await usersOf(daemon), {
      a: ["/1.0/instances/plain", "/1.0/profiles/wired"],
      b: ["/1.0/instances/other"],
      profile: both,
    });
    await client.updateProfile("wired", { description: "", config: {}, devices: { eth0: nic("netb") } });
    assert.deepEqual(await usersOf(daemon), { a: [], b: [...both, "/1.0/profiles/wired"], profile: both });
    await client.deleteNetwork("neta");
    await assert.rejects(client.deleteNetwork("netb"), /currently in use/);
    await (await client.renameInstance("plain", "fine")).wait();
    assert.deepEqual((await usersOf(daemon)).profile, ["/1.0/instances/fine", "/1.0/instances/other"]);
    await (await client.deleteInstance("fine")).wait();
    await client.renameProfile("wired", "cabled");
    assert.deepEqual((await client.getProfile("cabled")).value.used_by, ["/1.0/instances/other"]);
    await client.patchInstance("other", { devices: { eth0: { type: "none" } } });
    await assert.rejects(client.deleteProfile("cabled"), /currently in use/);
    const { value } = await client.getNetwork("netb");
    assert.deepEqual(value.used_by, ["/1.0/profiles/cabled"]);
  }),
);

test("rows that are lost or say too much are put right by the next start", { skip }, () =>
  withDaemon({}, async (daemon) => {
    await preparePool(daemon, "dir");
    await prepare(daemon);
    const before = await usersOf(daemon);
    await daemon.stop();
    const add = (owner: string, target: string) =>
      change(daemon, `INSERT INTO object_references VALUES ('${owner}', 'default', '', 'gone', ${target})`);
    change(daemon, "DELETE FROM object_references WHERE target_kind = 'network'");
    add("profile", "'profile', 'default', '', 'wired'");
    add("instance", "'network', 'default', '', 'neta'");
    await daemon.start();
    assert.deepEqual(await usersOf(daemon), before);
  }),
);
