/** The API of images over HTTP: import, split images, lists, changes, aliases, export, delete. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import path from "node:path";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { buildServer } from "../../daemon/http/server";
import { imageRoutes } from "../../daemon/kinds/image/routes";
import { ImageService } from "../../daemon/kinds/image/service";
import { anyProject } from "../support/http";
import { imageOf, metadataEntry, type Scene, tarball, withImages } from "./image-scene";

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the server says
  readonly json: any;
}

type Call = (method: string, url: string, body?: string | Buffer, headers?: Record<string, string>) => Promise<Answer>;

interface Api extends Scene {
  readonly call: Call;
  /** Calls, waits for the operation and gives its final state. */
  readonly callAndWait: Call;
  readonly importImage: (bytes: Buffer, headers?: Record<string, string>) => Promise<string>;
}

/** The real routes on a unix socket. */
const withApi = (run: (api: Api) => Promise<void>): Promise<void> =>
  withImages(async (scene) => {
    const routes = imageRoutes(scene.images, scene.publisher, scene.home.changes, scene.home.dirs);
    const app = buildServer({ routes, upgrades: [], projects: anyProject, log: scene.home.log });
    const socketPath = path.join(scene.home.dirs.root, "unix.socket");
    await app.listen({ path: socketPath });
    const call: Call = (method, url, body, headers = {}) =>
      new Promise((resolve, reject) => {
        const request = httpRequest({ socketPath, method, path: url, headers }, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const bytes = Buffer.concat(chunks);
            const isJson = response.headers["content-type"]?.startsWith("application/json") === true;
            const json = isJson ? JSON.parse(bytes.toString()) : undefined;
            resolve({ status: response.statusCode!, headers: response.headers, body: bytes, json });
          });
        });
        request.on("error", reject);
        request.end(body);
      });
    const callAndWait: Call = async (...what) => {
      const answer = await call(...what);
      assert.equal(answer.status, 202, answer.body.toString());
      const operation = scene.home.operations.get(answer.json.metadata.id);
      await operation.finished;
      return { ...answer, json: operation.render() };
    };
    const importImage = async (bytes: Buffer, headers: Record<string, string> = {}) => {
      const { json } = await callAndWait("POST", "/1.0/images", bytes, {
        "content-type": "application/octet-stream",
        ...headers,
      });
      assert.equal(json.status, "Success", json.err);
      return json.metadata.fingerprint;
    };
    try {
      await run({ ...scene, call, callAndWait, importImage });
    } finally {
      await app.close();
    }
  });

const sha256 = (...parts: Buffer[]) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

test("an imported tarball is an image by the hash of its bytes, with what metadata and headers say", () =>
  withApi(async ({ call, callAndWait, leftovers }) => {
    const bytes = gzipSync(await imageOf());
    const { json } = await callAndWait("POST", "/1.0/images", bytes, {
      "content-type": "application/octet-stream",
      "x-lxd-public": "1",
      "x-lxd-filename": "tiny.tar.gz",
      "x-incus-properties": "note=a%20b&release=2",
    });
    const fingerprint = sha256(bytes);
    assert.deepEqual(json.metadata, { fingerprint, size: String(bytes.length) });
    const image = (await call("GET", `/1.0/images/${fingerprint.slice(0, 9)}`)).json.metadata;
    assert.equal(image.fingerprint, fingerprint);
    assert.equal(image.size, bytes.length);
    assert.equal(image.public, true);
    assert.equal(image.filename, "tiny.tar.gz");
    assert.equal(image.architecture, "x86_64");
    assert.equal(image.created_at, "2023-11-14T22:13:20.000000000Z");
    assert.deepEqual(image.properties, { os: "test", release: "2", note: "a b" });
    assert.deepEqual(leftovers(), [fingerprint]);
    const exported = await call("GET", `/1.0/images/${fingerprint}/export`);
    assert.deepEqual(exported.body, bytes);
    assert.match(exported.headers["content-disposition"]!, new RegExp(`${fingerprint}\\.tar\\.gz$`));
  }));

