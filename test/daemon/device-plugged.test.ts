/**
 * Devices gpu, usb and unix-hotplug with hardware: the daemon runs in a mount namespace in which the folders of /sys and /dev that tell of it are others,
 * with USB devices and cards that come and go. Their nodes are harmless ones of this machine: 10:237 controls loop devices, and no container may open it unasked.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, rmSync } from "node:fs";
import path from "node:path";
import test, { after } from "node:test";
import type { Config, Devices } from "../../sdk/api/common";
import { type TestDaemon, withDaemon } from "../support/daemon";
import { Hardware } from "../support/hardware";
import { requireFeature } from "../support/require";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0);

const program = path.resolve(
  __dirname,
  "../..",
  process.env.BOTHY_TEST_BUNDLE === "1" ? "bundle/bothyd/start.js" : "daemon/main.js",
);

/** What is mounted over must be there: folders that this host has not are made, and go again. */
const places = ["/dev/bus", "/dev/bus/usb", "/dev/dri"];
const made = places.filter((folder) => !existsSync(folder));
after(() => {
  for (const folder of made.toReversed()) if (existsSync(folder)) rmdirSync(folder);
});

/** Runs the daemon where the hardware is. Interfaces stay those of this machine. */
function commandIn(host: Hardware): string[] {
  for (const folder of places) mkdirSync(folder, { recursive: true });
  host.folder("whole");
  host.folder("sys/class/net");
  host.folder("sys/class/drm");
  host.folder("sys/dev/char");
  host.folder("sys/bus/usb/devices");
  host.folder("dev/bus/usb");
  host.folder("dev/dri");
  const script = [
    // The kernel makes an unprivileged container a /sys only where one is seen that nothing lies over (docs/kernel.md).
    'mount --bind /sys "$1/whole"',
    'mount --rbind /sys/class/net "$1/sys/class/net"',
    ...["sys/class", "sys/bus", "sys/dev/char", "dev/bus/usb", "dev/dri"].map(
      (at) => `mount --rbind "$1/${at}" /${at}`,
    ),
    'shift; exec "$@"',
  ].join(" && ");
  const node = [process.execPath, "--disable-warning=ExperimentalWarning", program];
  return ["unshare", "--mount", "--", "sh", "-c", script, "sh", host.root, ...node];
}

const mknod = (host: Hardware, at: string, minor: number) => {
  host.folder(path.dirname(at));
  execFileSync("mknod", [host.at(at), "c", "10", String(minor)]);
};

/** The kernel tells of a device in /sys first, and its node comes last. */
function plug(host: Hardware, name: string, ids: readonly [string, string], number: number, minor = 237): void {
  host.usb(name, ids, ["1", String(number)], `10:${minor}`);
  mknod(host, `dev/bus/usb/001/00${number}`, minor);
}

function unplug(host: Hardware, name: string, number: number): void {
  rmSync(host.at(`dev/bus/usb/001/00${number}`));
  host.unplug(name);
}

async function inside({ client }: TestDaemon, command: string): Promise<string> {
  const { stdout } = await client.execOutput("box", { command: ["sh", "-c", `{ ${command}; } 2>&1`] });
  return String(stdout).trim();
}

const nodes = (daemon: TestDaemon) => inside(daemon, "find /dev/bus/usb /dev/dri -type c 2>/dev/null | sort");
const look = (daemon: TestDaemon, place: string) =>
  inside(daemon, `stat -c '%F %t:%T %a %u:%g' ${place}; : <${place} && echo opened`);

async function launch({ client }: TestDaemon, devices: Devices, config: Config = {}): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await client.createInstance({ name: "box", source, devices, config })).wait();
  await (await client.setInstanceState("box", { action: "start" })).wait();
}

async function setDevices({ client }: TestDaemon, devices: Devices): Promise<void> {
  const { value } = await client.getInstance("box");
  await (await client.updateInstance("box", { ...value, devices })).wait();
}

/** It may make nodes as it likes: what it can open then is what the rules leave. */
const privileged = { "security.privileged": "true" };

const stick = ["0781", "5567"] as const;
const serial = ["0403", "6001"] as const;

test("USB devices come to a running container when they are plugged in, by their numbers, and go with the host's", {
  skip,
}, async () => {
  using host = new Hardware();
  const command = commandIn(host);
  plug(host, "1-1", stick, 2);
  await withDaemon({ bare: false, command }, async (daemon) => {
    const usb = { type: "usb", vendorid: "0781", mode: "0604", uid: "7" };
    await launch(daemon, { usb }, privileged);
    assert.equal(await nodes(daemon), "/dev/bus/usb/001/002");
    assert.equal(await look(daemon, "/dev/bus/usb/001/002"), "character special file a:ed 604 7:0\nopened");
    const { value } = await daemon.client.getInstance("box");
    assert.equal(value.config["volatile.usb.nodes"], "c 10:237 /dev/bus/usb/001/002");

    assert.equal(await inside(daemon, "mknod /dev/mine c 10 237 && : </dev/mine && echo opened"), "opened");

    const mountOf = () => inside(daemon, "grep /001/002 /proc/self/mountinfo | cut -d ' ' -f 1");
    const first = await mountOf();
    // Another vendor's is none of its; a second one of the vendor's comes beside the first.
    plug(host, "1-2", serial, 3);
    plug(host, "1-3", stick, 4);
    await until(async () => (await nodes(daemon)) === "/dev/bus/usb/001/002\n/dev/bus/usb/001/004");
    assert.equal(await mountOf(), first, "the first one was not taken away meanwhile");
    unplug(host, "1-1", 2);
    await until(async () => (await nodes(daemon)) === "/dev/bus/usb/001/004");
    assert.match(await look(daemon, "/dev/bus/usb/001/004"), /opened$/);
    unplug(host, "1-3", 4);
    await until(async () => (await nodes(daemon)) === "");
    // A change of this instance waits until that is written down.
    await daemon.client.patchInstance("box", { description: "seen" });
    assert.equal((await daemon.client.getInstance("box")).value.config["volatile.usb.nodes"], undefined);
    // Nothing of what the container had can be opened any more.
    assert.match(await inside(daemon, ": </dev/mine && echo opened"), /not permitted/);
    // The node comes back under the number that another one had.
    plug(host, "1-1", stick, 2);
    await until(async () => (await nodes(daemon)) === "/dev/bus/usb/001/002");
  });
});

