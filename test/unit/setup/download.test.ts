import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadSetup, silentProgress } from "../../setup/load";

const { downloadFile, checksumOf } = loadSetup<{
  downloadFile(
    url: string,
    file: string,
    sha256: string,
    onProgress?: (received: number, total?: number) => void,
  ): Promise<void>;
  checksumOf(name: string, checksums: string): string;
}>("download");
const { downloadEngine } = loadSetup<{
  downloadEngine(folder: string, version: string, parts: string[], progress: object, releases: string): Promise<void>;
}>("engine-download");

const sha256 = (data: Buffer) => createHash("sha256").update(data).digest("hex");
const content = Buffer.alloc(3_000_000, "bothy ");

/** Runs `body` with an HTTP server on loopback and an empty folder. */
async function withServer(listener: RequestListener, body: (url: string, folder: string) => Promise<void>) {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const folder = mkdtempSync(join(tmpdir(), "bothy-download-"));
  try {
    await body(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, folder);
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

const serveContent: RequestListener = (_request, response) =>
  response.writeHead(200, { "content-length": content.length }).end(content);

test("a file arrives whole and its progress is told", () =>
  withServer(serveContent, async (url, folder) => {
    const seen: (number | undefined)[] = [];
    await downloadFile(url, join(folder, "file"), sha256(content), (received, total) => seen.push(received, total));
    assert.ok(readFileSync(join(folder, "file")).equals(content));
    assert.deepEqual(seen.slice(-2), [content.length, content.length]);
    assert.deepEqual(readdirSync(folder), ["file"]);
  }));

test("a file with another checksum than the published one is refused and removed", () =>
  withServer(serveContent, async (url, folder) => {
    const published = sha256(Buffer.from("something else"));
    await assert.rejects(downloadFile(url, join(folder, "file"), published), {
      message: `Cannot use "${url}": its SHA-256 is ${sha256(content)}, but ${published} is published. The file was removed.`,
    });
    assert.deepEqual(readdirSync(folder), []);
  }));

test("a transfer that breaks off leaves nothing", () =>
  withServer(
    (_request, response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 1000), () => response.destroy());
    },
    async (url, folder) => {
      await assert.rejects(downloadFile(url, join(folder, "file"), sha256(content)));
      assert.deepEqual(readdirSync(folder), []);
    },
  ));

test("a redirect is followed", () =>
  withServer(
    (request, response) =>
      request.url === "/new" ? serveContent(request, response) : response.writeHead(302, { location: "/new" }).end(),
    async (url, folder) => {
      await downloadFile(`${url}/old`, join(folder, "file"), sha256(content));
      assert.deepEqual(readdirSync(folder), ["file"]);
    },
  ));

test("redirects in a circle end with an error", () =>
  withServer(
    (_request, response) => response.writeHead(302, { location: "/" }).end(),
    async (url, folder) => {
      await assert.rejects(downloadFile(url, join(folder, "file"), sha256(content)), /too many redirects/);
    },
  ));

test("an answer other than 200 is an error that names the address", () =>
  withServer(
    (_request, response) => response.writeHead(404).end(),
    async (url, folder) => {
      await assert.rejects(downloadFile(`${url}/x`, join(folder, "file"), sha256(content)), {
        message: `Cannot download "${url}/x": the host answered 404.`,
      });
    },
  ));

test("a host that refuses the connection is an error", () =>
  withServer(serveContent, async (_url, folder) => {
    // port 9 (discard) is not served on loopback
    await assert.rejects(downloadFile("http://127.0.0.1:9/x", join(folder, "file"), sha256(content)), /ECONNREFUSED/);
  }));

test("a name that the published checksums do not list is refused", () => {
  const listed = `${"a".repeat(64)}  pulumi-v1.tar.gz\n${"b".repeat(64)} *pulumi-v2.tar.gz\n`;
  assert.equal(checksumOf("pulumi-v2.tar.gz", listed), "b".repeat(64));
  assert.throws(() => checksumOf("pulumi-v3.tar.gz", listed), /the published checksums do not list it/);
});

/** A release as the vendor lays it out: an archive of the folder "pulumi" and a file of checksums beside it. */
function release(folder: string, parts: string[]): { name: string; archive: Buffer } {
  const source = join(folder, "source");
  mkdirSync(join(source, "pulumi"), { recursive: true });
  for (const part of parts) writeFileSync(join(source, "pulumi", part), `#!/bin/sh\necho ${part}\n`, { mode: 0o755 });
  const name = `pulumi-v9.9.9-linux-${process.arch}.tar.gz`;
  execFileSync("tar", ["-czf", join(folder, name), "-C", source, "pulumi"]);
  return { name, archive: readFileSync(join(folder, name)) };
}

async function withRelease(
  checksum: (archive: Buffer) => string,
  body: (url: string, folder: string) => Promise<void>,
) {
  const made = mkdtempSync(join(tmpdir(), "bothy-release-"));
  try {
    const { name, archive } = release(made, ["pulumi", "pulumi-language-nodejs", "pulumi-language-go"]);
    const pages: Record<string, string | Buffer> = {
      "/pulumi-9.9.9-checksums.txt": `${checksum(archive)}  ${name}\n`,
      [`/${name}`]: archive,
    };
    await withServer((request, response) => {
      const page = pages[request.url ?? ""];
      response.writeHead(page ? 200 : 404).end(page);
    }, body);
  } finally {
    rmSync(made, { recursive: true });
  }
}

const parts = ["pulumi", "pulumi-language-nodejs"];

test("an engine is unpacked from a release that matches its published checksum", () =>
  withRelease(sha256, async (url, folder) => {
    await downloadEngine(folder, "9.9.9", parts, silentProgress(), url);
    assert.deepEqual(readdirSync(folder).sort(), parts);
    assert.equal(execFileSync(join(folder, "pulumi"), { encoding: "utf8" }), "pulumi\n");
  }));

test("an engine whose release was changed after its publication is not unpacked", () =>
  withRelease(
    () => "0".repeat(64),
    async (url, folder) => {
      await assert.rejects(downloadEngine(folder, "9.9.9", parts, silentProgress(), url), /is published/);
      assert.deepEqual(readdirSync(folder), []);
    },
  ));

test("a release that lacks a program of the engine is an error", () =>
  withRelease(sha256, async (url, folder) => {
    await assert.rejects(downloadEngine(folder, "9.9.9", [...parts, "pulumi-x"], silentProgress(), url), /pulumi-x/);
  }));
