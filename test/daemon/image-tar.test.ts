/** Tarballs: what is refused before anything is unpacked, and what is unpacked how. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { type Entry, imageOf, metadataEntry, rootEntry, type Scene, tarball, withImages } from "./image-scene";

const file = (name: string, content: string | Buffer = "x", more: Partial<Entry> = {}): Entry => ({
  name,
  content,
  ...more,
});
const symlink = (name: string, linkname: string): Entry => ({ name, type: "symlink", linkname });
const hardlink = (name: string, linkname: string): Entry => ({ name, type: "link", linkname });
const folder = (name: string): Entry => ({ name, type: "directory", mode: 0o755 });

/** An extended header for the entry that follows, its records as they are. */
function extended(records: Readonly<Record<string, string>>): Entry {
  const content = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    const digits = String(Buffer.byteLength(rest)).length;
    const length = Buffer.byteLength(rest) + digits;
    return `${String(length).length === digits ? length : length + 1}${rest}`;
  });
  return { name: "PaxHeader", flag: "x", content: content.join("") };
}

/** The import fails so, and nothing of it stays. */
async function requireRefused(scene: Scene, bytes: Buffer, message: RegExp): Promise<void> {
  await assert.rejects(scene.importBytes(bytes), (error: Error & { code?: string }) => {
    assert.equal(error.code, "BAD_REQUEST", error.message);
    assert.match(error.message, message);
    assert.match(error.message, /^Cannot import image: .+\. [A-Z].+\.$/s);
    return true;
  });
  assert.deepEqual(scene.leftovers(), []);
  assert.deepEqual(scene.images.list("default"), []);
}

const hostile: readonly { what: string; entries: readonly Entry[]; message: RegExp }[] = [
  { what: "an absolute name", entries: [file("//etc/cron.d/x")], message: /"\/\/etc\/cron.d\/x" is absolute/ },
  { what: "a name that leaves the root", entries: [file("rootfs/../../x")], message: /leaves the root file system/ },
  { what: "a name that leaves the root at its end", entries: [folder("rootfs/a/..")], message: /leaves the root/ },
  { what: "a name beside the root that leaves", entries: [file("templates/../../x")], message: /leaves the root/ },
  {
    what: "an absolute hard-link target",
    entries: [hardlink("rootfs/shadow", "/etc/shadow")],
    message: /target "\/etc\/shadow", which is not an earlier file/,
  },
  {
    what: "a hard-link target that leaves the root",
    entries: [hardlink("rootfs/shadow", "rootfs/../../etc/shadow")],
    message: /leaves the root file system/,
  },
  {
    what: "a hard link out of the root file system",
    entries: [hardlink("rootfs/metadata", "metadata.yaml")],
    message: /leads out of the root file system/,
  },
  {
    what: "a hard link to what is not there",
    entries: [hardlink("rootfs/a", "rootfs/none")],
    message: /which is not an earlier file/,
  },
  {
    what: "a file written through an absolute symlink of its own",
    entries: [symlink("rootfs/out", "/tmp"), file("rootfs/out/x")],
    message: /goes through the symlink "rootfs\/out" of the same tarball/,
  },
  {
    what: "a file written through a relative symlink of its own",
    entries: [symlink("rootfs/out", "../../.."), file("./rootfs/out/x")],
    message: /goes through the symlink/,
  },
  {
    what: "a file written through a symlink spelled otherwise",
    entries: [symlink("rootfs/a/out", "/tmp"), file("rootfs//a/./out/x")],
    message: /goes through the symlink/,
  },
  {
    what: "a hard link to a file behind a symlink of its own",
    entries: [symlink("rootfs/etc", "/etc"), hardlink("rootfs/shadow", "rootfs/etc/shadow")],
    message: /goes through the symlink/,
  },
  {
    what: "a folder in the place of a symlink",
    entries: [symlink("rootfs/out", "/tmp"), folder("rootfs/out"), file("rootfs/out/x")],
    message: /comes twice, once as a folder/,
  },
  {
    what: "a symlink in the place of a folder with content",
    entries: [file("rootfs/out/x"), symlink("rootfs/out", "/tmp")],
    message: /comes twice, once as a folder/,
  },
  {
    what: "a file below a file",
    entries: [file("rootfs/a"), file("rootfs/a/b")],
    message: /lies below "rootfs\/a", which is not a folder/,
  },
  {
    what: "a NUL in an extended name",
    entries: [extended({ path: "rootfs/a\0/../../b" }), file("rootfs/a")],
    message: /holds a NUL character/,
  },
  {
    what: "a sparse file that is named a second time",
    entries: [extended({ "GNU.sparse.name": "../../etc/x" }), file("rootfs/a")],
    message: /leaves the root file system/,
  },
  {
    what: "a global header that names entries",
    entries: [{ ...extended({ path: "../x" }), flag: "g" }, file("rootfs/a")],
    message: /a global header sets "path"/,
  },
  {
    what: "an extended header that names its entry twice",
    entries: [{ ...extended({ path: "rootfs/a" }), content: "17 path=rootfs/a\n17 path=rootfs/b\n" }, file("rootfs/a")],
    message: /names its entry twice/,
  },
  {
    what: "an extended name that leaves the root",
    entries: [extended({ path: "../x" }), file("rootfs/a")],
    message: /leaves the root file system/,
  },
  {
    what: "a name that is too long for any file system",
    entries: [file(`rootfs/${"n".repeat(300)}`)],
    message: /a name that is too long/,
  },
  {
    what: "a device node with a line break in its name",
    entries: [{ name: "rootfs/dev/a\nb", type: "block-device", devmajor: 8, devminor: 0 }],
    message: /has a line break in its name/,
  },
  {
    what: "two spellings of the root folder",
    entries: [file("./rootfs/a")],
    message: /spells its folder rootfs in several ways/,
  },
];

