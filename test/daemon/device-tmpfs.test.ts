/** Disks with the source "tmpfs:": file systems in memory. */
import assert from "node:assert/strict";
import test from "node:test";
import type { Device, Devices } from "../../sdk/api/common";
import type { TestDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { clearedAfterEach, shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0);
const shared = shareDaemon({ bare: false }, async () => undefined);
clearedAfterEach(shared);
const fast: Device = { type: "disk", source: "tmpfs:", path: "/srv/fast", size: "2MiB" };

async function create({ client }: TestDaemon, devices: Devices): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name: "box", source, devices, config: { "limits.memory": "64MiB" } })).wait();
}

async function setDevices({ client }: TestDaemon, devices: Devices): Promise<void> {
  const { value } = await client.getInstance("box");
  await (await client.updateInstance("box", { ...value, devices })).wait();
}

async function inside({ client }: TestDaemon, command: string): Promise<string> {
  const { stdout } = await client.execOutput("box", { command: ["sh", "-c", `{ ${command}; } 2>&1`] });
  return String(stdout).trim();
}

test("a container has it from its start on, of the size that was asked for, and empty at each start", {
  skip,
}, async () => {
  const { daemon } = shared;
  await create(daemon, { fast, folder: { type: "disk", source: "/usr/share", path: "/srv/fast/share" } });
  await (await daemon.client.setInstanceState("box", { action: "start" })).wait();
  assert.equal(await inside(daemon, "df -k /srv/fast | awk 'END { print $1, $2 }'"), "tmpfs 2048");
  assert.match(await inside(daemon, "dd if=/dev/zero of=/srv/fast/a bs=1M count=3"), /No space left/);
  assert.match(await inside(daemon, "ls -d /srv/fast/share/doc"), /doc$/);
  await (await daemon.client.setInstanceState("box", { action: "restart", force: true })).wait();
  assert.equal(await inside(daemon, "ls /srv/fast"), "share");
});

test("a running container gets it, changes it, and loses it", { skip }, async () => {
  const { daemon } = shared;
  await create(daemon, {});
  await (await daemon.client.setInstanceState("box", { action: "start" })).wait();
  await setDevices(daemon, { fast });
  assert.equal(await inside(daemon, "df -k /srv/fast | awk 'END { print $2 }'"), "2048");
  assert.match(await inside(daemon, "mknod /srv/fast/null c 1 3"), /not permitted/);
  await setDevices(daemon, { fast: { ...fast, size: "1MiB", readonly: "true" } });
  assert.equal(await inside(daemon, "df -k /srv/fast | awk 'END { print $2 }'"), "1024");
  assert.match(await inside(daemon, "touch /srv/fast/a"), /Read-only/);
  await setDevices(daemon, {});
  assert.equal(await inside(daemon, "grep -c /srv/fast /proc/mounts"), "0");
});

test("options that a file system in memory has not are refused", { skip }, async () => {
  const { daemon } = shared;
  const wrong: [Device, RegExp][] = [
    [{ ...fast, size: "much" }, /size: it must be a size/],
    [{ ...fast, shift: "true" }, /has no "shift"/],
    [{ ...fast, recursive: "true" }, /has no "recursive"/],
    [{ type: "disk", source: "/usr/share", path: "/srv", size: "1MiB" }, /Only the root disk may have a size quota/],
    [{ ...fast, source: "tmpfs" }, /absolute path/],
    [{ ...fast, path: "/" }, /the root disk/],
  ];
  for (const [device, message] of wrong) await assert.rejects(create(daemon, { fast: device }), message);
});
