/** Virtual machines: a container's resource makes one where the server has them. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { withDaemon } from "../support/daemon";
import { lacksContainers } from "./support/lacks";
import { startMachineServer } from "./support/machine-server";
import { Managed } from "./support/managed";
import { PluginProcess } from "./support/plugin-process";

test("a virtual machine is made, stays the same, and is no container any more", { skip: lacksContainers() }, () =>
  withDaemon({ bare: false }, async (daemon) => {
    const socket = path.join(daemon.dir, "machines.socket");
    await using machines = await startMachineServer(socket, daemon.socket);
    await using plugin = await PluginProcess.start({ config: { endpoint: `unix://${socket}` } });
    const source = { type: "none" };
    await (await daemon.client.createInstance({ name: "base", source })).wait();
    const given = { name: "vm", type: "virtual-machine", source: { instance: "base" }, running: false };
    const resource = new Managed(plugin, "container");
    assert.equal(await resource.up(given), "create");
    assert.equal(machines.asked[0]?.type, "virtual-machine");
    assert.equal(resource.outs.type, "virtual-machine");
    assert.equal(await resource.up(given), "same");
    assert.ok(await resource.refresh());
    assert.equal(await resource.up(given), "same", "after a refresh");
    const imported = new Managed(plugin, "container");
    await imported.import("vm");
    assert.equal(imported.outs.type, "virtual-machine");
    const news = await plugin.checked("container", { ...given, type: "container" });
    assert.equal(news.type, undefined, "as where nobody says it");
    assert.deepEqual((await plugin.diff("container", resource.id, resource.outs, news)).replaces, ["type"]);
    await resource.destroy();
  }),
);
