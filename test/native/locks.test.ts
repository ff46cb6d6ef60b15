/** What is read-only or covered stays so, whatever the container's root tries. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { buildGuest } from "../support/guest";
import { Spawner, type Words } from "./client";
import { Container, makeRoot } from "./container";

let spawner: Spawner;
let root: string;
let shared: string;
before(async () => {
  spawner = await Spawner.start();
  root = makeRoot(path.join(spawner.dir, "root"));
  buildGuest("attack", path.join(root, "bin/attack"));
  shared = path.join(spawner.dir, "shared");
  fs.mkdirSync(path.join(shared, "below"), { recursive: true });
  fs.writeFileSync(path.join(shared, "file"), "of the host");
  fs.writeFileSync(path.join(shared, "below/secret"), "of the host");
  // Owned by the container's root, so that nothing but the mount protects it.
  for (const name of ["", "file", "below", "below/secret"]) fs.chownSync(path.join(shared, name), 100000, 100000);
});
after(() => spawner.stop());

const sleep = ["sleep", "1000000"];
const start = (name: string, more: Partial<Parameters<typeof Container.start>[2]> = {}) =>
  Container.start(spawner, name, { root: ["root-dir", root], command: sleep, ...more });
const disks = (): Words => [
  ["bind", shared, "/mnt/folder", "ro,nosuid,nodev,noexec"],
  ["bind", shared, "/mnt/shifted", "ro,shift"],
  ["bind", path.join(shared, "file"), "/mnt/file", "ro"],
];
const diskPaths = ["/mnt/folder", "/mnt/shifted", "/mnt/file"];
const attack = (container: Container, what: "flags" | "cover", paths: readonly string[]) =>
  container.sh(`attack ${what} ${paths.join(" ")} 2>&1`);
/** Those of the masks that this host has. */
const masks = ["/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware", "/proc/sys"].filter((name) =>
  fs.existsSync(name),
);

test("no attack of the container's root makes a read-only disk writable", async () => {
  const container = await start("flags", { inside: disks() });
  assert.equal(await attack(container, "flags", diskPaths), "");
  await container.sh(
    "for at in folder shifted; do echo x > /mnt/$at/file; touch /mnt/$at/new; done; echo x > /mnt/file",
  );
  assert.equal(fs.readFileSync(path.join(shared, "file"), "utf8"), "of the host");
  assert.deepEqual(fs.readdirSync(shared).sort(), ["below", "file"]);
  await container.kill();
});

test("the attacks are such that an unprotected mount yields to each of them", async () => {
  const container = await start("yielding");
  const own = "umount -l /mnt/own; mkdir -p /mnt/own; mount -t tmpfs -o ro,nosuid,nodev,noexec own /mnt/own";
  const yields = async (what: string, name: string) =>
    (await container.sh(`(${own}) 2>/dev/null; ONLY='${name}' attack ${what} /mnt/own`)).split("\n")[0];
  for (const name of [
    "remount",
    "bind remount",
    "mount_setattr",
    "bind elsewhere",
    "recursive bind elsewhere",
    "clone",
  ])
    assert.equal(await yields("flags", name), `${name} freed /mnt/own`);
  assert.equal(await yields("flags", "move"), "move in a mount namespace freed /mnt/own");
  for (const name of ["unmount", "share"]) assert.equal(await yields("cover", name), `${name} uncovered /mnt/own`);
  await container.kill();
});

test("no attack takes a mask off, or makes writable what the helper mounted read-only", async () => {
  const container = await start("masked", {
    inside: [
      ["mask", "/etc/passwd"],
      ["readonly", "/tmp/fixed"],
    ],
  });
  const paths = [...masks, "/etc/passwd"];
  assert.equal(await attack(container, "cover", paths), "");
  assert.equal(await attack(container, "flags", [...paths, "/", "/proc", "/sys"]), "");
  assert.equal(await container.sh("cat /etc/passwd"), "");
  await container.kill();
});

test("a fresh proc or sysfs would show what is masked, so the container's root gets none", async () => {
  const container = await start("fresh");
  assert.match(await container.sh("mount -t proc proc /mnt 2>&1"), /permission denied/);
  assert.match(await container.sh("umount -l /proc; mount -t proc proc /proc 2>&1"), /permission denied/);
  if (fs.existsSync("/sys/firmware"))
    assert.match(await container.sh("mount -t sysfs -o ro sysfs /mnt 2>&1"), /permission denied/);
  await container.kill();
});

test("what lies under a mount of the host's own stays covered, and the flags that the host gave it stay as well", async () => {
  const source = path.join(spawner.dir, "source");
  fs.mkdirSync(source);
  execFileSync("mount", ["--bind", shared, source]);
  execFileSync("mount", ["-t", "tmpfs", "-o", "ro,nosuid,nodev,noexec", "cover", path.join(source, "below")]);
  spawner.cleanups.push(async () => execFileSync("umount", ["-R", source]));
  const container = await start("covered", { inside: ["bind", source, "/mnt/deep", "rec"] });
  assert.equal(await attack(container, "cover", ["/mnt/deep/below"]), "");
  assert.equal(await attack(container, "flags", ["/mnt/deep/below"]), "");
  assert.equal(await container.sh("cat /mnt/deep/below/secret 2>/dev/null; echo tried"), "tried");
  await container.kill();
});

