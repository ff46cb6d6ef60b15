/** Who a proxy is: its relay's ids, capabilities, namespaces and descriptors, and who servers see. */
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { buildGuest } from "../support/guest";
import { enterOwnNetns } from "../support/netns";
import { Spawner, type Words } from "./client";
import { base, Container, makeRoot } from "./container";
import {
  askFromHost,
  askFromInside,
  inside,
  onHost,
  type Place,
  serveInside,
  serveOnHost,
  servePeerOnHost,
  TestProxy,
} from "./proxies";

const skip = enterOwnNetns();

describe("a proxy", { skip }, () => {
  let spawner: Spawner;
  let container: Container;
  let talk: string;
  before(async () => {
    spawner = await Spawner.start();
    const root = makeRoot(path.join(spawner.dir, "root"));
    talk = path.join(root, "bin/talk");
    buildGuest("talk", talk);
    container = await Container.start(spawner, "c", { root: ["root-dir", root], command: ["sleep", "1000000"] });
  });
  after(() => spawner.stop());

  let count = 0;
  const start = (...words: Words) => TestProxy.start(container, `p${++count}`, ...words);
  const file = (name: string) => path.join(spawner.dir, name);
  const tcp = (port: number): Place => ["tcp", "127.0.0.1", port];
  const unix = (name: string): Place => ["unix", name, ""];

  /** What each descriptor is. */
  const descriptors = (pid: number) => {
    const names = fs
      .readdirSync(`/proc/${pid}/fd`)
      .map((name) => fs.readlinkSync(`/proc/${pid}/fd/${name}`).replace(/:\[\d+\]/, ""));
    return names.sort();
  };
  const namespaces = (pid: number | string) =>
    Object.fromEntries(["mnt", "net", "pid", "user"].map((name) => [name, fs.readlinkSync(`/proc/${pid}/ns/${name}`)]));
  const nothing = "0".repeat(16);
  const overrideOnly = "0000000000000002";

  test("the relay of tcp and udp is nobody, without a capability, in the container's network alone", async () => {
    const proxy = await start(onHost("listen", tcp(14009), ["udp", "127.0.0.1", 14009]), inside("connect", tcp(1)));
    for (const field of ["CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb"])
      assert.equal(proxy.status(field), nothing, field);
    assert.equal(proxy.status("Uid"), "65534 65534 65534 65534");
    assert.equal(proxy.status("Gid"), "65534 65534 65534 65534");
    assert.equal(proxy.status("Groups"), "");
    assert.equal(proxy.status("NoNewPrivs"), "1");
    const [ours, theirs] = [namespaces("self"), namespaces(container.started.pid)];
    assert.deepEqual(namespaces(proxy.relay), { ...ours, net: theirs.net });
    assert.deepEqual(descriptors(proxy.relay), [
      "/dev/null",
      "/dev/null",
      "/dev/null",
      "anon_inode:[eventpoll]",
      "anon_inode:[eventpoll]",
      "socket",
      "socket",
    ]);
    // not dumpable: its files in /proc are root's though it is not
    assert.equal(fs.statSync(`/proc/${proxy.relay}/mem`).uid, 0);
    assert.match(fs.readFileSync(`/proc/${proxy.relay}/cmdline`, "latin1"), /^bothy proxy relay/);
    assert.match(fs.readFileSync(`/proc/${proxy.pid}/cmdline`, "latin1"), /^bothy proxy/);
  });

  test("the relay to the host's addresses is nobody as well, or who it is told to be", async () => {
    const proxy = await start(inside("listen", tcp(14010)), onHost("connect", tcp(1)));
    const named = await start(inside("listen", tcp(14011)), onHost("connect", tcp(1)), ["proxy-user", 1000, 1001]);
    assert.deepEqual([proxy.status("Uid").split(" ")[1], proxy.status("CapEff")], ["65534", nothing]);
    assert.deepEqual([named.status("Uid").split(" ")[1], named.status("Gid").split(" ")[1]], ["1000", "1001"]);
    assert.deepEqual([named.status("CapPrm"), named.status("CapBnd")], [nothing, nothing]);
    assert.deepEqual(namespaces(proxy.relay), namespaces("self"));
  });

  test("a unix server inside sees the user that the proxy connects as, which root's power to write all is kept for alone", async () => {
    await serveInside(container, unix("/tmp/peer"), "peer");
    await serveInside(container, unix("@peer"), "peer");
    await container.sh("chmod 0777 /tmp/peer; cp /bin/talk /tmp/talk");
    const asRoot = await start(onHost("listen", unix(file("as-root"))), inside("connect", unix("/tmp/peer")));
    const user: Words = ["proxy-user", 1000, 1001];
    const asUser = await start(onHost("listen", unix(file("as-user"))), inside("connect", unix("/tmp/peer")), user);
    await start(onHost("listen", unix(file("by-name"))), inside("connect", unix("@peer")), user);
    assert.equal(await askFromHost(unix(file("as-root")), ""), "0:0\n");
    assert.equal(await askFromHost(unix(file("as-user")), ""), "1000:1001\n");
    assert.equal(await askFromHost(unix(file("by-name")), ""), "1000:1001\n");
    assert.deepEqual([asRoot.status("Uid").split(" ")[1], asRoot.status("CapEff")], [String(base), overrideOnly]);
    assert.deepEqual([asUser.status("Uid").split(" ")[1], asUser.status("CapEff")], [String(base + 1000), nothing]);
    assert.deepEqual([asRoot.status("CapBnd"), asUser.status("CapBnd")], [overrideOnly, nothing]);
    assert.deepEqual(namespaces(asUser.relay), { ...namespaces(container.started.pid), pid: namespaces("self").pid });
    // who may not write to a socket may not connect to it, root may
    await container.sh("chown 1:1 /tmp/peer; chmod 0600 /tmp/peer");
    assert.equal(await askFromHost(unix(file("as-root")), ""), "0:0\n");
    assert.equal(await askFromHost(unix(file("as-user")), ""), "");
  });

  test("a unix server of the host sees the user that the proxy connects as", async () => {
    fs.chmodSync(spawner.dir, 0o755);
    const ends = [await servePeerOnHost(talk, unix(file("host-peer")))];
    fs.chmodSync(file("host-peer"), 0o777);
    const asRoot = await start(inside("listen", tcp(14012)), onHost("connect", unix(file("host-peer"))));
    const asUser = await start(inside("listen", tcp(14013)), onHost("connect", unix(file("host-peer"))), [
      "proxy-user",
      1000,
      1001,
    ]);
    assert.equal(await askFromInside(container, tcp(14012), ""), "0:0\n");
    assert.equal(await askFromInside(container, tcp(14013), ""), "1000:1001\n");
    assert.deepEqual([asRoot.status("CapEff"), asUser.status("CapEff")], [overrideOnly, nothing]);
    for (const end of ends) await end();
  });

  test("it works for a privileged container", async () => {
    const own = makeRoot(file("privileged"));
    fs.copyFileSync(talk, path.join(own, "bin/talk"));
    const privileged = await Container.start(spawner, "privileged-c", {
      root: ["root-dir", own],
      map: [],
      seccomp: "privileged",
      command: ["sleep", "1000000"],
    });
    await serveInside(privileged, tcp(1), "echo");
    await serveInside(privileged, unix("/tmp/peer"), "peer");
    const end = await serveOnHost(tcp(14014), (socket) => void socket.pipe(socket));
    const words: [string, Words][] = [
      ["v1", [onHost("listen", tcp(14015)), inside("connect", tcp(1))]],
      ["v2", [onHost("listen", tcp(14016)), inside("connect", unix("/tmp/peer"))]],
      ["v3", [inside("listen", unix("/tmp/out"), tcp(14017)), onHost("connect", tcp(14014))]],
    ];
    for (const [name, more] of words) await TestProxy.start(privileged, name, ...more);
    assert.equal(await askFromHost(tcp(14015), "one"), "one");
    assert.equal(await askFromHost(tcp(14016), ""), "0:0\n");
    assert.equal(await askFromInside(privileged, unix("/tmp/out"), "two"), "two");
    assert.equal(await askFromInside(privileged, tcp(14017), "three"), "three");
    end();
    await privileged.kill();
  });
});
