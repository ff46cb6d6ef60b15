/** Hostile images: what they may take of the daemon's memory, of the pool and of time; what is left of them when they are refused. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import test, { after } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createGzip, gzipSync } from "node:zlib";
import { imageLimits } from "../../daemon/kinds/image/archive/limits";
import { receive } from "../../daemon/kinds/image/archive/upload";
import { preparePool } from "../support/daemon";
import { isLong, spread } from "../support/long";
import { processesWith } from "../support/process";
import { shareDaemon } from "../support/shared-daemon";
import { type Entry, imageOf, metadataEntry, rootEntry, type Scene, tarball, withImages } from "./image-scene";

const shared = shareDaemon({}, (daemon) => preparePool(daemon, "overlay"));
const folder = mkdtempSync(path.join(tmpdir(), "bothy-hostile-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, content: string | Buffer = "x", more: Partial<Entry> = {}): Entry => ({
  name,
  content,
  ...more,
});

const status = (field: string): number =>
  Number(
    new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${shared.daemon.pid}/status`, "utf8"))?.[1],
  ) / 1024;

/** How far the daemon's memory rose while the work was done, in MiB. */
async function growth(work: () => Promise<unknown>): Promise<number> {
  writeFileSync(`/proc/${shared.daemon.pid}/clear_refs`, "5");
  const before = status("VmRSS");
  await work();
  return status("VmHWM") - before;
}