test("a bus that comes later is watched as well, and what must be there for a start may go while the container runs", {
  skip,
}, async () => {
  using host = new Hardware();
  const command = commandIn(host);
  await withDaemon({ bare: false, command }, async (daemon) => {
    await launch(daemon, { all: { type: "usb" } });
    assert.equal(await nodes(daemon), "");
    plug(host, "1-1", stick, 2);
    await until(async () => (await nodes(daemon)) === "/dev/bus/usb/001/002");
    // It goes and comes before anybody could look: what is watched under its name is gone.
    rmSync(host.at("dev/bus/usb/001"), { recursive: true });
    host.unplug("1-1");
    plug(host, "1-1", stick, 3);
    await until(async () => (await nodes(daemon)) === "/dev/bus/usb/001/003");
    unplug(host, "1-1", 3);
    plug(host, "1-1", stick, 2);
    await until(async () => (await nodes(daemon)) === "/dev/bus/usb/001/002");
    const wanted = { type: "usb", vendorid: "0781", productid: "5567", required: "true" };
    await setDevices(daemon, { wanted });
    assert.equal(await nodes(daemon), "/dev/bus/usb/001/002");
    unplug(host, "1-1", 2);
    await until(async () => (await nodes(daemon)) === "");
    await assert.rejects(
      setDevices(daemon, { wanted: { ...wanted, mode: "0600" } }),
      /Failed to start device "wanted": Required USB device not found/,
    );
    await setDevices(daemon, {});
  });
});

test("nodes that a driver makes for a USB device come and go with it, where the driver made them", {
  skip,
}, async () => {
  using host = new Hardware();
  const command = commandIn(host);
  const name = `bothy-usb-${process.pid}`;
  const node = `/dev/${name}`;
  after(() => rmSync(node, { force: true }));
  await withDaemon({ bare: false, command }, async (daemon) => {
    await launch(daemon, { line: { type: "unix-hotplug", vendorid: "0403", productid: "6001" } });
    const isThere = () => inside(daemon, `test -c ${node} && echo there`);
    assert.equal(await isThere(), "");
    const device = host.usb("1-2", serial, ["1", "3"], "10:237");
    host.driverNode(device, "tty", name, "char", "10:237");
    execFileSync("mknod", [node, "c", "10", "237"]);
    await until(async () => (await isThere()) === "there");
    assert.match(await look(daemon, node), /a:ed 660 0:0\nopened$/);
    rmSync(node);
    await until(async () => (await isThere()) === "");
  });
});

test("a card's nodes are those of the host, at a start and by a change of a running container, and go with the device", {
  skip,
}, async () => {
  using host = new Hardware();
  const command = commandIn(host);
  host.card("0000:00:02.0", ["8086", "5916"], { card0: "10:237", renderD128: "10:237" });
  host.card("0000:01:00.0", ["10de", "1eb8"], { card1: "10:237" });
  for (const name of ["card0", "renderD128", "card1"]) mknod(host, `dev/dri/${name}`, 237);
  await withDaemon({ bare: false, command }, async (daemon) => {
    const gpu = { type: "gpu", pci: "00:02.0", gid: "44", mode: "0666" };
    await launch(daemon, { gpu }, privileged);
    assert.equal(await nodes(daemon), "/dev/dri/card0\n/dev/dri/renderD128");
    assert.equal(await look(daemon, "/dev/dri/renderD128"), "character special file a:ed 666 0:44\nopened");
    assert.equal(await inside(daemon, "mknod /dev/mine c 10 237 && : </dev/mine && echo opened"), "opened");
    await setDevices(daemon, { gpu: { type: "gpu", id: "1" } });
    assert.equal(await nodes(daemon), "/dev/dri/card1");
    await assert.rejects(
      setDevices(daemon, { gpu: { type: "gpu", vendorid: "1002" } }),
      /Failed to start device "gpu": Failed to detect requested GPU device/,
    );
    assert.match(await look(daemon, "/dev/dri/card1"), /opened$/, "it keeps what it had");
    await setDevices(daemon, { gpu: { type: "gpu" }, also: { type: "gpu", vendorid: "8086" } });
    assert.equal(await nodes(daemon), "/dev/dri/card0\n/dev/dri/card1\n/dev/dri/renderD128");
    await setDevices(daemon, { also: { type: "gpu", vendorid: "8086" } });
    assert.match(await look(daemon, "/dev/dri/card0"), /opened$/, "what another device gives stays");
    await setDevices(daemon, {});
    assert.equal(await nodes(daemon), "");
    assert.match(await inside(daemon, ": </dev/mine && echo opened"), /not permitted/);
  });
});
