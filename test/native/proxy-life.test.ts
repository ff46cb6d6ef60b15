/** How proxies begin and end, what they leave, and what a hostile guest cannot make them do. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { buildGuest } from "../support/guest";
import { enterOwnNetns } from "../support/netns";
import { ended, hasEnded } from "../support/process";
import { Spawner, type Words } from "./client";
import { Container, makeRoot } from "./container";
import {
  allOf,
  askFromHost,
  askFromInside,
  inside,
  onHost,
  type Place,
  reach,
  serveInside,
  serveOnHost,
  TestProxy,
} from "./proxies";

const skip = enterOwnNetns();

describe("a proxy's life", { skip }, () => {
  let spawner: Spawner;
  let container: Container;
  let root: string;
  let talk: string;
  const startContainer = (name: string, more: { root?: string; map?: Words; seccomp?: string } = {}) =>
    Container.start(spawner, name, { command: ["sleep", "1000000"], ...more, root: ["root-dir", more.root ?? root] });
  before(async () => {
    spawner = await Spawner.start();
    root = makeRoot(path.join(spawner.dir, "root"));
    talk = path.join(root, "bin/talk");
    buildGuest("talk", talk);
    container = await startContainer("c");
  });
  after(() => spawner.stop());

  let count = 0;
  const start = (...words: Words) => TestProxy.start(container, `p${++count}`, ...words);
  const refused = async (...words: Words) => {
    const control = path.join(spawner.dir, `refused-${++count}`);
    const { error } = await TestProxy.ask(container, control, words);
    assert.equal(fs.existsSync(control), false, "the control socket is gone");
    return error!;
  };
  const file = (name: string) => path.join(spawner.dir, name);
  const inner = (name: string) => path.join(root, name);
  const tcp = (port: number): Place => ["tcp", "127.0.0.1", port];
  const unix = (name: string): Place => ["unix", name, ""];

  /** Leaves the file of a socket that nobody listens at. */
  async function leaveDeadSocket(at: string): Promise<void> {
    const server = net.createServer().listen(`${at}.alive`);
    await once(server, "listening");
    fs.linkSync(`${at}.alive`, at);
    server.close();
    await once(server, "close");
    assert.ok(fs.lstatSync(at).isSocket());
  }

  test("a listener that is in use is an error that names it, and leaves nothing", async () => {
    const end = await serveOnHost(tcp(14001), () => undefined);
    await serveInside(container, tcp(14002), "echo");
    for (const [words, path] of [
      [onHost("listen", unix(file("made")), tcp(14001)), "127.0.0.1:14001"],
      [[onHost("listen", unix(file("made"))), inside("listen", unix("/tmp/made"), tcp(14002))], "127.0.0.1:14002"],
    ] as [Words, string][]) {
      const error = await refused(words, onHost("connect", tcp(1)));
      assert.deepEqual([error.op, error.errno, error.path], ["proxy-listen", "EADDRINUSE", path]);
      assert.deepEqual([fs.existsSync(file("made")), fs.existsSync(inner("tmp/made"))], [false, false]);
    }
    end();
    await start(onHost("listen", tcp(14001)), inside("connect", tcp(1)));
  });

  test("what makes no sense is refused before anything is done", async () => {
    const good = tcp(14003);
    for (const words of [
      [],
      onHost("listen", good),
      [onHost("listen", good), inside("connect", tcp(1), tcp(2))],
      [onHost("listen", good, tcp(14004)), inside("connect", tcp(1)), onHost("connect", tcp(2))],
      [onHost("listen", ["tcp", "localhost", 14003]), inside("connect", tcp(1))],
      [onHost("listen", ["tcp", "127.0.0.1", 0]), inside("connect", tcp(1))],
      [onHost("listen", unix("relative")), inside("connect", tcp(1))],
      [onHost("listen", unix("/ends/")), inside("connect", tcp(1))],
      [onHost("listen", unix(`/${"x".repeat(108)}`)), inside("connect", tcp(1))],
      [onHost("listen", unix("@")), inside("connect", tcp(1))],
      [["proxy-listen", "nowhere", "tcp", "127.0.0.1", 14003], inside("connect", tcp(1))],
      [["proxy-listen", "host", "sctp", "127.0.0.1", 14003], inside("connect", tcp(1))],
      [onHost("listen", good), inside("connect", tcp(1)), ["proxy-file", 0, 0, "9"]],
      [onHost("listen", good), inside("connect", tcp(1)), ["proxy-user", "root", 0]],
    ] as Words[])
      assert.equal((await refused(...words)).errno, "EINVAL", JSON.stringify(words));
    // ids that the container does not have
    await serveInside(container, unix("/tmp/unmapped"), "echo");
    const error = await refused(onHost("listen", good), inside("connect", unix("/tmp/unmapped")), [
      "proxy-user",
      70000,
      0,
    ]);
    assert.deepEqual([error.phase, error.op, error.errno], ["relay", "proxy-user", "EINVAL"]);
    assert.equal((await refused(["target", 1, 1], onHost("listen", good), inside("connect", tcp(1)))).errno, "ESRCH");
  });

  test("it goes on when the spawner is killed, and a later one's caller ends it by its control socket", async () => {
    const other = await Spawner.start();
    spawner.cleanups.push(() => other.stop());
    const there = await Container.start(other, "there", { root: ["root-dir", root], command: ["sleep", "1000000"] });
    await serveInside(there, tcp(1), "echo");
    const proxy = await TestProxy.start(
      there,
      "kept",
      onHost("listen", tcp(14005), unix(file("kept"))),
      inside("connect", tcp(1)),
    );
    const { relay } = proxy;
    const gone = once(other.child, "exit");
    other.child.kill("SIGKILL");
    await gone;
    assert.equal(await askFromHost(tcp(14005), "alone"), "alone");
    // who says nothing, or leaves, does nothing
    (await proxy.watch()).close();
    const silent = await proxy.watch();
    const held = allOf(await reach(tcp(14005)));
    const caller = await proxy.watch();
    caller.write("nonsense\nend\n");
    assert.deepEqual(await caller.line(), { ended: {} });
    assert.deepEqual(await silent.line(), { ended: {} });
    assert.deepEqual(
      [hasEnded(relay), fs.existsSync(proxy.control), fs.existsSync(file("kept"))],
      [true, false, false],
    );
    await held;
    await assert.rejects(reach(tcp(14005)), { code: "ECONNREFUSED" });
    there.watch.write("kill\n");
    await there.exited();
  });

  test("`end` removes the files of listeners inside, too", async () => {
    const proxy = await start(inside("listen", unix("/tmp/inner")), onHost("connect", tcp(1)));
    assert.ok(fs.lstatSync(inner("tmp/inner")).isSocket());
    await proxy.end();
    assert.equal(fs.existsSync(inner("tmp/inner")), false);
  });

  test("the end of the container ends it and removes its files on the host; what it left inside makes room", async () => {
    const mortal = await startContainer("mortal");
    const words = [
      onHost("connect", tcp(1)),
      inside("listen", unix("/tmp/left")),
      onHost("listen", unix(file("mortal-sock"))),
    ];
    const proxy = await TestProxy.start(mortal, "mortal", ...words);
    const { relay } = proxy;
    const over = proxy.over();
    await mortal.kill();
    await over;
    assert.deepEqual([fs.existsSync(file("mortal-sock")), fs.existsSync(proxy.control)], [false, false]);
    assert.ok(hasEnded(relay));
    assert.ok(fs.lstatSync(inner("tmp/left")).isSocket());
    const next = await startContainer("mortal");
    await TestProxy.start(next, "mortal", ...words);
    await next.kill();
  });

  test("it dies whole when its keeper or its relay is killed, and a new one takes its place and its files", async () => {
    const words = [onHost("listen", unix(file("killed"))), inside("connect", tcp(14020))];
    await serveInside(container, tcp(14020), "echo");
    const proxy = await TestProxy.start(container, "killed", ...words);
    const { relay } = proxy;
    const held = allOf(await reach(unix(file("killed"))));
    process.kill(proxy.pid, "SIGKILL");
    await held;
    await ended(relay);
    assert.ok(fs.lstatSync(file("killed")).isSocket());
    const next = await TestProxy.start(container, "killed", ...words);
    assert.equal(await askFromHost(unix(file("killed")), "again"), "again");
    const over = next.over();
    process.kill(next.relay, "SIGKILL");
    await over;
    assert.deepEqual([fs.existsSync(file("killed")), fs.existsSync(next.control)], [false, false]);
  });

  test("a living proxy's control socket is not taken from it", async () => {
    await TestProxy.start(container, "mine", onHost("listen", tcp(14006)), inside("connect", tcp(1)));
    const { error } = await TestProxy.ask(container, file("mine.proxy"), [
      onHost("listen", tcp(14007)),
      inside("connect", tcp(1)),
    ]);
    assert.deepEqual([error?.op, error?.errno], ["control", "EADDRINUSE"]);
    assert.equal(fs.statSync(file("mine.proxy")).mode & 0o777, 0o600);
  });

  test("a socket's file that nobody listens behind makes room, on both sides; a living one and any other file stay", async () => {
    await leaveDeadSocket(file("dead"));
    await leaveDeadSocket(inner("tmp/dead"));
    await start(onHost("listen", unix(file("dead"))), inside("connect", tcp(1)));
    await start(inside("listen", unix("/tmp/dead")), onHost("connect", tcp(1)));

    let connections = 0;
    const end = await serveOnHost(unix(file("alive")), (socket) => {
      connections += 1;
      socket.end("the other's");
    });
    fs.writeFileSync(file("plain"), "kept");
    fs.symlinkSync("nowhere", file("link"));
    for (const name of ["alive", "plain", "link"]) {
      const error = await refused(onHost("listen", unix(file(name))), inside("connect", tcp(1)));
      assert.deepEqual([error.errno, error.path], ["EADDRINUSE", file(name)]);
    }
    assert.equal(connections, 0, "the other server was not even asked");
    assert.equal(await askFromHost(unix(file("alive")), ""), "the other's");
    assert.equal(fs.readFileSync(file("plain"), "utf8"), "kept");
    assert.equal(fs.readlinkSync(file("link")), "nowhere");
    end();
  });

  test("a server that took the name of its socket keeps it when the proxy ends", async () => {
    const proxy = await start(onHost("listen", unix(file("taken"))), inside("connect", tcp(1)));
    fs.unlinkSync(file("taken"));
    const end = await serveOnHost(unix(file("taken")), (socket) => socket.end("mine now"));
    await proxy.end();
    assert.equal(await askFromHost(unix(file("taken")), ""), "mine now");
    end();
  });

  test("a socket's file has its owner and mode from the beginning, as its side sees them", async () => {
    const words = ["proxy-file", 1000, 1001, "0660"];
    await start(onHost("listen", unix(file("owned"))), inside("connect", tcp(1)), words);
    await start(inside("listen", unix("/tmp/owned")), onHost("connect", tcp(1)), words);
    await start(onHost("listen", unix(file("default"))), inside("connect", tcp(1)));
    const about = (name: string) => {
      const { uid, gid, mode } = fs.statSync(name);
      return [uid, gid, (mode & 0o7777).toString(8)];
    };
    assert.deepEqual(about(file("owned")), [1000, 1001, "660"]);
    assert.deepEqual(await container.sh("stat -c '%u %g %a' /tmp/owned"), "1000 1001 660");
    assert.deepEqual(about(file("default")), [0, 0, "644"]);
  });

  test("a guest that puts symlinks in the way has nothing made and nothing removed outside its root", async () => {
    const outside = file("outside");
    fs.mkdirSync(outside);
    const own = makeRoot(file("hostile"));
    fs.copyFileSync(talk, path.join(own, "bin/talk"));
    const hostile = await startContainer("hostile-c", { root: own });
    // the host's path, as a symlink of the guest names it
    await hostile.sh(
      `ln -s ${outside} /tmp/a; ln -s /../../../../../../..${outside} /tmp/b; ln -s / /tmp/c; ln -s /proc/1/root${outside} /tmp/d`,
    );
    for (const folder of ["/tmp/a", "/tmp/b", "/tmp/d", `/../../..${outside}`]) {
      const control = file("hostile.proxy");
      const { error } = await TestProxy.ask(hostile, control, [
        inside("listen", unix(`${folder}/sock`)),
        onHost("connect", tcp(1)),
      ]);
      assert.ok(["ENOENT", "ELOOP"].includes(error?.errno ?? ""), JSON.stringify(error));
    }
    const within = await TestProxy.start(
      hostile,
      "within",
      inside("listen", unix("/tmp/c/sock")),
      onHost("connect", tcp(1)),
    );
    assert.ok(fs.lstatSync(path.join(own, "sock")).isSocket(), "the guest's own root");
    await within.end();

    await hostile.sh("mkdir /tmp/real");
    const proxy = await TestProxy.start(
      hostile,
      "swapped",
      inside("listen", unix("/tmp/real/dead")),
      onHost("connect", tcp(1)),
    );
    await leaveDeadSocket(path.join(outside, "dead"));
    await hostile.sh(`mv /tmp/real /tmp/moved; ln -s ${outside} /tmp/real`);
    await proxy.end();
    assert.ok(fs.lstatSync(path.join(outside, "dead")).isSocket());
    assert.deepEqual(
      fs.readdirSync(outside).sort(),
      ["dead", "dead.alive"].filter((name) => fs.existsSync(path.join(outside, name))),
    );

    // nor does it lead the relay out: the server outside has the path that the guest's symlink names
    const end = await serveOnHost(unix(path.join(outside, "secret")), (socket) => socket.end("of the host"));
    await TestProxy.start(hostile, "led", onHost("listen", tcp(14008)), inside("connect", unix("/tmp/a/secret")));
    assert.equal(await askFromHost(tcp(14008), ""), "");
    end();
    await hostile.kill();
  });

  test("hundreds of ports are one proxy", async () => {
    await serveInside(container, tcp(2), "echo");
    const ports = Array.from({ length: 600 }, (_, index) => 15_000 + index);
    const proxy = await start(onHost("listen", ...ports.map(tcp)), inside("connect", tcp(2)));
    assert.equal(await askFromHost(tcp(15_599), "last"), "last");
    const within = await start(inside("listen", ...ports.map(tcp)), onHost("connect", tcp(15_000)));
    assert.equal(await askFromInside(container, tcp(15_599), "around"), "around");
    await within.end();
    await proxy.end();
    const { stdout } = spawnSync("ss", ["-Htln", "sport", ">=", ":15000", "and", "sport", "<=", ":15599"], {
      encoding: "utf8",
    });
    assert.equal(stdout.trim(), "");
  });
});