test("an upload names its aliases, and none that something has already", () =>
  withApi(async ({ call, callAndWait, leftovers }) => {
    const bytes = gzipSync(await imageOf());
    const headers = { "content-type": "application/octet-stream", "x-incus-aliases": "alias=tiny&alias=a%2Fslash" };
    const { json } = await callAndWait("POST", "/1.0/images", bytes, headers);
    assert.equal(json.status, "Success", json.err);
    const image = (await call("GET", `/1.0/images/${sha256(bytes)}`)).json.metadata;
    assert.deepEqual(image.aliases.map(({ name }: { name: string }) => name).sort(), ["a/slash", "tiny"]);
    const other = gzipSync(await imageOf({ name: "rootfs/a", content: "x" }));
    const refused = await call("POST", "/1.0/images", other, headers);
    assert.equal(refused.status, 409, JSON.stringify(refused.json));
    assert.match(refused.json.error, /already exists/);
    const bad = await call("POST", "/1.0/images", other, { ...headers, "x-incus-aliases": "alias=..%2Fup" });
    assert.deepEqual(
      [bad.status, /must not contain "\." or "\.\." parts/.test(bad.json.error)],
      [400, true],
      bad.json.error,
    );
    assert.deepEqual(leftovers(), [sha256(bytes)]);
  }));

test("what a body begins with tells an image from JSON, where the client says no type or another one", () =>
  withApi(async ({ call, callAndWait }) => {
    const bytes = gzipSync(await imageOf());
    for (const headers of [{} as Record<string, string>, { "content-type": "application/x-www-form-urlencoded" }]) {
      const { json } = await callAndWait("POST", "/1.0/images", bytes, headers);
      assert.equal(json.metadata?.fingerprint, sha256(bytes), json.err);
      await callAndWait("DELETE", `/1.0/images/${sha256(bytes)}`);
    }
    const post = JSON.stringify({ source: { type: "template", template: "nope" } });
    for (const headers of [{} as Record<string, string>, { "content-type": "application/x-www-form-urlencoded" }])
      assert.match((await call("POST", "/1.0/images", ` \n${post}`, headers)).json.error, /nope/);
    const typed = await call("POST", "/1.0/images", bytes, { "content-type": "application/json" });
    assert.deepEqual([typed.status, /not JSON/.test(typed.json.error)], [400, true]);
    assert.equal((await call("POST", "/1.0/images", "")).status, 400);
  }));

test("one file can be had from the middle, to go on where a connection broke", () =>
  withApi(async ({ call, importImage }) => {
    const bytes = gzipSync(await imageOf({ name: "rootfs/a", content: "x".repeat(5000) }));
    const url = `/1.0/images/${await importImage(bytes)}/export`;
    const rest = await call("GET", url, undefined, { range: "bytes=100-" });
    assert.deepEqual([rest.status, rest.body], [206, bytes.subarray(100)]);
    assert.equal(rest.headers["content-range"], `bytes 100-${bytes.length - 1}/${bytes.length}`);
    for (const range of ["bytes=0-", `bytes=${bytes.length}-`, "bytes=5-7", "junk"]) {
      const whole = await call("GET", url, undefined, { range });
      assert.deepEqual([whole.status, whole.body.length], [200, bytes.length], range);
    }
  }));

test("the same image twice, or another fingerprint than promised, fails in the operation", () =>
  withApi(async ({ callAndWait, importImage, leftovers }) => {
    const bytes = await imageOf();
    const type = { "content-type": "application/octet-stream" };
    const wrong = await callAndWait("POST", "/1.0/images", bytes, { ...type, "x-lxd-fingerprint": "ab".repeat(32) });
    assert.match(wrong.json.err, /^Cannot import image: its fingerprint is /);
    assert.deepEqual(leftovers(), []);
    const fingerprint = await importImage(bytes, { "x-lxd-fingerprint": sha256(bytes) });
    const again = await callAndWait("POST", "/1.0/images", bytes, type);
    assert.equal(again.json.status, "Failure");
    assert.equal(again.json.err, "Image with same fingerprint already exists");
    assert.deepEqual(leftovers(), [fingerprint]);
  }));