for (const { what, entries, message } of hostile)
  test(`a tarball with ${what} is refused and leaves nothing behind`, () =>
    withImages(async (scene) => requireRefused(scene, await imageOf(...entries), message)));

test("a tarball without metadata.yaml or without rootfs is refused", () =>
  withImages(async (scene) => {
    await requireRefused(scene, await tarball([rootEntry]), /holds no metadata.yaml/);
    await requireRefused(scene, await tarball([metadataEntry]), /holds no folder rootfs/);
    await requireRefused(scene, await tarball([metadataEntry, file("rootfs")]), /rootfs is not a folder/);
    await requireRefused(
      scene,
      await tarball([symlink("metadata.yaml", "/etc/passwd"), rootEntry]),
      /not a regular file/,
    );
  }));

test("a metadata.yaml that is no YAML, or lacks its fields, is refused with the place", () =>
  withImages(async (scene) => {
    await requireRefused(scene, await tarball([file("metadata.yaml", "a: [1"), rootEntry]), /no YAML/);
    await requireRefused(
      scene,
      await tarball([file("metadata.yaml", "properties: {os: x}"), rootEntry]),
      /not valid: architecture: /,
    );
    const lacking = "architecture: x86_64\ntemplates:\n  /etc/hostname:\n    when: [create]\n    template: h.tpl\n";
    await requireRefused(scene, await tarball([file("metadata.yaml", lacking), rootEntry]), /"h.tpl", which it lacks/);
  }));

test("a truncated or damaged tarball is refused at whatever place it breaks", () =>
  withImages(async (scene) => {
    const whole = await imageOf(file("rootfs/a", "a".repeat(5000)), file("rootfs/b"));
    for (const length of [511, 512, 1024, 2100, 4000, 9000, whole.length - 1024])
      await requireRefused(scene, whole.subarray(0, length), /broken|neither a tarball/);
    const packed = gzipSync(whole);
    await requireRefused(scene, packed.subarray(0, packed.length - 10), /broken: .*gzip/s);
    const damaged = Buffer.from(whole);
    damaged[1024 + 10] = 0x41;
    await requireRefused(scene, damaged, /wrong checksum/);
    await requireRefused(scene, Buffer.from("no archive at all"), /neither a tarball nor a squashfs/);
  }));

test("a large tarball is refused at its first wrong entry, packed or not", () =>
  withImages(async (scene) => {
    const bytes = await imageOf(file("../x"), file("rootfs/large", randomBytes(8 << 20)));
    await requireRefused(scene, bytes, /leaves the root file system/);
    await requireRefused(scene, gzipSync(bytes, { level: 1 }), /leaves the root file system/);
  }));

