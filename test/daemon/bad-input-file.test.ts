/** Files inside containers, reached by paths and links that want to lead elsewhere. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { preparePool } from "../support/daemon";
import { type Answer, assertRefused, send } from "../support/raw-http";
import { shareDaemon } from "../support/shared-daemon";

/** A file of the host that no container may reach. */
const outside = mkdtempSync(path.join(tmpdir(), "bothy-outside-"));
const secret = path.join(outside, "secret");
after(() => rmSync(outside, { recursive: true }));

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  writeFileSync(secret, "of the host\n");
  await preparePool(daemon, "overlay");
  for (const name of ["web", "off"]) {
    await (await client.createInstance({ name, source: { type: "image", alias: "template:busybox" } })).wait();
    await (await client.setInstanceState(name, { action: "start" })).wait();
    await client.execOutput(name, {
      command: [
        "sh",
        "-ec",
        `mkdir -p /t/folder /t/parts && cd /t
        echo old >file && chmod 640 file && chown 7:8 file
        ln -s ${secret} absolute; ln -s ../../../../../../../..${secret} relative
        ln -s ${outside} parent; ln -s /proc/self/root/${secret} root; ln -s /proc/1/root proc
        ln -s loop loop; ln -s file good; ln -s /t/folder good-parent
        mkfifo fifo; mknod null c 1 3 2>/dev/null || true
        printf x >"line
break"; printf 'a"b' >'quote"; \\'`,
      ],
    });
    // A socket that somebody listens on.
    await client.execOutput(name, { command: ["sh", "-c", "nc -l -p 1 local:/t/socket 2>/dev/null & sleep 0"] });
  }
  await (await client.setInstanceState("off", { action: "stop", force: true })).wait();
});

const at = (innerPath: string, name = "web") => `/1.0/instances/${name}/files?path=${encodeURIComponent(innerPath)}`;
const get = (innerPath: string, name?: string) => shared.send("GET", at(innerPath, name));
const put = (innerPath: string, body: string, headers: Record<string, string> = {}, name?: string): Promise<Answer> =>
  send(shared.daemon.socket, "POST", at(innerPath, name), body, headers);
const inside = async (script: string) =>
  String((await shared.client.execOutput("web", { command: ["sh", "-c", script] })).stdout);

const escapes = [
  "absolute",
  "relative",
  "parent/secret",
  `root`,
  `proc${secret}`,
  "../../../../../../..".concat(secret),
];

for (const name of ["web", "off"])
  test(`nothing outside is read, written or removed by a link or path of a ${name === "web" ? "running" : "stopped"} container`, async () => {
    for (const link of escapes) {
      const read = await get(`/t/${link}`, name);
      // The link itself is a file too: its target is told, not followed.
      if (read.headers["x-lxd-type"] !== "symlink") assert.ok(read.status >= 400 && read.status < 500, read.text);
      assert.doesNotMatch(read.text, /of the host/);
      const written = await put(`/t/${link}`, "of the guest\n", {}, name);
      assert.ok(written.status === 200 || (written.status >= 400 && written.status < 500), `${link}: ${written.text}`);
      await shared.send("DELETE", at(`/t/parent/secret`, name));
      assert.equal(readFileSync(secret, "utf8"), "of the host\n", link);
    }
  });

test("links inside are links inside: a push through them reaches what they name", async () => {
  assert.equal((await put("/t/good", "through\n")).status, 200);
  assert.equal((await put("/t/good-parent/new", "through a folder\n")).status, 200);
  assert.equal(await inside("cat /t/file /t/folder/new"), "through\nthrough a folder\n");
  assert.equal(await inside("stat -c '%a %u:%g' /t/file"), "640 7:8\n", "mode and owner of an existing file stay");
  const told = await get("/t/good");
  assert.deepEqual([told.headers["x-lxd-type"], told.text], ["symlink", "/t/file"]);
});

test("what is neither file, folder nor link is not read, and the daemon does not wait for it", async () => {
  for (const name of ["fifo", "/dev/null", "/dev/tty", "/dev/console"]) {
    const full = name.startsWith("/") ? name : `/t/${name}`;
    assertRefused(await get(full), 400, /neither|not supported|file/);
    assertRefused(await put(full, "x"), 400, /./);
  }
});

test("what is not there is 404, and what stands in the way is said", async () => {
  assertRefused(await get("/t/nothing"), 404, /Not Found: \/t\/nothing/);
  assertRefused(await get("/t/file/below"), 404, /Not Found/);
  assertRefused(await get("/t/loop/x"), 400, /ELOOP/);
  assertRefused(await put("/t/nothing/new", "x"), 404, /Not Found/);
  assertRefused(await put("/t/folder", "x"), 400, /EISDIR|folder|directory/);
  assertRefused(await put("/t/file", "", { "x-lxd-type": "directory" }), 409, /EEXIST|exists|ENOTDIR/);
  assertRefused(await put("/", "x"), 400, /./);
  assertRefused(await put(`/t/${"n".repeat(300)}`, "x"), 400, /ENAMETOOLONG/);
  assertRefused(await shared.send("DELETE", at("/t/nothing")), 404, /Not Found/);
  assertRefused(await shared.send("DELETE", at("/t/parts/..")), 400, /./);
  assertRefused(await shared.send("DELETE", at("/t")), 400, /ENOTEMPTY/);
  assertRefused(await shared.send("DELETE", at("/")), 400, /./);
  assertRefused(await shared.send("DELETE", at("/proc")), 400, /./);
  assertRefused(await get("/t/file", "nothing"), 404, /Instance not found/);
  const again = await put("/t/folder", "", { "x-lxd-type": "directory" });
  assert.equal(again.status, 200, "a folder that is there already is not an error");
});