/** An empty file as GNU tar writes one whose name is too long for a header. */
function longEntry(name: string): Buffer {
  const [before, header] = [Buffer.alloc(512), Buffer.alloc(512)];
  const bytes = Buffer.from(`${name}\0`);
  const fill = (block: Buffer, shortName: string, size: number, type: string) => {
    block.write(shortName.slice(0, 100), 0);
    block.write("0000644\0" + "0000000\0" + "0000000\0", 100);
    block.write(`${size.toString(8).padStart(11, "0")}\0${"0".repeat(11)}\0        ${type}`, 124);
    block.write("ustar  \0", 257);
    block.write(
      `${block
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
      148,
    );
  };
  fill(before, "././@LongLink", bytes.length, "L");
  fill(header, name, 0, "0");
  return Buffer.concat([before, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512), header]);
}

/** Writes a gzipped image of these empty files. */
async function writeNames(target: string, names: Iterable<string>): Promise<void> {
  const begin = (await tarball([metadataEntry, rootEntry])).subarray(0, -1024);
  function* bytes() {
    yield begin;
    for (const name of names) yield longEntry(`rootfs/${name}`);
    yield Buffer.alloc(1024);
  }
  await pipeline(Readable.from(bytes()), createGzip({ level: 1 }), createWriteStream(target));
}

/** Imports a file. @returns the fingerprint, or the error */
async function imported(target: string): Promise<{ fingerprint?: string; error?: string }> {
  try {
    const { metadata } = await (await shared.client.createImageFromFile(target)).wait();
    return { fingerprint: String(metadata?.fingerprint) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

// Names of more bytes than the memory that is allowed.
const nameCount = isLong ? 30_000 : 18_000;
test(`${nameCount} entries with names of four thousand bytes take little of the daemon's memory`, async () => {
  const target = path.join(folder, "names.tar.gz");
  const parents = Array.from({ length: 15 }, () => "n".repeat(250)).join("/");
  await writeNames(
    target,
    (function* () {
      for (let index = 0; index < nameCount; index += 1) yield `${parents}/${"y".repeat(200)}${index}`;
    })(),
  );
  let told = {};
  const grown = await growth(async () => {
    told = await imported(target);
  });
  assert.ok(grown < 60, `${grown} MiB: ${JSON.stringify(told)}`);
});

const entryCount = isLong ? 6000 : 1000;
test(`${entryCount} entries with fourteen new folders each are unpacked`, () =>
  withImages(async (scene) => {
    const target = path.join(folder, "folders.tar.gz");
    const below = Array.from({ length: 13 }, (_, depth) => `d${depth}`).join("/");
    await writeNames(
      target,
      (function* () {
        for (let index = 0; index < entryCount; index += 1) yield `${index}/${below}/f`;
      })(),
    );
    const fingerprint = await scene.importBytes(readFileSync(target));
    // Of the disk nothing is to be shown.
    const root = mkdtempSync(path.join(existsSync("/dev/shm") ? "/dev/shm" : folder, "bothy-hostile-"));
    try {
      await scene.images.unpack(fingerprint, root, { deviceNodes: false, warn: assert.fail });
      assert.ok(existsSync(path.join(root, `${entryCount - 1}/${below}/f`)));
    } finally {
      rmSync(root, { recursive: true });
    }
  }));

/** Megabytes that are packed at once. */
const pieceSize = 50;

/** Packs an image whose one file is all zeros: piece by piece, and the same piece is packed but once, where the packer's format has pieces. */
async function writeZeros(target: string, packer: string, megabytes: number): Promise<void> {
  const whole = await imageOf({ ...file("rootfs/zeros", ""), flag: "0" });
  const head = Buffer.from(whole.subarray(0, -1024));
  const header = head.subarray(-512);
  header.write(`${(megabytes * 2 ** 20).toString(8).padStart(11, "0")}\0`, 124);
  header.write("        ", 148);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  const packed = (bytes: Buffer) => execFileSync("sh", ["-c", `exec ${packer}`], { input: bytes, maxBuffer: 1 << 28 });
  const end = Buffer.alloc(1024);
  if (packer.includes("lzma")) {
    writeFileSync(target, packed(Buffer.concat([head, Buffer.alloc(megabytes << 20), end])));
    return;
  }
  const piece = packed(Buffer.alloc(pieceSize << 20));
  writeFileSync(target, Buffer.concat([packed(head), ...Array(megabytes / pieceSize).fill(piece), packed(end)]));
}

for (const packer of spread(["gzip -1", "xz -0", "xz --format=lzma -0", "zstd -q -1", "bzip2 -1"], 2))
  test(`a few bytes of ${packer.split(" -")[0]} that unpack to hundreds of megabytes are refused, and nothing of them is left`, async () => {
    const target = path.join(folder, "zeros");
    await writeZeros(target, packer, packer.startsWith("gzip") ? 600 : 300);
    await shared.unchanged(async () => {
      const { error } = await imported(target);
      assert.match(
        error ?? "",
        /^Cannot import image: it unpacks to more times its own size than "images\.limits\.ratio" allows \(100\)\. /,
      );
    });
  });

const withConfig = async (config: Record<string, string>, work: () => Promise<void>) => {
  assert.equal((await shared.send("PATCH", "/1.0", { config })).status, 200);
  try {
    await work();
  } finally {
    const unset = Object.fromEntries(Object.keys(config).map((key) => [key, ""]));
    assert.equal((await shared.send("PATCH", "/1.0", { config: unset })).status, 200);
  }
};

/** Processes of the check that belong to the daemon. */
const checks = () => processesWith((words) => words.some((word) => word.includes(`${shared.daemon.dir}/tmp/image-`)));

test("a check that takes too long is ended, with what it started", async () => {
  const target = path.join(folder, "long.tar.gz");
  await writeZeros(target, "gzip -1", 2500);
  await withConfig({ "images.limits.ratio": "10000", "images.limits.time": "1" }, () =>
    shared.unchanged(async () => {
      const { error } = await imported(target);
      assert.match(
        error ?? "",
        /^Cannot import image: its check takes longer than "images\.limits\.time" allows \(1 seconds\)\. /,
      );
      assert.deepEqual(checks(), []);
    }),
  );
});

test("a check ends with its operation, and the daemon answers while it runs", async () => {
  const target = path.join(folder, "long.tar.gz");
  await withConfig({ "images.limits.ratio": "10000" }, () =>
    shared.unchanged(async () => {
      const operation = await shared.client.createImageFromFile(target);
      while (checks().length === 0) await delay(5);
      assert.equal((await shared.send("GET", "/1.0")).status, 200);
      assert.equal((await shared.send("DELETE", `/1.0/operations/${operation.id}`)).status, 200);
      await assert.rejects(operation.wait(), /cancelled/i);
      while (checks().length > 0) await delay(5);
    }),
  );
});

/** The import fails so, and nothing of it stays. */
async function requireRefused(scene: Scene, bytes: Buffer, message: RegExp): Promise<void> {
  await assert.rejects(scene.importBytes(bytes), (error: Error & { code?: string }) => {
    assert.equal(error.code, "BAD_REQUEST", error.message);
    assert.match(error.message, message);
    assert.match(error.message, /^Cannot import image: .+\. [A-Z].+\.$/s);
    assert.ok(error.message.length < 4000, "a message can be read");
    return true;
  });
  assert.deepEqual(scene.leftovers(), []);
}

test("every limit is named with its key and its value", () =>
  withImages(async (scene) => {
    const long = file(`rootfs/${"n".repeat(200)}`);
    const deep = file("rootfs/a/b/c/d");
    const large = file("rootfs/large", Buffer.alloc(100_000));
    const cases: readonly (readonly [key: string, value: string, entry: Entry, message: RegExp])[] = [
      ["entries", "4", deep, /more files and folders than "images\.limits\.entries" allows \(4\)/],
      ["names", "100", long, /names have more bytes than "images\.limits\.names" allows \(100\)/],
      ["depth", "4", deep, /"rootfs\/a\/b\/c\/d" lies deeper than "images\.limits\.depth" allows \(4\)/],
      ["size", "50kB", large, /unpacks to more bytes than "images\.limits\.size" allows \(50kB\)/],
    ];
    for (const [name, value, entry, message] of cases) {
      Object.assign(scene.config, { [`images.limits.${name}`]: value });
      await requireRefused(scene, gzipSync(await imageOf(entry)), message);
      Object.assign(scene.config, { [`images.limits.${name}`]: "" });
      await scene.images.delete("default", await scene.importBytes(await imageOf(entry)));
    }
    Object.assign(scene.config, { "images.limits.entries": "6" });
    await scene.importBytes(await imageOf(deep));
  }));

test("the server's configuration takes limits that are limits", async () => {
  for (const [key, value] of [
    ["entries", "0"],
    ["entries", "many"],
    ["names", "1XB"],
    ["size", "-1"],
    ["ratio", "1.5"],
    ["depth", "3000"],
    ["time", "1h"],
    ["other", "1"],
  ])
    await shared.refusesAtOnce(
      "PATCH",
      "/1.0",
      { config: { [`images.limits.${key}`]: value } },
      400,
      /images\.limits\./,
    );
  const config = { "images.limits.size": "10GiB", "images.limits.depth": "64" };
  await withConfig(config, async () => {
    const answer = await shared.send("GET", "/1.0");
    const { config: told, api_extensions: extensions } = answer.json.metadata as {
      config: object;
      api_extensions: string[];
    };
    assert.deepEqual(told, config);
    assert.ok(extensions.includes("bothy_image_limits"));
  });
});

const text = (name: string, content: string): Entry => file(name, content);
const template = (count: number) =>
  `architecture: x86_64\ntemplates:\n  /a: {when: [create], template: t}\n${"#".repeat(count)}\n`;

test("metadata and templates that grow when they are read are refused", () =>
  withImages(async (scene) => {
    const aliases = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
    for (let index = 1; index < 30; index += 1)
      aliases.push(
        `${"b".repeat(index)}: &n${index} [${Array(10)
          .fill(index === 1 ? "*a" : `*n${index - 1}`)
          .join(", ")}]`,
      );
    const cases: readonly (readonly [Entry[], RegExp])[] = [
      [[text("metadata.yaml", `architecture: x86_64\n${aliases.join("\n")}\n`)], /no YAML|not valid/],
      [[text("metadata.yaml", `architecture: x86_64\na: ${"[".repeat(100_000)}`)], /no YAML/],
      [[text("metadata.yaml", template(1 << 20))], /longer than/],
      [[text("metadata.yaml", template(0)), file("templates/t", Buffer.alloc((1 << 20) + 1, "x"))], /longer than/],
      [
        [
          text("metadata.yaml", template(0)),
          ...Array.from({ length: 5 }, (_, index) => file(`templates/${index}`, Buffer.alloc(300_000, "x"))),
        ],
        /longer than/,
      ],
      [
        [text("metadata.yaml", template(0)), ...Array.from({ length: 1100 }, (_, index) => file(`templates/${index}`))],
        /more than 1000 templates/,
      ],
      [[text("metadata.yaml", template(0)), file("templates/t", "{% if 1 %}".repeat(50_000))], /cannot be read/],
      [[text("metadata.yaml", template(0)), file("templates/t", `{{ ${"(".repeat(100_000)} }}`)], /cannot be read/],
      [
        [
          text(
            "metadata.yaml",
            `architecture: x86_64\nproperties: {${Array.from({ length: 20_000 }, (_, index) => `k${index}: []`).join(", ")}}\n`,
          ),
        ],
        /not valid/,
      ],
    ];
    for (const [entries, message] of cases)
      await requireRefused(scene, await tarball([...entries, rootEntry]), message);
  }));

test("extended headers without end and device nodes by the thousand are refused", () =>
  withImages(async (scene) => {
    const header = (size: number): Entry => ({
      name: "PaxHeader",
      flag: "x",
      content: `${size} comment=${"c".repeat(size - 10 - String(size).length)}\n`,
    });
    await requireRefused(
      scene,
      await imageOf(header(5 << 20), file("rootfs/a")),
      /extended headers of an entry are too long/,
    );
    await requireRefused(
      scene,
      await imageOf(...Array.from({ length: 60 }, () => header(100_000)), file("rootfs/a")),
      /extended headers of an entry are too long/,
    );
    const nodes = Array.from(
      { length: 11_000 },
      (_, index): Entry => ({ name: `rootfs/dev/${index}`, type: "block-device", devmajor: 8, devminor: 0 }),
    );
    await requireRefused(scene, await imageOf(...nodes), /more than 10000 device nodes/);
  }));

test("an upload past the limit of unpacked bytes is refused while it comes", () =>
  withImages(async (scene) => {
    async function* endless() {
      for (;;) yield Buffer.alloc(1 << 16, 1);
    }
    const limited = receive(
      Readable.from(endless()),
      {},
      scene.home.dirs.scratch,
      imageLimits({ "images.limits.size": "1MiB" }),
    );
    await assert.rejects(
      limited,
      /^ApiError: Cannot import image: it has more bytes than "images\.limits\.size" allows/,
    );
    assert.deepEqual(scene.leftovers(), []);
  }));

/** Names of the extended attributes below a folder, as root sees them. */
function attributes(root: string): string[] {
  const bytes = execFileSync("tar", ["--create", "--format=pax", "--xattrs", "--xattrs-include=*", "-C", root, "."], {
    maxBuffer: 1 << 28,
  });
  return [...bytes.toString("latin1").matchAll(/SCHILY\.xattr\.([\w.]+)=/g)].map((match) => match[1] ?? "").sort();
}

const capability = (rootid?: number): string => {
  const bytes = Buffer.alloc(rootid === undefined ? 20 : 24);
  bytes.writeUInt32LE(rootid === undefined ? 0x02000001 : 0x03000001, 0);
  bytes.writeUInt32LE(0x2000, 4);
  if (rootid !== undefined) bytes.writeUInt32LE(rootid, 20);
  return bytes.toString("latin1");
};

const given: Readonly<Record<string, Record<string, string>>> = {
  "rootfs/mine": { "user.mine": "1" },
  "rootfs/overlay": { "user.overlay.redirect": "/x", "user.other": "2" },
  "rootfs/trusted": { "trusted.overlay.opaque": "y", "trusted.mine": "1", "user.third": "3" },
  "rootfs/ping": { "security.capability": capability() },
  "rootfs/foreign": { "security.capability": capability(1_000_000), "user.fourth": "4" },
  "rootfs/label": { "security.selinux": "a:b:c:d", "security.ima": "x", "user.fifth": "5" },
};
const kept = ["security.capability", "user.fifth", "user.fourth", "user.mine", "user.other", "user.third"];

/** An extended header with attributes, bytes as they are. */
function withAttributes(name: string, attributes: Readonly<Record<string, string>>): Entry[] {
  const records = Object.entries(attributes).map(([key, value]) => {
    const rest = Buffer.from(` SCHILY.xattr.${key}=${value}\n`, "latin1");
    const digits = String(rest.length + String(rest.length).length).length;
    return Buffer.concat([Buffer.from(String(rest.length + digits)), rest]);
  });
  return [{ name: "PaxHeader", flag: "x", content: Buffer.concat(records) }, file(name)];
}

test("of a tarball's extended attributes only those of users and capabilities of no foreign namespace come through", () =>
  withImages(async (scene) => {
    const entries = Object.entries(given).flatMap(([name, attributes]) => withAttributes(name, attributes));
    const fingerprint = await scene.importBytes(await imageOf(...entries));
    for (const deviceNodes of [false, true]) {
      const root = scene.folder();
      await scene.images.unpack(fingerprint, root, { deviceNodes, warn: assert.fail });
      assert.deepEqual(attributes(root), kept);
    }
  }));

test("of a squashfs's extended attributes and device nodes the same come through", () =>
  withImages(async (scene) => {
    const source = scene.folder();
    const entries = Object.entries(given).flatMap(([name, attributes]) => withAttributes(name, attributes));
    const whole = path.join(folder, "whole.tar");
    writeFileSync(whole, await tarball([rootEntry, ...entries]));
    execFileSync("tar", ["-x", "--xattrs", "--xattrs-include=*", "-f", whole, "-C", source]);
    assert.ok(attributes(source).includes("trusted.overlay.opaque"), "the machine lets root make them");
    writeFileSync(path.join(source, "rootfs/zeros"), Buffer.alloc(100_000));
    execFileSync("mknod", [path.join(source, "rootfs/null"), "c", "1", "3"]);
    mkdirSync(path.join(source, "rootfs/dev"));
    execFileSync("mknod", [path.join(source, "rootfs/dev/s d*a"), "b", "8", "0"]);
    const squashfs = path.join(folder, "root.squashfs");
    execFileSync("mksquashfs", [path.join(source, "rootfs"), squashfs, "-noappend", "-quiet", "-no-progress"], {
      stdio: "ignore",
    });
    const metadata = await tarball([metadataEntry]);
    const form = Buffer.concat([
      ...[["metadata", metadata] as const, ["rootfs", readFileSync(squashfs)] as const].flatMap(([name, bytes]) => [
        Buffer.from(
          `--b\r\nContent-Disposition: form-data; name="${name}"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\n`,
        ),
        bytes,
        Buffer.from("\r\n"),
      ]),
      Buffer.from("--b--\r\n"),
    ]);
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    const upload = async () => receive(Readable.from([form]), headers, scene.home.dirs.scratch, scene.images.limits);
    const { fingerprint } = await scene.images.import("default", await upload(), {});
    const warnings: string[] = [];
    for (const deviceNodes of [false, true]) {
      const root = scene.folder();
      await scene.images.unpack(fingerprint, root, { deviceNodes, warn: (text) => warnings.push(text) });
      assert.deepEqual(attributes(root), kept);
      assert.equal(existsSync(path.join(root, "null")), deviceNodes);
      assert.equal(existsSync(path.join(root, "dev/s d*a")), deviceNodes);
      assert.equal(readFileSync(path.join(root, "mine"), "utf8"), "x");
    }
    assert.deepEqual(warnings, ["2 device nodes of the image left out: an unprivileged container cannot have any."]);
    for (const [name, value, message] of [
      ["entries", "3", /"images\.limits\.entries" allows \(3\)/],
      ["names", "30", /"images\.limits\.names" allows \(30\)/],
      ["depth", "1", /"images\.limits\.depth" allows \(1\)/],
      ["size", "50kB", /unpacks to more bytes than "images\.limits\.size" allows \(50kB\)/],
    ] as const) {
      await scene.images.delete("default", fingerprint).catch(() => undefined);
      Object.assign(scene.config, { [`images.limits.${name}`]: value });
      await using refused = await upload();
      await assert.rejects(scene.images.import("default", refused, {}), message);
      Object.assign(scene.config, { [`images.limits.${name}`]: "" });
    }
  }));

test("names that are no text, and a file with more holes than the disk has room, are unpacked as they are", () =>
  withImages(async (scene) => {
    const source = scene.folder();
    execFileSync("sh", [
      "-c",
      `cd "$1" && mkdir rootfs && cd rootfs && : > "$(printf 'bad\\377name')" && : > "$(printf 'two\\nlines')" && truncate -s 4T holes && : > "$(printf '\\001')"`,
      "sh",
      source,
    ]);
    writeFileSync(path.join(source, "metadata.yaml"), "architecture: x86_64\n");
    const target = path.join(folder, "odd.tar.gz");
    execFileSync("tar", ["-czSf", target, "-C", source, "metadata.yaml", "rootfs"]);
    const fingerprint = await scene.importBytes(readFileSync(target));
    const root = scene.folder();
    await scene.images.unpack(fingerprint, root, { deviceNodes: false, warn: assert.fail });
    const names = readdirSync(root, { encoding: "buffer" }).map((name) => name.toString("latin1"));
    assert.deepEqual(names.sort(), ["\x01", "bad\xffname", "holes", "two\nlines"]);
    const { size, blocks } = statSync(path.join(root, "holes"));
    assert.deepEqual([size, blocks], [4 * 2 ** 40, 0]);
  }));