test("bytes after the end mark are not read as entries", () =>
  withImages(async (scene) => {
    const hidden = Buffer.concat([await imageOf(file("rootfs/a")), await tarball([file("../evil")])]);
    const fingerprint = await scene.importBytes(hidden);
    const root = scene.folder();
    await scene.images.unpack(fingerprint, root, { deviceNodes: false, warn: assert.fail });
    assert.deepEqual(execFileSync("find", [root, "-mindepth", "1", "-printf", "%P\n"]).toString(), "a\n");
  }));

test("a root folder that a tarball has no entry of can be entered by every user, as tar makes it", () =>
  withImages(async (scene) => {
    const fingerprint = await scene.importBytes(await tarball([metadataEntry, file("rootfs/bin/a")]));
    const root = scene.folder();
    await scene.images.unpack(fingerprint, root, { deviceNodes: false, warn: assert.fail });
    assert.deepEqual(
      [root, path.join(root, "bin")].map((folder) => statSync(folder).mode & 0o7777),
      [0o755, 0o755],
    );
  }));

test("symlinks are stored as they are, absolute ones and those that lead out too", () =>
  withImages(async (scene) => {
    const fingerprint = await scene.importBytes(
      await imageOf(
        symlink("rootfs/lib", "/usr/lib"),
        symlink("rootfs/up", "../../../etc/passwd"),
        symlink("rootfs/gone", "nowhere"),
      ),
    );
    const root = scene.folder();
    await scene.images.unpack(fingerprint, root, { deviceNodes: false, warn: assert.fail });
    assert.equal(readlinkSync(path.join(root, "lib")), "/usr/lib");
    assert.equal(readlinkSync(path.join(root, "up")), "../../../etc/passwd");
    assert.equal(readlinkSync(path.join(root, "gone")), "nowhere");
  }));

test("a slash before a name counts for nothing", () =>
  withImages(async (scene) => {
    const entries = (top: string): Entry[] => [
      file(`${top}etc/plain`),
      file(`/${top}etc/inittab`),
      hardlink(`${top}etc/link`, `/${top}etc/inittab`),
      { name: `/${top}dev/null`, type: "character-device", devmajor: 1, devminor: 3, mode: 0o666 },
    ];
    const check = async (fingerprint: string) => {
      const root = scene.folder();
      const warnings: string[] = [];
      await scene.images.unpack(fingerprint, root, { deviceNodes: false, warn: (text) => warnings.push(text) });
      assert.equal(warnings.length, 1);
      const names = execFileSync("find", [root, "-type", "f", "-printf", "%P\n"]).toString().split("\n").sort();
      assert.deepEqual(names, ["", "etc/inittab", "etc/link", "etc/plain"]);
    };
    await check(await scene.importBytes(await imageOf(...entries("rootfs/"))));
    const allSlashed = [file("/rootfs/etc/a")];
    const root = scene.folder();
    await scene.images.unpack(await scene.importBytes(await imageOf(...allSlashed)), root, {
      deviceNodes: false,
      warn: assert.fail,
    });
    assert.ok(lstatSync(path.join(root, "etc/a")).isFile());
  }));

test("device nodes are left out with one warning, or made for who may have them", () =>
  withImages(async (scene) => {
    const fingerprint = await scene.importBytes(
      await imageOf(
        folder("rootfs/dev"),
        { name: "rootfs/dev/null", type: "character-device", devmajor: 1, devminor: 3, mode: 0o666 },
        { name: "rootfs/dev/*", type: "block-device", devmajor: 8, devminor: 0 },
        hardlink("rootfs/dev/zero", "rootfs/dev/null"),
        file("rootfs/dev/kept"),
        { name: "rootfs/dev/fifo", type: "fifo" } as unknown as Entry,
      ),
    );
    const warnings: string[] = [];
    const without = scene.folder();
    await scene.images.unpack(fingerprint, without, { deviceNodes: false, warn: (text) => warnings.push(text) });
    assert.deepEqual(warnings, ["3 device nodes of the image left out: an unprivileged container cannot have any."]);
    const names = execFileSync("ls", [path.join(without, "dev")]).toString();
    assert.equal(names, "fifo\nkept\n");
    const withThem = scene.folder();
    await scene.images.unpack(fingerprint, withThem, { deviceNodes: true, warn: assert.fail });
    assert.ok(lstatSync(path.join(withThem, "dev/null")).isCharacterDevice());
    assert.equal(lstatSync(path.join(withThem, "dev/zero")).ino, lstatSync(path.join(withThem, "dev/null")).ino);
  }));

