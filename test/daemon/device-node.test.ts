/** Devices unix-char and unix-block: device nodes of the host in a container, at a start and while it runs. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import test, { after } from "node:test";
import type { Config, Device, Devices } from "../../sdk/api/common";
import { ApiError } from "../../sdk/api/errors";
import type { TestDaemon } from "../support/daemon";
import { requireFeature } from "../support/require";
import { clearedAfterEach, shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0);
const shared = shareDaemon({ bare: false }, async () => undefined);
clearedAfterEach(shared);

/** A node of this test's own on the host. 10:237 controls loop devices: every host has it, and no container may open it unasked. */
const hostNode = `/dev/bothy-test-${process.pid}`;
const makeHostNode = () => execFileSync("mknod", [hostNode, "c", "10", "237"]);
const dropHostNode = () => rmSync(hostNode, { force: true });
after(dropHostNode);

const loop: Device = { type: "unix-char", source: "/dev/loop-control", path: "/dev/loops" };

async function create({ client }: TestDaemon, devices: Devices, config: Config = {}): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name: "box", source, devices, config })).wait();
}

const setState = async ({ client }: TestDaemon, action: "start" | "stop" | "restart") =>
  (await client.setInstanceState("box", { action, force: action !== "start" })).wait();

async function setDevices({ client }: TestDaemon, devices: Devices): Promise<void> {
  const { value } = await client.getInstance("box");
  await (await client.updateInstance("box", { ...value, devices })).wait();
}

async function inside({ client }: TestDaemon, command: string): Promise<string> {
  const { stdout } = await client.execOutput("box", { command: ["sh", "-c", `{ ${command}; } 2>&1`] });
  return String(stdout).trim();
}

const look = (daemon: TestDaemon, place: string) =>
  inside(daemon, `stat -c '%F %t:%T %a %u:%g' ${place}; : <${place} && echo opened`);

test("a container has the node from its start on, with owner and mode, and can open it", { skip }, async () => {
  const { daemon } = shared;
  await create(daemon, {
    ctl: { ...loop, uid: "1000", gid: "20", mode: "0604" },
    ram: { type: "unix-block", path: "/srv/disk", major: "7", minor: "250" },
  });
  await setState(daemon, "start");
  assert.equal(await look(daemon, "/dev/loops"), "character special file a:ed 604 1000:20\nopened");
  assert.match(await look(daemon, "/srv/disk"), /^block special file 7:fa 660 0:0/);
  const { value } = await daemon.client.getInstance("box");
  assert.equal(value.config["volatile.ctl.node"], "c 10:237");
  await setState(daemon, "restart");
  assert.equal(await look(daemon, "/dev/loops"), "character special file a:ed 604 1000:20\nopened");
  await setState(daemon, "stop");
  assert.equal((await daemon.client.getInstance("box")).value.config["volatile.ctl.node"], undefined);
});

for (const [kind, config] of [
  ["an unprivileged", {}],
  ["a privileged", { "security.privileged": "true" }],
  ["a nesting", { "security.nesting": "true" }],
] as const)
  test(`${kind} container that runs gets a node, changes it, and loses it with the right to open one`, {
    skip,
  }, async () => {
    const { daemon } = shared;
    await create(daemon, {}, config);
    await setState(daemon, "start");
    await setDevices(daemon, { ctl: loop });
    assert.match(await look(daemon, "/dev/loops"), /660 0:0\nopened$/);
    await setDevices(daemon, { ctl: { ...loop, mode: "0666", path: "/dev/other" } });
    assert.match(await look(daemon, "/dev/other"), /666 0:0\nopened$/);
    assert.match(await inside(daemon, "ls /dev/loops"), /No such file/);
    await setDevices(daemon, {});
    assert.match(await inside(daemon, "ls /dev/other"), /No such file/);
    if (kind === "a privileged")
      assert.match(await inside(daemon, "mknod /dev/own c 10 237; : </dev/own && echo opened"), /not permitted/);
    assert.equal((await daemon.client.getInstance("box")).value.config["volatile.ctl.node"], undefined);
  });

test("two devices of one node: the right to open it goes with the last", { skip }, async () => {
  const { daemon } = shared;
  await create(daemon, { one: loop, two: { ...loop, path: "/dev/second" } });
  await setState(daemon, "start");
  await setDevices(daemon, { two: { ...loop, path: "/dev/second" } });
  assert.match(await look(daemon, "/dev/second"), /opened$/);
});

