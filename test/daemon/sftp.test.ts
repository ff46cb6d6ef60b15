/** SFTP with the files of instances, by a client of our own and by OpenSSH's. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { TLSSocket } from "node:tls";
import { Client } from "../../sdk/index";
import { preparePool } from "../support/daemon";
import { listenAt, makeIdentity, Network, trust } from "../support/https";
import { assertRefused } from "../support/raw-http";
import { fxp, mode, noAttributes, owner, Sftp, str, u32, u64, upgradeToSftp } from "../support/sftp";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

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
        `mkdir /t && cd /t && ln -s ${secret} absolute && ln -s ../../../..${secret} up && mkfifo fifo`,
      ],
    });
  }
  await (await client.setInstanceState("off", { action: "stop", force: true })).wait();
});

const pathOf = (name: string) => `/1.0/instances/${name}/sftp`;
const opened: Sftp[] = [];
// What a test that fails leaves open would keep this process.
after(() => {
  for (const sftp of opened) sftp.end();
});
async function connect(name = "web"): Promise<Sftp> {
  const sftp = await Sftp.connect(shared.daemon.socket, pathOf(name));
  opened.push(sftp);
  return sftp;
}
const inside = async (script: string) =>
  String((await shared.client.execOutput("web", { command: ["sh", "-c", script] })).stdout);

for (const name of ["web", "off"])
  test(`all operations work on the files of a ${name === "web" ? "running" : "stopped"} instance`, async () => {
    const sftp = await connect(name);
    assert.deepEqual([...sftp.extensions].slice(0, 2), [
      ["posix-rename@openssh.com", "1"],
      ["statvfs@openssh.com", "2"],
    ]);
    assert.equal(await sftp.status(fxp.mkdir, str("/t/folder"), mode(0o750)), 0);
    assert.equal(await sftp.status(fxp.mkdir, str("/t/folder"), noAttributes), 4, "it is there already");
    const file = await sftp.open("/t/folder/file", 2 | 8 | 32, mode(0o604));
    assert.equal(await sftp.status(fxp.write, str(file), u64(0), str("hello")), 0);
    assert.equal(await sftp.status(fxp.write, str(file), u64(10), str("there")), 0);
    assert.equal(await sftp.status(fxp.fsetstat, str(file), owner(7, 8)), 0);
    const told = await sftp.attributes(fxp.fstat, str(file));
    assert.deepEqual(
      { size: told.size, uid: told.uid, gid: told.gid, mode: told.mode },
      { size: 15, uid: 7, gid: 8, mode: 0o100604 },
    );
    assert.equal(await sftp.status(fxp.close, str(file)), 0);
    assert.equal(await sftp.status(fxp.close, str(file)), 5, "a handle that is closed means nothing");
    const again = await sftp.open("/t/folder/file", 1);
    assert.deepEqual(await sftp.read(again, 0, 100), Buffer.from("hello\0\0\0\0\0there"));
    assert.equal(await sftp.read(again, 15, 100), "end");
    assert.equal(await sftp.status(fxp.write, str(again), u64(0), str("x")), 4, "it is open for reading");
    await sftp.status(fxp.close, str(again));
    const tail = await sftp.open("/t/folder/file", 2 | 4);
    assert.equal(await sftp.status(fxp.write, str(tail), u64(0), str("!")), 0);
    await sftp.status(fxp.close, str(tail));
    assert.equal((await sftp.attributes(fxp.stat, str("t/folder/file"))).size, 16, "it was appended");
    // Size, owner, mode and time of a path.
    const all = Buffer.concat([u32(15), u64(3), u32(1), u32(2), u32(0o4711), u32(1000), u32(2000)]);
    assert.equal(await sftp.status(fxp.setstat, str("/t/folder/file"), all), 0);
    assert.deepEqual(await sftp.attributes(fxp.stat, str("/t/folder/file")), {
      size: 3,
      uid: 1,
      gid: 2,
      mode: 0o104711,
      mtime: 2000,
    });
    assert.equal(await sftp.status(fxp.symlink, str("folder/file"), str("/t/link")), 0);
    assert.equal(await sftp.name(fxp.readlink, "/t/link"), "folder/file");
    assert.equal((await sftp.attributes(fxp.lstat, str("/t/link"))).mode & 0o170000, 0o120000);
    assert.equal((await sftp.attributes(fxp.stat, str("/t/link"))).size, 3);
    assert.equal(await sftp.name(fxp.realpath, "."), "/");
    assert.equal(await sftp.name(fxp.realpath, "t/./x/../../..//b/"), "/b");
    assert.equal(await sftp.status(fxp.rename, str("/t/folder/file"), str("/t/link")), 4, "it is there");
    assert.equal(await sftp.status(fxp.rename, str("/t/folder/file"), str("/t/moved")), 0);
    const posix = str("posix-rename@openssh.com");
    assert.equal(await sftp.status(fxp.extended, posix, str("/t/moved"), str("/t/link")), 0);
    assert.equal(
      await sftp.status(fxp.extended, str("hardlink@openssh.com"), str("/t/link"), str("/t/folder/hard")),
      0,
    );
    const folder = await sftp.handle(fxp.opendir, str("/t/folder"));
    assert.deepEqual([...(await sftp.names(folder)).keys()].sort(), [".", "..", "hard"]);
    assert.equal(await sftp.status(fxp.rmdir, str("/t/folder")), 4, "it is not empty");
    assert.equal(await sftp.status(fxp.remove, str("/t/folder")), 4, "it is a folder");
    for (const gone of ["/t/folder/hard", "/t/link"]) assert.equal(await sftp.status(fxp.remove, str(gone)), 0);
    assert.equal(await sftp.status(fxp.rmdir, str("/t/folder")), 0);
    assert.equal(await sftp.status(fxp.stat, str("/t/folder")), 2);
    const [type, space] = await sftp.ask(fxp.extended, str("statvfs@openssh.com"), str("/"));
    assert.equal(type, fxp.extendedReply);
    assert.equal(space.length, 88);
    assert.equal(await sftp.status(fxp.extended, str("nothing@example.org")), 8);
    assert.equal(await sftp.status(99), 8);
    sftp.end();
  });

for (const name of ["web", "off"])
  test(`no path leads out of a ${name === "web" ? "running" : "stopped"} instance`, async () => {
    const sftp = await connect(name);
    for (const way of [
      "/t/absolute",
      "/t/up",
      `/../../../..${secret}`,
      `/proc/1/root${secret}`,
      `/proc/self/root${secret}`,
    ])
      assert.notEqual(await sftp.status(fxp.open, str(way), u32(1), noAttributes), 0, way);
    assert.equal(await sftp.status(fxp.open, str("/t/fifo"), u32(1), noAttributes), 4, "a fifo is not waited for");
    assert.equal(await sftp.status(fxp.open, str("/t"), u32(3), noAttributes), 4, "a folder is not written");
    const folder = await sftp.open("/t", 1);
    assert.equal((await sftp.attributes(fxp.fstat, str(folder))).mode & 0o170000, 0o040000);
    assert.equal(await sftp.status(fxp.read, str(folder), u64(0), u32(10)), 4);
    sftp.end();
    assert.equal(readFileSync(secret, "utf8"), "of the host\n");
  });

test("owner, mode and content are what the container sees", async () => {
  const sftp = await connect();
  const file = await sftp.open("/t/seen", 2 | 8, mode(0o640));
  await sftp.status(fxp.write, str(file), u64(0), str("content"));
  await sftp.status(fxp.close, str(file));
  assert.equal(await sftp.status(fxp.setstat, str("/t/seen"), owner(1000, 100)), 0);
  assert.equal(await inside("stat -c '%u %g %a' /t/seen; cat /t/seen"), "1000 100 640\ncontent");
  assert.equal(await sftp.status(fxp.setstat, str("/t/seen"), owner(2 ** 31, 0)), 4, "an id that it has not");
  sftp.end();
});

test("names are bytes, and many come in parts", async () => {
  await inside(
    `mkdir /t/many && cd /t/many && i=0 && while [ $i -lt 300 ]; do : >"$i"; i=$((i+1)); done; : >"$(printf 'a\\377b')"`,
  );
  const sftp = await connect();
  const names = await sftp.names(await sftp.handle(fxp.opendir, str("/t/many")));
  assert.equal(names.size, 303);
  assert.ok(names.has("a\xffb"));
  assert.equal(await sftp.status(fxp.remove, str(Buffer.from("/t/many/a\xffb", "latin1"))), 0);
  assert.equal(await sftp.status(fxp.remove, str("/t/many/0\0more")), 5);
  sftp.end();
});

test("open files are bounded, and their places are used again", async () => {
  const sftp = await connect();
  const flags = 1 | 2 | 8;
  const handles = await Promise.all(Array.from({ length: 256 }, () => sftp.open("/t/many-handles", flags)));
  assert.equal(await sftp.status(fxp.open, str("/t/many-handles"), u32(flags), noAttributes), 4);
  const [first] = handles as [Buffer];
  assert.equal(await sftp.status(fxp.close, str(first)), 0);
  const next = await sftp.open("/t/many-handles", flags);
  assert.notDeepEqual(next, first, "a handle that was closed does not come back");
  sftp.end();
});

test("a packet that is none ends its session and nothing else", async () => {
  const other = await connect();
  const bad = [u32(0), u32(0xffffffff), u32(300 * 1024), Buffer.concat([u32(3), Buffer.from([5, 0, 0])])];
  for (const bytes of bad) {
    const sftp = await connect();
    sftp.socket.write(bytes);
    await sftp.over;
  }
  // Within a packet of a sound length anything is answered.
  const random = Array.from({ length: 400 }, (_, i) =>
    Buffer.from(Array.from({ length: i % 60 }, (_, j) => (i * 7919 + j * 104729) % 251)),
  );
  for (const [i, bytes] of random.entries()) await other.ask(3 + (i % 18), bytes);
  assert.equal(await other.name(fxp.realpath, "/"), "/");
  other.end();
});

/** The processes that serve SFTP to this daemon's clients: children of its spawner. */
function sessions(): number[] {
  const parents = new Map<number, { name: string; parent: number }>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const status = readIfThere(`/proc/${pid}/status`);
    const name = /^Name:\t(.*)$/m.exec(status)?.[1] ?? "";
    parents.set(Number(pid), { name, parent: Number(/^PPid:\t(\d+)$/m.exec(status)?.[1] ?? 0) });
  }
  return [...parents]
    .filter(([, { name, parent }]) => name === "bothy sftp" && parents.get(parent)?.parent === shared.daemon.pid)
    .map(([pid]) => pid);
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

