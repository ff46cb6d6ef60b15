/** Files of running and stopped containers. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { type Line, ownMounts, Spawner, type Words } from "./client";
import { base, Container, idmap, makeRoot } from "./container";

let spawner: Spawner;
let container: Container;
let root: string;
before(async () => {
  spawner = await Spawner.start(ownMounts);
  root = makeRoot(path.join(spawner.dir, "root"));
  container = await Container.start(spawner, "files", { root: ["root-dir", root], command: ["sleep", "1000000"] });
});
after(async () => {
  await container.kill();
  await spawner.stop();
});

const running = (): Words => [container.target, idmap];
const stopped = (): Words => [idmap, "root-dir", root];

function chunk(data: string | Buffer): Buffer {
  const bytes = Buffer.from(data as string);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

async function get(where: Words, inner: string): Promise<{ line: Line; data: Buffer }> {
  const connection = await spawner.request("file", where, "get", inner);
  const line = await connection.line();
  const data = line.stat?.type === "file" ? await connection.bytes(line.stat.size) : Buffer.alloc(0);
  connection.close();
  return { line, data };
}

interface Put {
  type?: string;
  mode?: string;
  uid?: string;
  gid?: string;
  how?: string;
}
async function put(where: Words, inner: string, body: string | Buffer, options: Put = {}): Promise<Line> {
  const { type = "file", mode = "", uid = "", gid = "", how = "write" } = options;
  const connection = await spawner.request("file", where, "put", inner, type, mode, uid, gid, how);
  const bytes = Buffer.from(body as string);
  for (let at = 0; at < bytes.length; at += 100_000) connection.write(chunk(bytes.subarray(at, at + 100_000)));
  if (type !== "directory") connection.write(chunk(""));
  const line = await connection.line();
  connection.close();
  return line;
}

const remove = (where: Words, inner: string) => spawner.ask("file", where, "delete", inner);

for (const [state, where] of [
  ["running", running],
  ["stopped", stopped],
] as const) {
  test(`a file is put into a ${state} container, read back and deleted`, async () => {
    const body = Buffer.alloc(250_000, "abc");
    assert.deepEqual(await put(where(), "/root/new", body, { mode: "0640", uid: "1000", gid: "5" }), {
      done: { existed: false },
    });
    const { line, data } = await get(where(), "/root/new");
    assert.deepEqual(
      { ...line.stat, mtime: 0 },
      { type: "file", mode: 0o640, uid: 1000, gid: 5, size: 250_000, mtime: 0 },
    );
    assert.ok(data.equals(body));
    const stored = fs.statSync(path.join(root, "root/new"));
    assert.deepEqual([stored.uid, stored.gid], [1000, 5]);
    assert.deepEqual(await remove(where(), "/root/new"), { done: { existed: true } });
    assert.equal((await get(where(), "/root/new")).line.error?.errno, "ENOENT");
  });

  test(`writing to a file of a ${state} container keeps its mode and owner, and append adds`, async () => {
    fs.writeFileSync(path.join(root, "root/kept"), "old");
    fs.chmodSync(path.join(root, "root/kept"), 0o604);
    fs.chownSync(path.join(root, "root/kept"), 7, 8);
    assert.deepEqual(await put(where(), "/root/kept", "new", { mode: "0777", uid: "1" }), { done: { existed: true } });
    assert.deepEqual(await put(where(), "/root/kept", " and more", { how: "append" }), { done: { existed: true } });
    const { line, data } = await get(where(), "/root/kept");
    assert.equal(data.toString(), "new and more");
    assert.deepEqual([line.stat?.mode, line.stat?.uid, line.stat?.gid], [0o604, 7, 8]);
    assert.deepEqual(
      fs.readdirSync(path.join(root, "root")).filter((name) => name.startsWith(".bothy")),
      [],
    );
  });
}

test("a folder is made, listed and deleted only when it is empty", async () => {
  assert.deepEqual(await put(running(), "/root/dir", "", { type: "directory", mode: "1770" }), {
    done: { existed: false },
  });
  assert.deepEqual(await put(running(), "/root/dir", "", { type: "directory" }), { done: { existed: true } });
  await put(running(), '/root/dir/a "b"\n', "x");
  await put(running(), "/root/dir/ü", "x");
  const { line } = await get(running(), "/root/dir");
  assert.equal(line.stat?.mode, 0o1770);
  assert.deepEqual(line.entries?.sort(), ['a "b"\n', "ü"]);
  assert.equal((await remove(running(), "/root/dir")).error?.errno, "ENOTEMPTY");
  await remove(running(), '/root/dir/a "b"\n');
  await remove(running(), "/root/dir/ü");
  assert.deepEqual(await remove(running(), "/root/dir"), { done: { existed: true } });
});

test("a symlink is made, shown without being followed, and deleted without its target", async () => {
  assert.deepEqual(await put(running(), "/root/link", "/etc/passwd", { type: "symlink" }), {
    done: { existed: false },
  });
  const { line } = await get(running(), "/root/link");
  assert.deepEqual([line.stat?.type, line.target], ["symlink", "/etc/passwd"]);
  await remove(running(), "/root/link");
  assert.ok(fs.existsSync(path.join(root, "etc/passwd")));
});

test("a symlink that points out of the root leads to a place within it", async () => {
  const outside = path.join(spawner.dir, "outside");
  fs.writeFileSync(outside, "host secret");
  fs.symlinkSync(outside, path.join(root, "root/out"));
  fs.symlinkSync("../../../../../../../../etc", path.join(root, "root/up"));
  fs.symlinkSync("/", path.join(root, "root/slash"));
  for (const where of [running(), stopped()]) {
    // its own folder does not exist within the root, so there is nothing to write to
    assert.equal((await put(where, "/root/out", "changed")).error?.errno, "ENOENT");
    assert.equal((await get(where, `/root/slash${outside}`)).line.error?.errno, "ENOENT");
    assert.equal((await get(where, `/../../../..${outside}`)).line.error?.errno, "ENOENT");
    assert.match((await get(where, "/root/up/passwd")).data.toString(), /^root:x:0:0:root:\/root:\/bin\/sh\nuser/);
    await put(where, "/root/up/made", "inside");
    assert.equal(fs.readFileSync(path.join(root, "etc/made"), "utf8"), "inside");
    fs.rmSync(path.join(root, "etc/made"));
  }
  assert.equal(fs.readFileSync(outside, "utf8"), "host secret");
});

test("a symlink within the root is followed by a write, as far as it leads", async () => {
  fs.writeFileSync(path.join(root, "etc/real"), "1");
  fs.symlinkSync("/root/hop2", path.join(root, "root/hop1"));
  fs.symlinkSync("../etc/real", path.join(root, "root/hop2"));
  assert.deepEqual(await put(running(), "/root/hop1", "2"), { done: { existed: true } });
  assert.equal(fs.readFileSync(path.join(root, "etc/real"), "utf8"), "2");
  assert.ok(fs.lstatSync(path.join(root, "root/hop1")).isSymbolicLink());
  fs.symlinkSync("circle", path.join(root, "root/circle"));
  assert.equal((await put(running(), "/root/circle", "3")).error?.errno, "ELOOP");
});

test("magic links of proc do not lead out", async () => {
  for (const inner of [
    "/proc/self/root/etc/passwd",
    "/proc/1/root/etc/passwd",
    "/proc/1/cwd/etc/passwd",
    "/proc/1/exe/",
  ]) {
    assert.ok(["ELOOP", "ENOENT", "EXDEV"].includes((await get(running(), inner)).line.error?.errno ?? ""), inner);
  }
});

test("a fifo, a socket or a device is refused without being opened", async () => {
  execFileSync("mkfifo", [path.join(root, "root/fifo")]);
  for (const inner of ["/root/fifo", "/dev/null", "/dev/console"]) {
    assert.equal((await get(running(), inner)).line.error?.errno, "ENXIO");
    assert.equal((await put(running(), inner, "x")).error?.errno, "ENXIO");
  }
  fs.rmSync(path.join(root, "root/fifo"));
});

test("a put whose connection ends early leaves the old file, and nothing beside it", async () => {
  fs.writeFileSync(path.join(root, "root/whole"), "whole");
  const before = fs.readdirSync(path.join(root, "root")).length;
  for (const bytes of [chunk("half"), Buffer.concat([chunk("half"), chunk("long").subarray(0, 6)]), Buffer.alloc(0)]) {
    const connection = await spawner.request("file", running(), "put", "/root/whole", "file", "", "", "", "write");
    connection.write(bytes);
    connection.socket.end();
    assert.equal((await connection.line()).error?.errno, "ECONNRESET");
  }
  assert.equal(fs.readFileSync(path.join(root, "root/whole"), "utf8"), "whole");
  assert.equal(fs.readdirSync(path.join(root, "root")).length, before);
});

test("files of proc are read whole, and written in place as its rules allow", async () => {
  assert.match((await get(running(), "/proc/version")).data.toString(), /^Linux version/);
  assert.equal((await put(running(), "/proc/sys/kernel/hostname", "other")).error?.errno, "EROFS");
});

test("a file that is a mount itself is written in place", async () => {
  const source = path.join(spawner.dir, "hosts");
  fs.writeFileSync(source, "old and longer");
  fs.chownSync(source, base, base);
  const bound = await Container.start(spawner, "bound", {
    root: ["root-dir", root],
    inside: ["bind", source, "/etc/hosts", "-"],
    command: ["sleep", "1000000"],
  });
  assert.deepEqual(await put([bound.target, idmap], "/etc/hosts", "new"), { done: { existed: true } });
  assert.equal(fs.readFileSync(source, "utf8"), "new");
  await bound.kill();
});

test("a path that is not a file, or in no folder, or too long, is an error with its errno", async () => {
  assert.equal((await put(running(), "/etc", "x")).error?.errno, "EISDIR");
  assert.equal((await put(running(), "/missing/file", "x")).error?.errno, "ENOENT");
  assert.equal((await put(running(), "/etc/passwd/x", "x")).error?.errno, "ENOTDIR");
  assert.equal((await get(running(), `/${"x".repeat(300)}`)).line.error?.errno, "ENAMETOOLONG");
  assert.equal((await remove(running(), "/")).error?.errno, "EBUSY");
  assert.equal((await remove(running(), "/etc/..")).error?.errno, "EBUSY");
  assert.equal((await remove(running(), "/missing")).error?.errno, "ENOENT");
});

test("reading a stopped container's overlay leaves no mount behind", async () => {
  const mounts = fs.readFileSync(`/proc/${spawner.child.pid}/mountinfo`, "utf8");
  for (const name of ["upper", "work"]) fs.mkdirSync(path.join(spawner.dir, name));
  const overlay = [idmap, "root-overlay", path.join(spawner.dir, "upper"), path.join(spawner.dir, "work"), root];
  await put(overlay, "/etc/passwd", "replaced");
  assert.equal((await get(overlay, "/etc/passwd")).data.toString(), "replaced");
  assert.match(fs.readFileSync(path.join(root, "etc/passwd"), "utf8"), /^root:/);
  assert.equal(fs.readFileSync(`/proc/${spawner.child.pid}/mountinfo`, "utf8"), mounts);
});
