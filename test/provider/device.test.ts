/** A device that is a resource of its own beside the resource of its owner: neither plans anything about the other's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Props } from "../../provider/core/engine/values";
import { runCli } from "../cli/support/cli";
import { withDaemon } from "../support/daemon";
import { lacksContainers } from "./support/lacks";
import { Managed } from "./support/managed";
import { PluginProcess } from "./support/plugin-process";

test("owners of devices leave alone what is a resource of its own", { skip: lacksContainers() }, (t) =>
  withDaemon({ bare: false }, async ({ client, socket }) => {
    const env = { BOTHY_ENDPOINT: `unix://${socket}` };
    await using plugin = await PluginProcess.start({ env });
    const owners: readonly [of: "instance" | "profile", kind: string, given: Props][] = [
      [
        "instance",
        "container",
        { name: "web", image: "template:busybox", running: false, devices: { a: { type: "none" } } },
      ],
      ["profile", "profile", { name: "base", devices: { a: { type: "none" } } }],
    ];
    const devicesOf = async (of: string) =>
      (of === "instance" ? await client.getInstance("web") : await client.getProfile("base")).value.devices;
    for (const [of, kind, given] of owners)
      await t.test(`a ${kind}`, async () => {
        const owner = new Managed(plugin, kind);
        await owner.up(given);
        const own = { [of]: given.name, name: "data", type: "disk", properties: { source: "/srv", path: "/srv" } };
        const device = new Managed(plugin, "device");
        assert.equal(await device.up(own), "create");
        assert.equal(device.id, `${of}/${given.name}/data`);
        const { stdout } = await runCli(["list", "--stack", "dev", "--format", "json"], { env });
        const listed = (JSON.parse(stdout) as { kind: string; name: string }[]).map((one) => `${one.kind} ${one.name}`);
        assert.deepEqual(listed.sort(), [`${kind} ${given.name}`, `device ${given.name}/data`].sort());
        assert.ok(await owner.refresh());
        assert.deepEqual(owner.outs.devices, { a: { type: "none" } });
        assert.equal(await owner.up(given), "same", "the owner's program says nothing of it");
        const changed = { ...given, description: "two", devices: { b: { type: "none" } } };
        assert.equal(await owner.up(changed), "update");
        assert.deepEqual(Object.keys(await devicesOf(of)).sort(), ["b", "data"], "and an update does not take it away");
        assert.ok(await device.refresh());
        assert.equal(await device.up(own), "same");
        const imported = new Managed(plugin, kind);
        await imported.import(String(given.name));
        assert.deepEqual(imported.outs.devices, { b: { type: "none" } });

        await assert.rejects(
          new Managed(plugin, "device").up({ ...own, name: "b" }),
          /name: The device "b" of \w+ "\w+" already exists\. .*"adopt: true"/,
        );
        const adopted = new Managed(plugin, "device");
        assert.equal(await adopted.up({ [of]: given.name, name: "b", type: "none", adopt: true }), "create");
        await adopted.destroy();
        assert.deepEqual(Object.keys(await devicesOf(of)), ["data"]);

        const both = { ...changed, devices: { data: { type: "none" } } };
        assert.equal(await owner.up(both), "update", "what the owner's program names is the owner's");
        await device.destroy();
        assert.deepEqual(await devicesOf(of), { data: { type: "none" } }, "and stays when the resource goes");
        await owner.destroy();
      });
  }),
);