const residentKib = (pid: number): number => Number(/^VmRSS:\s+(\d+)/m.exec(readIfThere(`/proc/${pid}/status`))?.[1]);

const size = 1024 * 1024 * 1024;

/** A request for 256 KiB. */
function readPacket(id: number, file: Buffer, offset: number): Buffer {
  const packet = Buffer.concat([Buffer.from([fxp.read]), u32(id), str(file), u64(offset), u32(256 * 1024)]);
  return Buffer.concat([u32(packet.length), packet]);
}

test("a reader that is slow or goes away holds nothing", async () => {
  await until(async () => sessions().length === 0);
  await inside(`dd if=/dev/zero of=/t/large bs=1 count=0 seek=${size} 2>/dev/null`);
  const before = residentKib(shared.daemon.pid);
  const slow = await connect();
  const file = await slow.open("/t/large", 1);
  slow.socket.pause();
  // All of a gigabyte is asked for, and nobody reads.
  const pieces = Array.from({ length: size / (256 * 1024) }, (_, i) => {
    return readPacket(1000 + i, file, i * 256 * 1024);
  });
  slow.socket.write(Buffer.concat(pieces));
  const quick = await connect();
  assert.equal(await quick.name(fxp.realpath, "/"), "/");
  quick.end();
  await until(async () => sessions().length === 1);
  const [one] = sessions();
  assert.ok(one !== undefined && residentKib(one) < 4096, "a session takes the memory of two packets");
  assert.ok(residentKib(shared.daemon.pid) - before < 64 * 1024, "the daemon holds no more than a pipe's worth");
  slow.end();
  await until(async () => sessions().length === 0);
});