test("owners, modes, setuid bits, hard links, holes and odd names come back as they were packed", () =>
  withImages(async (scene) => {
    const source = scene.folder();
    const root = path.join(source, "rootfs");
    const long = `${"long-folder-name/".repeat(12)}file-${"n".repeat(120)}`;
    mkdirSync(root);
    chmodSync(root, 0o751);
    mkdirSync(path.join(root, path.dirname(long)), { recursive: true });
    writeFileSync(path.join(root, long), "long");
    writeFileSync(path.join(root, "ping"), "ping");
    execFileSync("chown", ["12:34", path.join(root, "ping")]);
    execFileSync("chmod", ["4755", path.join(root, "ping")]);
    writeFileSync(path.join(root, "capable"), "x");
    execFileSync("chown", ["70000:70001", path.join(root, "capable")]);
    execFileSync("ln", [path.join(root, "ping"), path.join(root, "pong")]);
    execFileSync("truncate", ["-s", "20M", path.join(root, "hole")]);
    writeFileSync(path.join(root, 'tab\tand\nbreak \\ " Ü'), "odd");
    symlinkSync("a\nb", path.join(root, "link"));
    writeFileSync(path.join(source, "metadata.yaml"), metadataEntry.content!);
    for (const format of ["gnu", "pax"])
      for (const packer of ["gzip", "bzip2", "xz", "lzma", "zstd", "cat"]) {
        const tar = [
          "-C",
          source,
          `--format=${format}`,
          "--xattrs",
          "--xattrs-include=*",
          "--numeric-owner",
          "--sparse",
          "-I",
          packer,
        ];
        const bytes = execFileSync(
          "tar",
          [...tar.slice(0, 2), "-c", ...tar.slice(2), ...(packer === "gzip" ? ["."] : ["metadata.yaml", "rootfs"])],
          {
            maxBuffer: 1 << 28,
          },
        );
        const fingerprint = await scene.importBytes(bytes);
        const target = scene.folder();
        await scene.images.unpack(fingerprint, target, { deviceNodes: false, warn: assert.fail });
        const at = (name: string) => path.join(target, name);
        assert.equal(statSync(target).mode & 0o7777, 0o751);
        assert.equal(readFileSync(at(long), "utf8"), "long");
        const ping = statSync(at("ping"));
        assert.deepEqual([ping.uid, ping.gid, ping.mode & 0o7777], [12, 34, 0o4755]);
        assert.equal(statSync(at("pong")).ino, ping.ino);
        assert.equal(statSync(at("capable")).uid, 70000);
        const hole = statSync(at("hole"));
        assert.equal(hole.size, 20 << 20);
        assert.ok(hole.blocks * 512 < 1 << 20, "the hole is still one");
        assert.equal(readFileSync(at('tab\tand\nbreak \\ " Ü'), "utf8"), "odd");
        assert.equal(readlinkSync(at("link")), "a\nb");
      }
  }));

test("capabilities and attributes of users come back, those that steer the host's overlays do not", () =>
  withImages(async (scene) => {
    const attributes = {
      "SCHILY.xattr.security.capability": "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
      "SCHILY.xattr.user.note": "kept",
      "SCHILY.xattr.user.overlay.redirect": "/etc",
      "SCHILY.xattr.trusted.overlay.redirect": "/etc",
    };
    const fingerprint = await scene.importBytes(await imageOf(extended(attributes), file("rootfs/ping")));
    const root = scene.folder();
    await scene.images.unpack(fingerprint, root, { deviceNodes: false, warn: assert.fail });
    const packed = execFileSync("tar", ["-C", root, "-c", "--format=pax", "--xattrs", "--xattrs-include=*", "ping"]);
    const found = [...packed.toString("latin1").matchAll(/SCHILY\.xattr\.([a-z.]+)=/g)].map((match) => match[1]);
    assert.deepEqual(found.sort(), ["security.capability", "user.note"]);
  }));

test("folders that the archive leaves out are open to all, whatever the daemon's umask", () =>
  withImages(async (scene) => {
    const fingerprint = await scene.importBytes(await imageOf(file("rootfs/usr/share/doc/readme")));
    const root = scene.folder();
    await scene.images.unpack(fingerprint, root, { deviceNodes: false, warn: assert.fail });
    assert.equal(statSync(path.join(root, "usr/share")).mode & 0o7777, 0o755);
  }));