function formOf(parts: readonly (readonly [name: string, bytes: Buffer])[]): Buffer {
  const pieces = parts.flatMap(([name, bytes]) => [
    Buffer.from(
      `--b0\r\nContent-Disposition: form-data; name="${name}"; filename="f"\r\nContent-Type: application/octet-stream\r\n\r\n`,
    ),
    bytes,
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([...pieces, Buffer.from("--b0--\r\n")]);
}
const formType = { "content-type": "multipart/form-data; boundary=b0" };

test("an image in two files, its root a squashfs or a tarball, is unpacked and exported as it came", () =>
  withApi(async ({ call, callAndWait, images, folder, leftovers }) => {
    const source = folder();
    const outside = folder();
    mkdirSync(path.join(source, "etc"));
    writeFileSync(path.join(source, "etc/name"), "split");
    execFileSync("mknod", [path.join(source, "null"), "c", "1", "3"]);
    execFileSync("mksquashfs", [source, path.join(outside, "root.squashfs"), "-quiet", "-no-progress"]);
    const metadata = await tarball([metadataEntry]);
    const squashfs = readFileSync(path.join(outside, "root.squashfs"));
    for (const rootfs of [squashfs, execFileSync("tar", ["-C", source, "-cz", "."])]) {
      const { json } = await callAndWait(
        "POST",
        "/1.0/images",
        formOf([
          ["metadata", metadata],
          ["rootfs", rootfs],
        ]),
        formType,
      );
      assert.equal(json.status, "Success", json.err);
      const { fingerprint } = json.metadata;
      assert.equal(fingerprint, sha256(metadata, rootfs));
      const target = folder();
      const warnings: string[] = [];
      await images.unpack(fingerprint, target, { deviceNodes: false, warn: (text) => warnings.push(text) });
      assert.equal(execFileSync("find", [target, "-mindepth", "1", "-printf", "%P "]).toString(), "etc etc/name ");
      assert.equal(warnings.length, 1);
      const exported = await call("GET", `/1.0/images/${fingerprint}/export`);
      const [, boundary] = /boundary=(.*)$/.exec(exported.headers["content-type"]!)!;
      assert.ok(exported.body.includes(boundary!));
      assert.ok(exported.body.includes(metadata) && exported.body.includes(rootfs));
      assert.ok(exported.body.includes(`name="rootfs"; filename="${fingerprint}.`));
      await callAndWait("DELETE", `/1.0/images/${fingerprint}`);
      assert.deepEqual(leftovers(), []);
    }
  }));

test("a malformed form, a form in another order and one of a virtual machine are refused", () =>
  withApi(async ({ call, callAndWait, leftovers }) => {
    const bytes = await tarball([metadataEntry]);
    const wrong: [body: Buffer, headers: Record<string, string>, message: RegExp][] = [
      [
        formOf([
          ["rootfs", bytes],
          ["metadata", bytes],
        ]),
        formType,
        /the part "rootfs" where "metadata" belongs/,
      ],
      [
        formOf([
          ["metadata", bytes],
          ["rootfs.img", bytes],
        ]),
        formType,
        /virtual machine/,
      ],
      [formOf([["metadata", bytes]]), formType, /lacks the part "rootfs"/],
      [formOf([["metadata", bytes]]).subarray(0, 700), formType, /malformed|lacks/],
      [bytes, { "content-type": "multipart/form-data" }, /malformed/],
      [Buffer.alloc(0), { "content-type": "application/octet-stream" }, /no content/],
    ];
    for (const [body, headers, message] of wrong) {
      const { status, json } = await call("POST", "/1.0/images", body, headers);
      assert.equal(status, 400);
      assert.match(json.error, message);
    }
    const broken = formOf([
      ["metadata", bytes],
      ["rootfs", Buffer.concat([Buffer.from("hsqs"), Buffer.alloc(4000)])],
    ]);
    const { json } = await callAndWait("POST", "/1.0/images", broken, formType);
    assert.match(json.err, /its squashfs is broken/);
    assert.deepEqual(leftovers(), []);
  }));

test("lists give paths or objects, and a filter chooses", () =>
  withApi(async ({ call, importImage }) => {
    const first = await importImage(await imageOf(), { "x-lxd-properties": "os=Debian" });
    const second = await importImage(await imageOf({ name: "rootfs/a" }), { "x-lxd-properties": "os=Alpine" });
    assert.deepEqual((await call("GET", "/1.0/images")).json.metadata, [
      `/1.0/images/${first}`,
      `/1.0/images/${second}`,
    ]);
    const chosen = await call("GET", "/1.0/images?recursion=1&filter=properties.os%20eq%20alpine");
    assert.deepEqual(
      chosen.json.metadata.map((image: { fingerprint: string }) => image.fingerprint),
      [second],
    );
    assert.equal((await call("GET", "/1.0/images?filter=nonsense")).status, 400);
  }));

test("PUT replaces, PATCH merges, and a stale ETag is refused", () =>
  withApi(async ({ call, importImage }) => {
    const url = `/1.0/images/${await importImage(await imageOf())}`;
    const { etag } = (await call("GET", url)).headers;
    const patch = JSON.stringify({ public: true, properties: { note: "n", os: "" } });
    assert.equal((await call("PATCH", url, patch, { "if-match": etag! })).status, 200);
    assert.equal((await call("PATCH", url, patch, { "if-match": etag! })).status, 412);
    const merged = (await call("GET", url)).json.metadata;
    assert.deepEqual([merged.public, merged.properties], [true, { release: "1", note: "n" }]);
    assert.equal((await call("PUT", url, JSON.stringify({ properties: { only: "this" } }))).status, 200);
    const replaced = (await call("GET", url)).json.metadata;
    assert.deepEqual([replaced.public, replaced.properties], [false, { only: "this" }]);
    assert.equal((await call("PATCH", url, JSON.stringify({ profiles: ["none"] }))).status, 404);
    const wrong = await call("PUT", url, JSON.stringify({ properties: { a: 1 } }));
    assert.equal(wrong.status, 400);
    assert.match(wrong.json.error, /properties\.a/);
  }));

test("slashes of an alias count, also at its ends and one beside the other", () =>
  withApi(async ({ call, importImage }) => {
    const target = await importImage(await imageOf());
    const names = ["a", "a/", "/a", "a//b", "a/b/"];
    for (const name of names)
      assert.equal((await call("POST", "/1.0/images/aliases", JSON.stringify({ name, target }))).status, 201, name);
    for (const name of names) {
      const url = `/1.0/images/aliases/${encodeURIComponent(name)}`;
      assert.equal((await call("GET", url)).json.metadata.name, name);
      assert.equal((await call("DELETE", url)).status, 200, name);
      assert.equal((await call("GET", url)).status, 404, name);
    }
  }));

test("aliases, with slashes too, are made, found, changed, renamed and deleted, and go with their image", () =>
  withApi(async ({ call, callAndWait, importImage, images, forgotten }) => {
    const fingerprint = await importImage(await imageOf());
    const other = await importImage(await imageOf({ name: "rootfs/a" }));
    const aliases = "/1.0/images/aliases";
    const made = await call("POST", aliases, JSON.stringify({ name: "debian/12", target: fingerprint.slice(0, 12) }));
    assert.deepEqual([made.status, made.headers.location], [201, `${aliases}/debian/12`]);
    assert.equal((await call("POST", aliases, JSON.stringify({ name: "debian/12", target: other }))).status, 409);
    for (const name of ["a/./b", "../x", "a\nb", ""])
      assert.equal((await call("POST", aliases, JSON.stringify({ name, target: other }))).status, 400, name);
    assert.equal((await call("POST", aliases, JSON.stringify({ name: "x", target: "ffff" }))).status, 404);
    for (const path of ["debian/12", "debian%2F12"])
      assert.equal((await call("GET", `${aliases}/${path}`)).json.metadata.target, fingerprint);
    assert.equal(images.resolve("default", { alias: "debian/12" }).fingerprint, fingerprint);
    assert.equal((await call("PATCH", `${aliases}/debian/12`, JSON.stringify({ description: "d" }))).status, 200);
    assert.equal((await call("PUT", `${aliases}/debian/12`, JSON.stringify({ target: other }))).status, 200);
    const renamed = await call("POST", `${aliases}/debian/12`, JSON.stringify({ name: "stable" }));
    assert.deepEqual([renamed.status, renamed.headers.location], [201, `${aliases}/stable`]);
    assert.deepEqual((await call("GET", `${aliases}?recursion=1`)).json.metadata, [
      { name: "stable", description: "", type: "container", target: other },
    ]);
    assert.equal((await call("GET", `${aliases}/debian/12`)).status, 404);
    await callAndWait("DELETE", `/1.0/images/${other}`);
    assert.ok(forgotten.includes(other));
    assert.deepEqual((await call("GET", aliases)).json.metadata, []);
    assert.equal((await call("DELETE", `${aliases}/stable`)).status, 404);
    const gone = await call("GET", `/1.0/images/${other}`);
    assert.deepEqual([gone.status, gone.json.error], [404, "Image not found"]);
  }));

test("a fingerprint's beginning must be unique, and be one", () =>
  withApi(async ({ call, importImage }) => {
    const seen = new Set<string>();
    for (let size = 0; ; size += 1) {
      const first = (await importImage(await imageOf({ name: "rootfs/a", content: "x".repeat(size) }))).charAt(0);
      if (seen.has(first)) {
        const { status, json } = await call("GET", `/1.0/images/${first}`);
        assert.equal(status, 400);
        assert.match(json.error, /is not unique/);
        break;
      }
      seen.add(first);
    }
    for (const wrong of ["xyz", "%25", "A"]) assert.equal((await call("GET", `/1.0/images/${wrong}`)).status, 404);
  }));

test("other sources say what works, unknown templates and taken aliases are refused at once", () =>
  withApi(async ({ call, importImage }) => {
    const post = (body: unknown) => call("POST", "/1.0/images", JSON.stringify(body));
    const url = await post({ source: { type: "gopher" } });
    assert.equal(url.status, 400);
    assert.match(url.json.error, /"gopher" is not supported\. Send a tarball/);
    assert.equal((await post({ source: { type: "template", template: "nope" } })).status, 404);
    const target = await importImage(await imageOf());
    await call("POST", "/1.0/images/aliases", JSON.stringify({ name: "taken", target }));
    const taken = await post({ source: { type: "template", template: "busybox" }, aliases: [{ name: "taken" }] });
    assert.equal(taken.status, 409);
  }));

test("a start removes what a killed daemon left, and keeps what is whole", () =>
  withApi(async ({ home, images, importBytes, leftovers }) => {
    const fingerprint = await importBytes(await imageOf());
    const { dirs } = home;
    mkdirSync(path.join(dirs.scratch, "image-1234/rootfs/etc"), { recursive: true });
    writeFileSync(path.join(dirs.scratch, "image-1234/rootfs/etc/x"), "x");
    writeFileSync(path.join(dirs.images, "ab".repeat(32)), "orphan");
    writeFileSync(path.join(dirs.images, `${"ab".repeat(32)}.rootfs`), "orphan");
    await images.startUp();
    assert.deepEqual(leftovers(), [fingerprint]);
    const restarted = new ImageService(home);
    assert.equal(restarted.get("default", fingerprint).fingerprint, fingerprint);
    rmSync(path.join(dirs.images, fingerprint));
    await restarted.startUp();
    assert.equal(restarted.list("default").length, 1);
  }));
