/** What the daemon mounts into a container: where it lies, and that its root cannot lift what protects the host. */
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import type { Devices } from "../../sdk/api/common";
import { preparePool } from "../support/daemon";
import { buildGuest } from "../support/guest";
import { shareDaemon } from "../support/shared-daemon";

const host = mkdtempSync(path.join(tmpdir(), "bothy-mounts-"));
chmodSync(host, 0o755);
after(() => rmSync(host, { recursive: true }));

const shared = shareDaemon({ bare: true }, async (daemon) => {
  mkdirSync(path.join(host, "folder"));
  for (const name of ["file", "folder/file"]) writeFileSync(path.join(host, name), "of the host\n");
  buildGuest("attack", path.join(host, "attack"));
  await preparePool(daemon, "dir");
});

const disk = (name: string, more: object) => ({ type: "disk", source: path.join(host, name), ...more });

async function launch(name: string, config: Record<string, string> = {}, devices: Devices = {}): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await shared.client.createInstance({ name, source, config, devices })).wait();
  await act(name, "start");
}

async function act(name: string, action: "start" | "stop" | "restart"): Promise<void> {
  await (await shared.client.setInstanceState(name, { action, force: action !== "start" })).wait();
}

async function setDevices(name: string, devices: Devices): Promise<void> {
  const { value } = await shared.client.getInstance(name);
  await (await shared.client.updateInstance(name, { ...value, devices })).wait();
}

async function inside(name: string, script: string): Promise<string> {
  const { stdout, stderr } = await shared.client.execOutput(name, { command: ["sh", "-c", script] });
  return `${stdout}${stderr}`.trim();
}

async function remove(name: string): Promise<void> {
  await act(name, "stop");
  await (await shared.client.deleteInstance(name)).wait();
}

/** Paths that a mount of ours, or of the guest's init, covers, with what is put there. */
const covered = [
  ["/proc/meminfo", "file"],
  ["/proc/bus", "folder"],
  ["/sys/kernel", "folder"],
  ["/sys/firmware", "folder"],
  ["/dev/given", "file"],
  ["/dev/shm/given", "folder"],
  ["/dev/mqueue", "folder"],
  ["/run/given", "folder"],
  ["/var/run/other", "file"],
].filter(([place]) => !/^\/(proc|sys)/.test(place!) || existsSync(place!)) as [string, string][];

test("a disk below what is mounted for the container is there at once, after a restart, and gone when it is taken away", async () => {
  await launch("low");
  const before = await inside("low", "ls /sys/kernel");
  const devices = Object.fromEntries(covered.map(([place, name], index) => [`d${index}`, disk(name, { path: place })]));
  const seen = () =>
    inside("low", covered.map(([place, name]) => `cat ${place}${name === "folder" ? "/file" : ""}`).join("; "));
  const all = covered.map(() => "of the host").join("\n");
  await setDevices("low", devices);
  assert.equal(await seen(), all);
  await act("low", "restart");
  assert.equal(await seen(), all);
  await setDevices("low", {});
  assert.match(await inside("low", "cat /proc/meminfo"), /^MemTotal/);
  assert.equal(await inside("low", "ls /sys/kernel"), before);
  await remove("low");
});

test("a disk where none can be is refused hot and cold, and not passed over", async () => {
  await launch("nowhere");
  const devices = { d: disk("folder", { path: "/proc/no-such-place" }) };
  await assert.rejects(setDevices("nowhere", devices), /no-such-place/);
  await act("nowhere", "stop");
  await setDevices("nowhere", devices);
  await assert.rejects(act("nowhere", "start"), /no-such-place/);
  await (await shared.client.deleteInstance("nowhere")).wait();
});

test("a read-only disk stays read-only, plugged or there from the start, whatever the container's root does", async () => {
  const devices = {
    tool: disk("attack", { path: "/bin/attack", readonly: "true" }),
    cold: disk("folder", { path: "/cold", readonly: "true" }),
  };
  await launch("ro", { "security.nesting": "true" }, devices);
  await setDevices("ro", {
    ...devices,
    hot: disk("folder", { path: "/hot", readonly: "true" }),
    shifted: disk("folder", { path: "/shifted", readonly: "true", shift: "true" }),
  });
  const paths = ["/cold", "/hot", "/shifted"];
  assert.equal(await inside("ro", `attack flags ${paths.join(" ")}`), "");
  for (const place of paths)
    await inside(
      "ro",
      `mount -o remount,rw ${place}; mount -o remount,bind,rw ${place}; echo x > ${place}/file; touch ${place}/new`,
    );
  assert.equal(readFileSync(path.join(host, "folder/file"), "utf8"), "of the host\n");
  assert.deepEqual(readdirSync(path.join(host, "folder")), ["file"]);
  const masks = ["/proc/keys", "/proc/timer_list", "/sys/firmware"].filter((name) => existsSync(name));
  assert.equal(await inside("ro", `attack cover ${masks.join(" ")}`), "");
  await remove("ro");
});

test("what a nesting container keeps unmasked for the kernel is for its root alone", async () => {
  await launch("outer", { "security.nesting": "true" });
  assert.match(await inside("outer", "ls -ld /dev/.bothy"), /^drwx------/);
  assert.match(await inside("outer", "su -s /bin/sh nobody -c 'ls /dev/.bothy/proc' 2>&1"), /Permission denied/);
  await remove("outer");
});

test("linux.sysctl.* counts in a privileged container too, whose /proc/sys is read-only", async () => {
  await launch("tuned", { "security.privileged": "true", "linux.sysctl.net.ipv4.ip_forward": "1" });
  assert.equal(await inside("tuned", "cat /proc/sys/net/ipv4/ip_forward"), "1");
  assert.match(await inside("tuned", "echo 0 > /proc/sys/net/ipv4/ip_forward"), /Read-only/);
  await remove("tuned");
});

test("a root whose device is read-only stays so, and its mounts can be written to", async () => {
  const root = { type: "disk", path: "/", pool: "default", readonly: "true" };
  await launch("fixed", {}, { root, tool: disk("", { path: "/mnt", readonly: "true" }) });
  assert.match(await inside("fixed", "touch /x"), /Read-only file system/);
  assert.equal(await inside("fixed", "/mnt/attack flags / 2>/dev/null && echo x > /dev/shm/x && cat /dev/shm/x"), "x");
  assert.match(
    await inside("fixed", "mount -o remount,rw /; mount -o remount,bind,rw /; touch /x"),
    /Read-only file system/,
  );
  await remove("fixed");
});
