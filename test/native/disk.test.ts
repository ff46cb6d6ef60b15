/** Disks of the host: a source that is held to a folder, and the file system of a block device. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { isFree } from "../support/free-device";
import { buildGuest } from "../support/guest";
import { Spawner, type Words } from "./client";
import { Container, makeRoot } from "./container";

let spawner: Spawner;
let root: string;
let allowed: string;
let loop = "";
const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: "utf8" }).trim();

before(async () => {
  spawner = await Spawner.start();
  root = makeRoot(path.join(spawner.dir, "root"));
  buildGuest("attack", path.join(root, "bin/attack"));
  const dir = fs.realpathSync(spawner.dir);
  allowed = path.join(dir, "allowed");
  fs.mkdirSync(path.join(allowed, "in/deep"), { recursive: true });
  fs.mkdirSync(path.join(dir, "secret"));
  fs.writeFileSync(path.join(allowed, "in/file"), "allowed");
  fs.symlinkSync("../secret", path.join(allowed, "out"));
  fs.symlinkSync("/etc", path.join(allowed, "etc"));
  fs.symlinkSync("in/deep/../file", path.join(allowed, "within"));
  const image = path.join(dir, "image");
  run("truncate", "--size=16M", image);
  run("mkfs.ext4", "-q", "-E", "root_owner=100000:100000", image);
  loop = run("losetup", "--find", "--show", image);
});
after(async () => {
  await spawner.stop();
  if (loop !== "") run("losetup", "--detach", loop);
});

const sleep = ["sleep", "1000000"];
const start = (name: string, inside: Words) =>
  Container.start(spawner, name, { root: ["root-dir", root], command: sleep, inside });
const disk = (source: string, flags = "-", prefix = "", type = "", options = "") =>
  ["disk", source, "/mnt/disk", flags, prefix, type, options] as const;

test("a source beneath its folder is bound, also by a symlink that stays there", async () => {
  const container = await start("beneath", [disk(path.join(allowed, "in"), "ro", allowed)]);
  assert.equal(await container.sh("cat /mnt/disk/file"), "allowed");
  assert.match(await container.sh("touch /mnt/disk/x 2>&1"), /Read-only file system/);
  assert.equal(await container.sh("attack flags /mnt/disk 2>&1"), "");
  await container.kill();
  const file = ["disk", path.join(allowed, "within"), "/mnt/file", "-", `${allowed}/`, "", ""] as const;
  const linked = await start("linked", [file]);
  assert.equal(await linked.sh("cat /mnt/file"), "allowed");
  await linked.kill();
});

for (const [what, words, expected] of [
  [
    "leads out of its folder",
    () => disk(path.join(allowed, "out"), "-", allowed),
    /"op":"disk".*EXDEV.*resolves outside/,
  ],
  ["leads out by the root", () => disk(path.join(allowed, "etc/passwd"), "-", allowed), /"op":"disk".*EXDEV/],
  [
    "goes up from its folder",
    () => disk(`${path.join(allowed, "in")}/../../secret`, "-", allowed),
    /"op":"disk".*EXDEV/,
  ],
  ["is reached by a magic link", () => disk("/proc/self/root/etc", "-", "/proc"), /"op":"disk".*(ELOOP|EXDEV)/],
  ["has another folder", () => disk(`${allowed}-not`, "-", allowed), /"op":"disk".*EINVAL/],
  ["is no absolute path", () => disk("etc"), /"op":"disk".*EINVAL/],
  [
    "has a folder with a symlink",
    () => disk(path.join(allowed, "etc/apt"), "-", path.join(allowed, "etc")),
    /disk-prefix.*ELOOP.*hint/,
  ],
  ["is missing", () => disk(path.join(allowed, "none"), "-", allowed), /"op":"disk".*ENOENT/],
  ["is no block device", () => disk(allowed, "-", "", "ext4"), /"op":"disk".*ENOTBLK/],
  ["has another file system", () => disk(loop, "-", "", "xfs"), /"op":"disk".*Cannot mount its file system \(xfs\)/],
  ["has a file system that no kernel knows", () => disk(loop, "-", "", "nosuch"), /"op":"disk".*ENODEV.*hint/],
  [
    "has an option that is none",
    () => disk(loop, "-", "", "ext4", "nosuch=1"),
    /"op":"disk".*ext4: Unknown parameter 'nosuch'/,
  ],
  ["names a second source", () => disk(loop, "-", "", "ext4", "source=/dev/null"), /"op":"disk".*EINVAL/],
] as const) {
  test(`a disk is refused when its source ${what}`, async () => {
    await assert.rejects(start("refused", [words()]), expected);
    assert.equal(isFree(loop), true);
  });
}

test("what may be missing is left out, but what leads out of its folder is not", async () => {
  const container = await start("optional", [
    disk(path.join(allowed, "none"), "optional", allowed),
    disk(path.join(allowed, "no/folder/x"), "optional", path.join(allowed, "no/folder")),
  ]);
  assert.equal(await container.sh("grep -c ' /mnt/disk ' /proc/mounts"), "0");
  await container.kill();
  await assert.rejects(start("refused", [disk(path.join(allowed, "out"), "optional", allowed)]), /EXDEV/);
});

test("a device's file system is read-only against the container's root, at a start and plugged in", async () => {
  const container = await start("device", [disk(loop, "ro,nodev,nosuid", "", "ext4", "errors=remount-ro")]);
  assert.match(await container.sh("grep ' /mnt/disk ' /proc/mounts"), /ext4 ro,nosuid,nodev/);
  assert.equal(await container.sh("attack flags /mnt/disk 2>&1"), "");
  assert.deepEqual(await spawner.ask("plug", container.target, container.map, ["unbind", "/mnt/disk"]), { done: {} });
  assert.equal(isFree(loop), true);
  const at = ["disk", loop, "/mnt/plugged", "ro,nodev", "", "ext4", ""] as const;
  assert.deepEqual(await spawner.ask("plug", container.target, container.map, at), { done: {} });
  assert.equal(await container.sh("attack flags /mnt/plugged 2>&1"), "");
  await container.kill();
  assert.equal(isFree(loop), true);
});

test("a device that is mounted for writing elsewhere is read-only here all the same", async () => {
  const first = await start("first", [disk(loop, "nodev", "", "ext4")]);
  const second = await start("second", [disk(loop, "ro,nodev", "", "ext4")]);
  await first.sh("echo shared > /mnt/disk/note");
  assert.equal(await second.sh("cat /mnt/disk/note"), "shared");
  assert.match(await second.sh("touch /mnt/disk/x 2>&1"), /Read-only file system/);
  await first.kill();
  assert.equal(isFree(loop), false);
  await second.kill();
  assert.equal(isFree(loop), true);
});

test("a device beneath its folder is mounted by what was opened there", async () => {
  const [major = "", minor = ""] = run("stat", "-c", "%Hr %Lr", loop).split(" ");
  const node = path.join(allowed, "node");
  run("mknod", node, "b", major, minor);
  const container = await start("node", [disk(node, "nodev", allowed, "ext4")]);
  assert.equal(await container.sh("ls /mnt/disk | grep lost"), "lost+found");
  await container.kill();
  fs.symlinkSync(loop, path.join(allowed, "link"));
  await assert.rejects(start("refused", [disk(path.join(allowed, "link"), "-", allowed, "ext4")]), /EXDEV/);
});
