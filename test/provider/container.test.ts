import assert from "node:assert/strict";
import { test } from "node:test";
import { configToWrite, userConfig } from "../../provider/core/engine/config";
import { addressOuts } from "../../provider/core/kinds/container/addresses";
import { withDaemon } from "../support/daemon";
import { DynamicProcess } from "./support/dynamic-process";
import { lacksContainers } from "./support/lacks";
import { Managed } from "./support/managed";

test("what a program says of a container is what the container is", { skip: lacksContainers() }, (t) =>
  withDaemon({ bare: false }, async ({ client, socket }) => {
    await using provider = await DynamicProcess.start({ env: { BOTHY_ENDPOINT: `unix://${socket}` } });
    const run = async (name: string, ...command: string[]) =>
      String((await client.execOutput(name, { command })).stdout).trim();
    const image = "template:busybox";

    await t.test("running: false makes a stopped one, and moves it both ways later", async () => {
      const web = new Managed(provider, "container");
      const inputs = { name: "web", image, running: false };
      await web.up(inputs);
      assert.equal(web.outs.status, "Stopped");
      assert.equal(await web.up({ ...inputs, running: true }), "update");
      assert.equal(web.outs.status, "Running");
      assert.equal(await web.up(inputs), "update");
      assert.equal(web.outs.status, "Stopped");
      assert.equal(await web.up(inputs), "same");
      await web.destroy();
    });

    await t.test("one that somebody froze runs again after a refresh and an up", async () => {
      const web = new Managed(provider, "container");
      await web.up({ name: "web", image });
      await (await client.setInstanceState("web", { action: "freeze" })).wait();
      await web.refresh();
      assert.equal(web.outs.status, "Frozen");
      assert.equal(await web.up({ name: "web", image }), "update");
      assert.equal(web.outs.status, "Running");
      await (await client.setInstanceState("web", { action: "freeze" })).wait();
      await web.destroy();
    });

    await t.test("an ephemeral one is destroyed by the stop itself", async () => {
      const web = new Managed(provider, "container");
      await web.up({ name: "web", image, ephemeral: true, wait: { for: "nothing" } });
      assert.equal((await client.getInstance("web")).value.ephemeral, true);
      await web.destroy();
      assert.deepEqual(await client.listInstances(), []);
    });

    await t.test("no profiles means none, and a container without a nic waits for no address", async () => {
      const web = new Managed(provider, "container");
      const devices = { root: { type: "disk", path: "/", pool: "default" } };
      await web.up({ name: "web", image, profiles: [], devices });
      const { value } = await client.getInstance("web");
      assert.deepEqual([value.profiles, value.devices], [[], devices]);
      assert.equal(web.outs.ipv4Address, undefined);
      await web.destroy();
    });

    await t.test("files get mode and owner, follow the program, and show when somebody changes them", async () => {
      const web = new Managed(provider, "container");
      const inputs = (files: object) => ({ name: "web", image, files });
      await web.up(
        inputs({ "/srv/a": { content: "one\n", mode: "0600", uid: 1, gid: 1 }, "/srv/deep/b": { content: "two\n" } }),
      );
      assert.equal(await run("web", "stat", "-c", "%a %u %g", "/srv/a"), "600 1 1");
      assert.equal(await run("web", "cat", "/srv/a", "/srv/deep/b"), "one\ntwo");

      const changed = inputs({ "/srv/a": { content: "one\n", mode: "0755" } });
      assert.equal(await web.up(changed), "update");
      assert.equal(await run("web", "stat", "-c", "%a %u %g", "/srv/a"), "755 0 0");
      assert.equal(await run("web", "ls", "/srv/deep"), "", "a file that was taken out is deleted");

      await run("web", "sh", "-c", "echo other >/srv/a");
      await web.refresh();
      assert.equal(await web.up(changed), "update");
      assert.equal(await run("web", "cat", "/srv/a"), "one");
      await run("web", "rm", "/srv/a");
      await web.refresh();
      assert.equal(await web.up(changed), "update");
      await web.refresh();
      assert.equal(await web.up(changed), "same");
      await web.destroy();
    });

    await t.test("a wait for a command ends when the command succeeds", async () => {
      const web = new Managed(provider, "container");
      const script = "#!/bin/sh\n(sleep 1; touch /ready) &\n";
      const files = { "/etc/rc.local": { mode: "0755", content: script } };
      await web.up({ name: "web", image, files, wait: { for: "command", command: ["test", "-e", "/ready"] } });
      assert.equal(await run("web", "ls", "/ready"), "/ready");
      await web.destroy();
    });

    await t.test("a source is copied: the container as it is, or as its snapshot was", async () => {
      const base = new Managed(provider, "container");
      await base.up({ name: "base", image, files: { "/srv/a": { content: "before" } } });
      const before = new Managed(provider, "snapshot");
      await before.up({ instance: "base", name: "before" });
      await run("base", "sh", "-c", "printf after >/srv/a");
      const copies = { now: { instance: "base" }, earlier: { instance: "base", snapshot: "before" } };
      for (const [name, source] of Object.entries(copies)) {
        const copy = new Managed(provider, "container");
        await copy.up({ name, source });
        assert.equal(await run(name, "cat", "/srv/a"), name === "now" ? "after" : "before");
        await copy.destroy();
      }
      await before.destroy();
      await base.destroy();
    });

    await t.test("config reaches a running container, and the server's own keys are kept", async () => {
      const web = new Managed(provider, "container");
      await web.up({ name: "web", image, config: { "user.a": "1" } });
      const { value: before } = await client.getInstance("web");
      assert.ok(Object.keys(before.config).some((key) => key.startsWith("volatile.")));
      await web.up({ name: "web", image, config: { "user.b": "2", "environment.COLOUR": "red" } });
      assert.equal(await run("web", "sh", "-c", "echo $COLOUR"), "red");
      const { value: after } = await client.getInstance("web");
      const volatile = (config: Record<string, string>) =>
        Object.keys(config).filter((key) => /^(volatile|image)\./.test(key));
      assert.deepEqual(volatile(after.config), volatile(before.config));
      assert.equal(after.config["user.a"], undefined);
      await web.destroy();
    });
  }),
);

