/** Options of disks that are folders of the host: propagation and mount options, at a start and in a running container. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import type { Config, Device, Devices } from "../../sdk/api/common";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const skip = requireFeature("root", process.getuid?.() === 0);
const host = mkdtempSync(path.join(tmpdir(), "bothy-device-disk-"));
const tree = path.join(host, "tree");
const mount = (...args: string[]) => execFileSync("mount", args);

before(() => {
  if (skip !== false) return;
  chmodSync(host, 0o755);
  mkdirSync(tree);
  mount("--bind", tree, tree);
  mount("--make-shared", tree);
  for (const name of ["early", "late", "later", "guest"]) mkdirSync(path.join(tree, name));
});
after(() => {
  if (skip === false) execFileSync("umount", ["--recursive", tree]);
  rmSync(host, { recursive: true });
});

const shared = shareDaemon({ bare: false }, async () => undefined);
const client = () => shared.client;
const disk = (more: Device = {}): Device => ({ type: "disk", source: tree, path: "/srv/tree", ...more });

async function launch(name: string, devices: Devices, config: Config = {}): Promise<void> {
  const source = { type: "image", alias: "template:busybox" };
  await (await client().createInstance({ name, source, devices, config })).wait();
  await (await client().setInstanceState(name, { action: "start" })).wait();
}
const remove = async (name: string) => (await client().deleteInstance(name, { force: true })).wait();
const setDevices = async (name: string, devices: Devices) => {
  const { value } = await client().getInstance(name);
  await (await client().updateInstance(name, { ...value, devices })).wait();
};
const inside = async (name: string, command: string) => {
  const { stdout } = await client().execOutput(name, { command: ["sh", "-c", `{ ${command}; } 2>&1`] });
  return String(stdout).trim();
};
/** Mounts a file system on the host, with a file in it. */
const mountOn = (name: string) => {
  mount("-t", "tmpfs", "tmpfs", path.join(tree, name));
  writeFileSync(path.join(tree, name, "note"), "of the host\n");
};

test("a slave sees what the host mounts later, any other disk does not", { skip }, async () => {
  await launch("slave", { one: disk({ propagation: "slave" }) });
  await launch("private", { one: disk() });
  await launch("plugged", {});
  await setDevices("plugged", { one: disk({ propagation: "rslave", recursive: "true", shift: "true" }) });
  mountOn("late");
  for (const name of ["slave", "plugged"])
    assert.equal(await inside(name, "cat /srv/tree/late/note"), "of the host", name);
  assert.match(await inside("private", "cat /srv/tree/late/note"), /No such file/);
  await setDevices("private", { one: disk({ propagation: "shared" }) });
  mountOn("later");
  assert.equal(await inside("private", "cat /srv/tree/later/note"), "of the host");
  for (const name of ["slave", "private", "plugged"]) await remove(name);
});

test("what a container mounts never reaches the host", { skip }, async () => {
  const config = { "security.privileged": "true" };
  await launch("open", { one: disk({ propagation: "rshared", recursive: "true" }) }, config);
  await launch("closed", { one: disk({ propagation: "rshared", recursive: "true" }) });
  for (const name of ["open", "closed"]) {
    const seen = await inside(name, "mount -t tmpfs tmpfs /srv/tree/guest && echo mounted");
    assert.equal(seen, "mounted", name);
    assert.doesNotMatch(readFileSync("/proc/self/mountinfo", "utf8"), new RegExp(` ${path.join(tree, "guest")} `));
    await remove(name);
  }
});

test("what is mounted in a container later is seen by its services in mount namespaces of their own", {
  skip,
}, async () => {
  await launch("box", { one: disk() });
  const service = "unshare -m --propagation slave sh -c 'echo $$ > /service; exec sleep 1000' > /dev/null 2>&1 & true";
  await inside("box", service);
  await until(async () => /^\d+$/.test(await inside("box", "cat /service")));
  const seen = () => inside("box", "awk '$2 ~ \"/later\" { print $2 }' /proc/$(cat /service)/mounts | sort | xargs");
  const places = ["/dev/later", "/later", "/srv/tree/later"];
  await inside("box", places.map((place) => `mkdir ${place}; mount -t tmpfs tmpfs ${place}`).join("; "));
  assert.equal(await seen(), places.join(" "));
  await setDevices("box", { one: disk(), two: disk({ path: "/srv/later" }) });
  assert.equal(await seen(), ["/dev/later", "/later", "/srv/later", "/srv/tree/later"].join(" "));
  await setDevices("box", { one: disk() });
  assert.equal(await seen(), places.join(" "));
  await remove("box");
});

test("an unbindable disk is one at a start and in a running container, and a slave stays one", { skip }, async () => {
  const both = {
    one: disk({ propagation: "slave" }),
    two: disk({ propagation: "unbindable", path: "/srv/unbindable" }),
  };
  const kinds = () =>
    inside("box", "awk '$5 ~ \"^/srv\" { print $5, $7, $8 }' /proc/self/mountinfo | sort | tr -d 0-9 | xargs");
  await launch("box", both);
  assert.match(await kinds(), /^\/srv\/tree (shared: )?master: .*\/srv\/unbindable unbindable -$/);
  await setDevices("box", {});
  assert.equal(await kinds(), "");
  await setDevices("box", both);
  assert.match(await kinds(), /^\/srv\/tree (shared: )?master: .*\/srv\/unbindable unbindable -$/);
  await remove("box");
});

test("mount options hold inside, also for a disk in memory", { skip }, async () => {
  writeFileSync(path.join(tree, "run"), "#!/bin/sh\necho ran\n", { mode: 0o755 });
  const memory: Device = { type: "disk", source: "tmpfs:", path: "/memory", "raw.mount.options": "noexec" };
  await launch("box", { one: disk(), memory });
  assert.equal(await inside("box", "/srv/tree/run"), "ran");
  await setDevices("box", { one: disk({ "raw.mount.options": "noexec,nodev,noatime" }), memory });
  assert.match(await inside("box", "/srv/tree/run"), /Permission denied/);
  await until(async () => /noexec/.test(await inside("box", "grep ' /srv/tree ' /proc/mounts")));
  assert.match(await inside("box", "grep ' /memory ' /proc/mounts"), /nosuid,nodev,noexec/);
  await remove("box");
});

test("options that are none are refused", { skip }, async () => {
  const wrong: Device[] = [
    { propagation: "wide" },
    { "raw.mount.options": "noexec,loop" },
    { "raw.mount.options": "ro," },
  ];
  await assert.rejects(
    launch("box", { one: disk({ source: "cloud-init:config" }) }),
    /disks with source=cloud-init:config are only supported by virtual machines/,
  );
  for (const source of ["ceph:pool/volume", "cephfs:name/folder"])
    await assert.rejects(launch("box", { one: disk({ source }) }), /this server has no Ceph/);
  const file = path.join(tree, "run");
  writeFileSync(file, "");
  await assert.rejects(
    launch("box", { one: disk({ source: file, recursive: "true" }) }),
    /The recursive option is only supported for additional bind-mounted paths/,
  );
  for (const more of wrong) await assert.rejects(launch("box", { one: disk(more) }), { code: "BAD_REQUEST" });
  const memory: Device = { type: "disk", source: "tmpfs:", path: "/memory", propagation: "slave" };
  await assert.rejects(launch("box", { memory }), /has no "propagation"/);
  const both = disk({ required: "false", optional: "true" });
  await assert.rejects(launch("box", { both }), /Cannot use both "required" and deprecated "optional"/);
});