test("what covers a part follows what the host lays on it and takes off, and nothing of that can be taken off inside", async () => {
  const scene = path.join(spawner.dir, "figures");
  const place = path.join(scene, "place");
  const lower = path.join(scene, "lower");
  fs.mkdirSync(scene);
  execFileSync("mount", ["-t", "tmpfs", "figures", scene]);
  spawner.cleanups.push(async () => execFileSync("umount", ["--lazy", scene]));
  execFileSync("mount", ["--make-private", scene]);
  execFileSync("mount", ["--make-shared", scene]);
  for (const file of [place, lower]) fs.writeFileSync(file, path.basename(file));
  execFileSync("mount", ["--bind", path.join(shared, "file"), lower]);
  execFileSync("mount", ["-o", "remount,bind,ro,nosuid,nodev,noexec", lower]);
  execFileSync("mount", ["--make-private", lower]);
  const oPath = 0o10000000;
  const [held, layer] = [fs.openSync(place, oPath), fs.openSync(lower, oPath)];
  execFileSync("mount", ["--bind", path.join(shared, "file"), lower]);
  execFileSync("mount", ["-o", "remount,bind,ro,nosuid,nodev,noexec", lower]);
  const flags = "ro,nosuid,nodev,noexec,rec,slave";
  const container = await start("figures", {
    inside: [
      ["cover", `/proc/${process.pid}/fd/${held}`, "/proc/uptime", flags],
      ["cover", `/proc/${process.pid}/fd/${held}`, "/proc/no-such", flags],
      ["cover", "/no/such", "/proc/loadavg", `${flags},optional`],
    ],
  });
  const holds = async () => {
    assert.equal(await attack(container, "cover", ["/proc/uptime"]), "");
    assert.equal(await attack(container, "flags", ["/proc/uptime"]), "");
  };
  for (let round = 0; round < 2; round++) {
    assert.equal(await container.sh("cat /proc/uptime"), "place");
    await holds();
    execFileSync("mount", ["--no-canonicalize", "--rbind", `/proc/${process.pid}/fd/${layer}`, place]);
    assert.equal(await container.sh("cat /proc/uptime"), "of the host");
    await holds();
    for (const _ of ["upper", "lower"]) execFileSync("umount", ["--lazy", place]);
  }
  assert.match(await container.sh("cat /proc/loadavg"), /^\d/);
  for (const fd of [held, layer]) fs.closeSync(fd);
  await container.kill();
});

test("device nodes that came with a root stay without effect", async () => {
  execFileSync("mknod", [path.join(root, "bin/zero"), "c", "1", "5"]);
  const container = await start("noded");
  await attack(container, "flags", ["/"]);
  const script =
    "mount -o remount,bind,dev /; head -c 1 /bin/zero 2>&1; mount --bind / /mnt; mount -o remount,bind,dev /mnt; head -c 1 /mnt/bin/zero 2>&1";
  const said = await container.sh(script);
  assert.equal(said.match(/Permission denied/g)?.length, 2, said);
  await container.kill();
});

test("a disk that is plugged in is as safe as one that was there at the start", async () => {
  const container = await start("plugged");
  const line = await spawner.ask("plug", container.target, container.map, disks());
  assert.deepEqual(line, { done: {} });
  assert.equal(await container.sh("cat /mnt/folder/file"), "of the host");
  assert.equal(await attack(container, "flags", diskPaths), "");
  const unbind = (name: string): Words => ["unbind", name];
  assert.deepEqual(await spawner.ask("plug", container.target, container.map, diskPaths.map(unbind)), { done: {} });
  assert.equal(await container.sh("ls /mnt/folder/below /mnt/shifted/below 2>/dev/null; wc -c < /mnt/file"), "0");
  await container.kill();
});

test("a privileged container's root does not lift them by remounting or unmounting either", async () => {
  const container = await start("mighty", { map: [], seccomp: "privileged", inside: disks() });
  assert.deepEqual(await spawner.ask("plug", container.target, ["bind", shared, "/mnt/plugged", "ro"]), { done: {} });
  const paths = [...diskPaths, "/mnt/plugged", "/proc/sys"].join(" ");
  // It is the host's root: reconfiguring the file system itself is left out, since it would change the host's.
  const script = `for at in ${paths}; do mount -o remount,bind,rw $at; touch $at/new; done; for at in ${masks.join(" ")}; do umount -l $at && echo uncovered $at; done`;
  assert.doesNotMatch(await container.sh(script), /uncovered/);
  assert.deepEqual(fs.readdirSync(shared).sort(), ["below", "file"]);
  await container.kill();
});

test("the container's root unmounts and binds what is its own to arrange", async () => {
  const container = await start("free", { inside: disks() });
  const script =
    "umount /dev/shm && umount /mnt/folder && umount /mnt/file && mount --bind / /mnt && mount --rbind /proc /tmp && echo done";
  assert.equal(await container.sh(script), "done");
  await container.kill();
});