const network = (name: string, ...ipv4: string[]) => ({
  [name]: {
    type: "broadcast",
    state: "up",
    mtu: 1500,
    hwaddr: `00:16:3e:00:00:0${ipv4.length}`,
    host_name: "",
    counters: {} as never,
    addresses: ipv4.map((address) => ({ family: "inet", address, netmask: "24", scope: "global" })),
  },
});

test("the address of a container is that of its own nic, not of a bridge made inside", () => {
  const seen = {
    ...network("cni0", "10.42.0.1"),
    ...network("eth0", "10.1.0.5", "10.1.0.6"),
    ...network("eth1", "10.2.0.5"),
  };
  const devices = { eth0: { type: "nic" }, second: { type: "nic", name: "eth1" } };
  const outs = addressOuts(seen, devices, {});
  assert.equal(outs.ipv4Address, "10.1.0.5");
  assert.deepEqual(outs.ipv4Addresses, ["10.1.0.5", "10.1.0.6", "10.2.0.5", "10.42.0.1"]);
  assert.equal(addressOuts(seen, devices, { "user.access_interface": "eth1" }).ipv4Address, "10.2.0.5");
  assert.equal(addressOuts(null, devices, {}).ipv4Address, undefined);
});

test("keys that the server fills in are no drift, are kept in a write, and count once the user sets them", () => {
  const computed = ["volatile.*", "ipv4.address", "ipv4.nat"];
  const live = {
    "ipv4.address": "10.7.0.1/24",
    "ipv4.nat": "true",
    "volatile.x": "1",
    "user.a": "1",
    "user.empty": "",
  };
  assert.deepEqual(userConfig(live, {}, computed), { "user.a": "1" });
  assert.deepEqual(userConfig(live, { "ipv4.nat": "false" }, computed), { "ipv4.nat": "true", "user.a": "1" });
  assert.deepEqual(userConfig(live, { "ipv4.address": "auto", "user.gone": "" }, computed), {
    "ipv4.address": "auto",
    "user.a": "1",
    "user.gone": "",
  });
  assert.deepEqual(configToWrite(live, { "ipv4.address": "auto", "user.b": "2" }, { "ipv4.nat": "true" }, computed), {
    "ipv4.address": "10.7.0.1/24",
    "volatile.x": "1",
    "user.b": "2",
  });
});