test("a device that need not be there comes to a running container with the host's node, and goes with it", {
  skip,
}, async () => {
  dropHostNode();
  const { daemon } = shared;
  const awaited: Device = { type: "unix-char", source: hostNode, path: "/dev/awaited", required: "false" };
  await create(daemon, { awaited });
  await setState(daemon, "start");
  const isThere = () => inside(daemon, "test -e /dev/awaited && echo there");
  assert.equal(await isThere(), "");
  const { value, etag } = await daemon.client.getInstance("box");
  makeHostNode();
  await until(async () => (await isThere()) === "there");
  // Nobody else has changed the instance.
  await (await daemon.client.updateInstance("box", { ...value, description: "seen" }, { etag: String(etag) })).wait();
  assert.equal(await isThere(), "there");
  assert.match(await look(daemon, "/dev/awaited"), /opened$/);
  dropHostNode();
  await until(async () => (await isThere()) === "");
  // A change of this instance waits until that is written down.
  await daemon.client.patchInstance("box", { description: "seen" });

  // The next daemon watches as well, and sees what came while none was there.
  await daemon.kill();
  makeHostNode();
  await daemon.start();
  await until(async () => (await isThere()) === "there");

  // A daemon that is killed between a device and its note leaves a note that is not true.
  const { pid } = await daemon.client.getInstanceState("box");
  await daemon.kill();
  execFileSync("nsenter", ["--target", String(pid), "--mount", "sh", "-c", "umount /dev/awaited; rm -f /dev/awaited"]);
  await daemon.start();
  await until(async () => (await isThere()) === "there");
  dropHostNode();
  await until(async () => (await isThere()) === "");
});

test("a device that must be there is stored without it, and refused at a start and by a running container, with its name", {
  skip,
}, async () => {
  dropHostNode();
  const { daemon } = shared;
  const lost: Device = { type: "unix-char", source: hostNode };
  await create(daemon, { lost });
  await assert.rejects(setState(daemon, "start"), /Failed start validation for device "lost".*path doesn't exist/);
  assert.equal((await daemon.client.getInstance("box")).value.status, "Stopped");
  await setDevices(daemon, { lost: { type: "unix-block", source: "/dev/null" } });
  await assert.rejects(setState(daemon, "start"), /device "lost".*Path specified is not a block device/);
  await setDevices(daemon, {});
  await setState(daemon, "start");
  await assert.rejects(setDevices(daemon, { lost }), /device "lost".*path doesn't exist/);
  assert.deepEqual((await daemon.client.getInstance("box")).value.devices, {});
  // One number of its own, the other the host's; a path without its first slash.
  await setDevices(daemon, { one: { type: "unix-char", source: "/dev/../dev/null", path: "dev/one", minor: "7" } });
  assert.match(await look(daemon, "/dev/one"), /^character special file 1:7 /);
});

test("options that cannot be are refused, and nothing is made", { skip }, async () => {
  const { daemon } = shared;
  const wrong: [Device, RegExp][] = [
    [{ type: "unix-char" }, /missing the required "source" or "path"/],
    [{ type: "unix-char", source: "/etc/passwd" }, /below "\/dev"/],
    [{ type: "unix-char", source: "/dev/../etc/passwd" }, /below "\/dev"/],
    [{ type: "unix-char", path: "/dev/x", major: "4096", minor: "1" }, /from 0 to 4095/],
    [{ type: "unix-char", source: "/dev/null", mode: "rw" }, /octal/],
    [{ type: "unix-char", source: "/dev/null", uid: "-1" }, /whole number/],
    [{ type: "unix-char", source: "/dev/null", path: "/" }, /path of a file/],
    [{ type: "unix-char", source: "/dev/null", required: "perhaps" }, /true or false/],
  ];
  for (const [device, message] of wrong)
    await assert.rejects(create(daemon, { d: device }), (error) => {
      assert.ok(ApiError.is(error) && error.code === "BAD_REQUEST", String(error));
      assert.match(error.message, message);
      return true;
    });
  const twice = { one: loop, data: { type: "disk", source: "/usr/share", path: "/dev/loops" } };
  await assert.rejects(create(daemon, twice), /has the path "\/dev\/loops" too/);
  assert.deepEqual(await daemon.client.listInstances(), []);
});