test("OpenSSH's client puts and gets trees and large files", async () => {
  const bytes = Buffer.alloc(64 * 1024 * 1024 + 12_345, "0123456789abcdef\n");
  writeFileSync(path.join(outside, "up"), bytes, { mode: 0o751 });
  const script = path.join(outside, "bridge.js");
  writeFileSync(
    script,
    `require("node:http").request({ socketPath: ${JSON.stringify(shared.daemon.socket)}, path: ${JSON.stringify(pathOf("web"))},
       headers: { connection: "Upgrade", upgrade: "sftp" } })
     .once("upgrade", (_, socket) => { process.stdin.pipe(socket).pipe(process.stdout); socket.once("close", () => process.exit()); }).end();`,
  );
  const batch = [
    "mkdir /t/ssh",
    `put -p ${outside}/up /t/ssh/up`,
    `get /t/ssh/up ${outside}/down`,
    "ls -l /t/ssh",
    "df /t",
  ];
  const told = execFileSync("sftp", ["-q", "-b", "-", "-D", `${process.execPath} ${script}`], {
    input: `${batch.join("\n")}\n`,
    encoding: "utf8",
  });
  assert.match(told, /-rwxr-x--x +1 0 +0 +67121209 /);
  assert.ok(readFileSync(path.join(outside, "down")).equals(bytes), "what comes back is what was sent");
  assert.equal(await inside("stat -c '%a %u' /t/ssh/up"), "751 0\n");
});

