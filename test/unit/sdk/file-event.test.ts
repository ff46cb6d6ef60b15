/** Files as streams with their headers, image upload, and the stream of events. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { sendSync, until, withFake } from "../../sdk/support/fake-daemon";

const files = "/1.0/instances/web/files";

test("a file comes as a stream with owner, permissions and size", () =>
  withFake(async (daemon, client) => {
    daemon.on(`GET ${files}`, (seen, response) => {
      assert.equal(seen.url, `${files}?path=%2Fetc%2Fmy+file`);
      response.writeHead(200, { "x-lxd-type": "file", "x-lxd-uid": "5", "x-lxd-gid": "6", "x-lxd-mode": "0640" });
      response.end("content");
    });
    const file = await client.getFile("web", "/etc/my file");
    assert.ok(file.type === "file");
    assert.deepEqual([file.uid, file.gid, file.mode], [5, 6, 0o640]);
    assert.equal(await text(file.body), "content");
  }));

test("Incus' headers say the same as LXD's", () =>
  withFake(async (daemon, client) => {
    daemon.on(`GET ${files}`, (_seen, response) => {
      response.writeHead(200, { "x-incus-type": "symlink", "x-incus-uid": "1" }).end("/etc/hosts\n");
    });
    const file = await client.getFile("web", "/link");
    assert.ok(file.type === "symlink");
    assert.deepEqual([file.target, file.uid], ["/etc/hosts", 1]);
  }));

test("a directory comes as its entries", () =>
  withFake(async (daemon, client) => {
    daemon.sync(`GET ${files}`, ["hosts", "passwd"], { "x-lxd-type": "directory" });
    const file = await client.getFile("web", "/etc");
    assert.ok(file.type === "directory");
    assert.deepEqual(file.entries, ["hosts", "passwd"]);
  }));

test("a pushed stream carries its owner and permissions in both families of headers", () =>
  withFake(async (daemon, client) => {
    let seen: { headers: NodeJS.Dict<string | string[]>; body: Buffer } | undefined;
    daemon.on(`POST ${files}`, (request, response) => {
      seen = request;
      sendSync(response, {});
    });
    const content = Readable.from([Buffer.from("a"), Buffer.from("b")]);
    await client.putFile("web", "/srv/x", content, { uid: 7, mode: 0o600, write: "append" });
    assert.equal(String(seen?.body), "ab");
    for (const family of ["x-lxd", "x-incus"]) {
      const told = ["type", "uid", "gid", "mode", "write"].map((name) => seen?.headers[`${family}-${name}`]);
      assert.deepEqual(told, ["file", "7", undefined, "0600", "append"]);
    }
  }));

test("a path with NUL is refused before it is sent", () =>
  withFake(async (daemon, client) => {
    await assert.rejects(client.getFile("web", "/etc\0/passwd"), { code: "BAD_REQUEST" });
    assert.deepEqual(daemon.requests, []);
  }));

test("an image file is uploaded with its name and properties", () =>
  withFake(async (daemon, client) => {
    const tarball = path.join(daemon.folder, "tiny.tar.gz");
    writeFileSync(tarball, "tarball bytes");
    daemon.starts("POST /1.0/images", "up");
    const answer = daemon.handlers.get("POST /1.0/images")!;
    let seen: { headers: NodeJS.Dict<string | string[]>; body: Buffer } | undefined;
    daemon.on("POST /1.0/images", (request, response) => {
      seen = request;
      return answer(request, response);
    });
    const operation = await client.createImageFromFile(tarball, { properties: { os: "busy box" } });
    daemon.tell(daemon.operation("up", "Success", { metadata: { fingerprint: "f00" } }));
    assert.equal((await operation.wait()).metadata?.fingerprint, "f00");
    assert.equal(String(seen?.body), "tarball bytes");
    assert.equal(seen?.headers["content-length"], "13");
    assert.equal(seen?.headers["x-lxd-filename"], "tiny.tar.gz");
    assert.equal(seen?.headers["x-lxd-properties"], "os=busy+box");
  }));

test("events come in their order until the loop is left", () =>
  withFake(async (daemon, client) => {
    const events = await client.openEvents({ types: ["operation"] });
    await until(() => daemon.listeners.size === 1);
    for (const id of ["a", "b", "c"]) daemon.tell(daemon.operation(id, "Running"));
    const ids: unknown[] = [];
    for await (const event of events) {
      ids.push((event.metadata as { id: string }).id);
      if (ids.length === 3) break;
    }
    assert.deepEqual(ids, ["a", "b", "c"]);
    await until(() => daemon.listeners.size === 0);
  }));

test("an aborted stream of events ends with the signal's reason", () =>
  withFake(async (daemon, client) => {
    const abort = new AbortController();
    const events = client.events({ signal: abort.signal });
    const next = events.next();
    await until(() => daemon.listeners.size === 1);
    abort.abort(new Error("seen enough"));
    await assert.rejects(next, { message: "seen enough" });
  }));

test("a lost stream of events is UNAVAILABLE, since events may be missed", () =>
  withFake(async (daemon, client) => {
    const next = client.events().next();
    await until(() => daemon.listeners.size === 1);
    for (const ws of daemon.listeners) ws.terminate();
    await assert.rejects(next, { code: "UNAVAILABLE" });
  }));
