/** Nics in a VLAN of their parent: the interface that they stand on is made for the first and goes with the last. */
import assert from "node:assert/strict";
import test from "node:test";
import { needs } from "../support/needs";
import { clearedAfterEach } from "../support/shared-daemon";
import { inside, launch, leavesNothing, networkScene, reaches, setDevices, stop } from "./scene";

const skip = needs("root", "vlan");

const scene = networkScene(["par0"], async ({ shared: { client }, outside }) => {
  await outside.cable("par0", "out0", "198.51.100.1/24");
  if (skip !== false) return;
  await outside.run("ip", "link", "add", "link", "out0", "name", "out0.10", "type", "vlan", "id", "10");
  await outside.run("ip", "address", "add", "192.0.2.1/24", "dev", "out0.10");
  await outside.run("ip", "link", "set", "dev", "out0.10", "up");
  await client.createNetwork({ name: "mv10", type: "macvlan", config: { parent: "par0", vlan: "10", gvrp: "true" } });
});
const { shared } = scene;
clearedAfterEach(shared);

const tagged = { type: "nic", nictype: "macvlan", name: "lan0", parent: "par0", vlan: "10", gvrp: "true" };
const hasVlan = async () => /par0\.10@/.test(await shared.daemon.run("ip", "-o", "link"));

test("a macvlan nic hears its VLAN, whose interface goes with the last one", { skip }, async () => {
  await leavesNothing(shared, async () => {
    await launch(shared, "one", { eth0: tagged });
    await launch(shared, "two", { eth0: { type: "nic", network: "mv10", name: "lan0" } });
    await inside(shared, "one", "ip address add 192.0.2.21/24 dev lan0");
    await inside(shared, "two", "ip address add 192.0.2.22/24 dev lan0");
    assert.ok(await reaches(shared, "one", "192.0.2.1"));
    assert.ok(await reaches(shared, "two", "192.0.2.21"));
    assert.match(await shared.daemon.run("ip", "-d", "link", "show", "dev", "par0.10"), /vlan .*id 10 .*GVRP/);
    const { vlan } = (await shared.send("GET", "/1.0/networks/par0.10/state")).json.metadata as { vlan: unknown };
    assert.deepEqual(vlan, { lower_device: "par0", vid: 10 });
    await stop(shared, "one");
    assert.ok(await hasVlan(), "another stands on it");
    await shared.daemon.kill();
    await shared.daemon.start();
    await setDevices(shared, "two", {});
    assert.ok(!(await hasVlan()));
  });
});

test("the interface of a VLAN that was there stays, and a physical nic is it", { skip }, async () => {
  await shared.daemon.run("ip", "link", "add", "link", "par0", "name", "par0.10", "type", "vlan", "id", "10");
  await launch(shared, "one", { eth0: { ...tagged, nictype: "physical", gvrp: "false" } });
  await inside(shared, "one", "ip address add 192.0.2.21/24 dev lan0");
  assert.ok(await reaches(shared, "one", "192.0.2.1"));
  await stop(shared, "one");
  assert.ok(await hasVlan());
  await shared.daemon.run("ip", "link", "del", "dev", "par0.10");
  await launch(shared, "two", { eth0: { ...tagged, nictype: "physical" } });
  await stop(shared, "two");
  assert.ok(!(await hasVlan()), "one that was made for it goes");
});