test("what is no upgrade to SFTP, or asks for what is not there, is refused", async () => {
  const { daemon } = shared;
  assertRefused(await shared.send("GET", pathOf("web")), 400, /Missing or invalid upgrade header/);
  const asked = async (path_: string, upgrade?: string) => {
    const answer = await upgradeToSftp(daemon.socket, path_, upgrade);
    assert.ok(Array.isArray(answer));
    return answer;
  };
  assert.equal((await asked(pathOf("web"), "websocket"))[0], 400);
  assert.deepEqual((await asked(pathOf("nobody")))[0], 404);
  assert.match((await asked(pathOf("nobody")))[1], /Instance not found/);
  assert.equal((await asked(`${pathOf("web")}?project=nowhere`))[0], 404);
  const { client } = shared;
  await assert.rejects(client.openSftp("nobody"), /Instance not found/);
  const stream = await client.openSftp("web");
  stream.write(Buffer.concat([u32(5), Buffer.from([1]), u32(3)]));
  const [version] = (await once(stream, "data")) as [Buffer];
  assert.equal(version[4], 2);
  stream.destroy();
  const old = await Sftp.connect(daemon.socket, "/1.0/containers/web/sftp");
  assert.equal(await old.name(fxp.realpath, "/"), "/");
  old.end();
});

test("a client that is restricted to projects reaches the files of its projects only", async () => {
  const { daemon } = shared;
  const somebody = makeIdentity();
  await daemon.client.createProject({
    name: "lab",
    config: { "features.images": "false", "features.profiles": "false" },
  });
  const inLab = new Client({ endpoint: daemon.socket, project: "lab" });
  await (await inLab.createInstance({ name: "own", source: { type: "image", alias: "template:busybox" } })).wait();
  await inLab.close();
  await listenAt(daemon);
  await trust(daemon, somebody, { restricted: true, projects: ["lab"] });
  await using network = await Network.to(daemon);
  const ask = async (path_: string) => {
    const socket = await network.connect(somebody);
    socket.write(`GET ${path_} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: sftp\r\n\r\n`);
    const [head] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    return head.toString().split("\r\n")[0];
  };
  assert.match((await ask(pathOf("web"))) ?? "", /403/);
  const own = `${pathOf("own")}?project=lab`;
  assert.match((await ask(own)) ?? "", /101/);

  // It can have all but some of the sessions; those are for who has the whole server.
  const held: TLSSocket[] = [];
  let said = "";
  while (!said.includes(" 503 ") && held.length < 64) {
    const socket = await network.connect(somebody);
    held.push(socket);
    socket.write(`GET ${own} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: sftp\r\n\r\n`);
    said = String((await once(socket, "data"))[0]);
  }
  assert.equal(held.length, 49);
  assert.match(said, /this client has too many sessions of SFTP with this instance \(48\)/);
  const administrator = await Sftp.connect(daemon.socket, own);
  assert.equal(await administrator.name(fxp.realpath, "/"), "/");
  administrator.end();
  for (const socket of held) socket.destroy();
  await until(async () => sessions().length === 0);
  assert.match((await ask(own)) ?? "", /101/);
});

test("a session ends with its container, and before a stopped instance starts or goes", async () => {
  const { client } = shared;
  const set = async (action: "start" | "stop") =>
    (await client.setInstanceState("off", { action, force: action === "stop" })).wait();
  const onRoot = await connect("off");
  const file = await onRoot.open("/t/kept", 2 | 8);
  assert.equal(await onRoot.status(fxp.write, str(file), u64(0), str("kept")), 0);
  await set("start");
  await onRoot.over;
  const onRunning = await connect("off");
  assert.equal((await onRunning.attributes(fxp.stat, str("/t/kept"))).size, 4);
  await set("stop");
  await onRunning.over;
  const again = await connect("off");
  await (await client.renameInstance("off", "renamed")).wait();
  await again.over;
  const last = await connect("renamed");
  await (await client.deleteInstance("renamed")).wait();
  await last.over;
  await until(async () => sessions().length === 0);
});

test("a daemon that stops ends its sessions, and the container goes on", async () => {
  const sftp = await connect();
  const slow = await connect();
  const file = await slow.open("/t/large", 1);
  slow.socket.pause();
  for (let i = 0; i < 64; i += 1) slow.socket.write(readPacket(9 + i, file, 0));
  await delay(300);
  await shared.daemon.stop();
  await sftp.over;
  slow.end();
  await shared.daemon.start();
  const again = await connect();
  assert.equal((await again.attributes(fxp.stat, str("/t/seen"))).uid, 1000);
  again.end();
});
