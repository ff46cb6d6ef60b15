/** Control groups of containers, seen from the host and from inside. */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import path from "node:path";
import test from "node:test";
import { hierarchies, readCgroupLayout } from "../../daemon/host/cgroups";
import { preparePool, type TestDaemon, withDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";

const skip = requireFeature("root", process.getuid?.() === 0);
const image = { type: "image", alias: "template:busybox" };
const layout = readCgroupLayout();

async function launch({ client }: TestDaemon, name: string, config: Record<string, string> = {}): Promise<void> {
  await (await client.createInstance({ name, source: image, config })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
}

test("a container's root can pass the daemon's groups, whatever umask the daemon has", { skip }, async () => {
  await withDaemon({}, async (daemon) => {
    await preparePool(daemon, "dir");
    await launch(daemon, "web");
    for (const mountPoint of hierarchies(layout))
      assert.equal(statSync(path.join(mountPoint, daemon.place.group)).mode & 0o777, 0o755, mountPoint);
  });
});