test("a new folder without a mode is closed to others, as in LXD, and one with a mode has that", async () => {
  for (const [name, headers, mode] of [
    ["/t/closed", {}, "0750"],
    ["/t/open", { "x-lxd-mode": "0755" }, "0755"],
  ] as const) {
    assert.equal((await put(name, "", { "x-lxd-type": "directory", ...headers })).status, 200);
    assert.equal((await get(name)).headers["x-lxd-mode"], mode);
  }
});

test("a missing path, one with NUL and wrong headers are refused by name", async () => {
  for (const url of ["/1.0/instances/web/files", "/1.0/instances/web/files?path="])
    for (const method of ["GET", "POST", "DELETE"]) assertRefused(await shared.send(method, url), 400, /Missing path/);
  for (const method of ["GET", "POST", "DELETE"]) assertRefused(await shared.send(method, at("/t/a\0b")), 400, /NUL/);
  for (const [name, value] of [
    ["type", "fifo"],
    ["type", "file, file"],
    ["write", "prepend"],
    ["mode", "rwx"],
    ["mode", "0999"],
    ["mode", "-1"],
    ["mode", "77777"],
    ["uid", "root"],
    ["uid", "-1"],
    ["uid", "99999999999"],
    ["uid", "4294967295"],
    ["gid", "1.5"],
    ["gid", "0x10"],
  ] as const)
    for (const family of ["X-LXD", "X-Incus"])
      assertRefused(await put("/t/never", "x", { [`${family}-${name}`]: value }), 400, new RegExp(name));
  assertRefused(await put("/t/never", "x", { "x-lxd-uid": "70000" }), 400, /70000|EINVAL|id/);
  assertRefused(await get("/t/never"), 404, /Not Found/);
});

test("a symlink's target may be anything that a link can hold, and nothing else", async () => {
  const link = { "x-lxd-type": "symlink" };
  assert.equal((await put("/t/link", "../nowhere", link)).status, 200);
  assert.equal(await inside("readlink /t/link"), "../nowhere\n");
  assertRefused(await put("/t/empty-link", "", link), 400, /target/);
  assertRefused(await put("/t/nul-link", "a\0b", link), 400, /target/);
  assertRefused(await put("/t/long-link", "x".repeat(5000), link), 400, /target/);
});

test("names with line breaks and quotes are read, and break no header", async () => {
  for (const name of ["line\nbreak", 'quote"; \\']) {
    const { status, headers } = await get(`/t/${name}`);
    assert.equal(status, 200);
    assert.match(String(headers["content-disposition"]), /^inline;filename="[^"\r\n]+"$/);
    assert.equal(headers["x-evil"], undefined);
  }
  assert.equal((await put("/t/a\r\nX-Evil: 1", "x")).status, 200);
  const listed = (await get("/t")).json.metadata as string[];
  assert.ok(listed.includes("line\nbreak") && listed.includes("a\r\nX-Evil: 1"));
});

test("an upload that is cut off leaves the old file as it was, and no other", async () => {
  assert.equal((await put("/t/kept", "whole\n")).status, 200);
  for (const name of ["kept", "never-there"])
    await new Promise<void>((resolve) => {
      const headers = { "content-length": String(10 << 20) };
      const options = { socketPath: shared.daemon.socket, method: "POST", path: at(`/t/${name}`), headers };
      const call = request(options);
      call.on("error", () => resolve());
      call.write(Buffer.alloc(1 << 20), () => call.destroy(new Error("cut off")));
    });
  assert.equal((await get("/t/kept")).text, "whole\n");
  assertRefused(await get("/t/never-there"), 404, /Not Found/);
  const listed = (await get("/t")).json.metadata as string[];
  assert.deepEqual(
    listed.filter((name) => name.startsWith(".") || /tmp|partial/.test(name)),
    [],
  );
});

test("a large upload that is refused is answered all the same", async () => {
  const large = "x".repeat(30 << 20);
  assertRefused(await put("/t/folder", large), 400, /EISDIR|folder|directory/);
  assertRefused(await put("/t/nothing/new", large), 404, /Not Found/);
  assertRefused(await put("/t/never", large, { "x-lxd-type": "fifo" }), 400, /type/);
});

test("reading only the head, or leaving in the middle of a file, leaves no process behind", () =>
  shared.unchanged(async () => {
    await inside("dd if=/dev/zero of=/tmp/large bs=1M count=20 2>/dev/null");
    for (let round = 0; round < 20; round += 1) {
      const { status, headers } = await shared.send("HEAD", at("/tmp/large"));
      assert.deepEqual([status, headers["content-length"]], [200, String(20 << 20)]);
    }
    for (let round = 0; round < 5; round += 1)
      await new Promise<void>((resolve) => {
        const call = request({ socketPath: shared.daemon.socket, path: at("/tmp/large") }, (response) => {
          response.once("data", () => response.destroy());
          response.on("error", () => undefined).once("close", () => resolve());
        });
        call.end();
      });
    await inside("rm /tmp/large");
  }));
