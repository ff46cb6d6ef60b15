/** Images of OCI: from a registry to a container that runs what its image says (docs/oci.md). */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, test } from "node:test";
import { preparePool } from "../support/daemon";
import { hasProgram } from "../support/netns";
import { busyboxLayer, type ImageParts, type OciImage, ociImage } from "../support/oci";
import { lacksOci } from "../support/oci-scene";
import { Registry } from "../support/registry";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";
import { until } from "../support/until";

const skip = lacksOci();

let registry: Registry;
after(() => registry?.[Symbol.asyncDispose]());

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  registry = await Registry.start(daemon.netns.pid, { port: 5000 });
});

/** Says what it was started with, leaves an orphan behind and waits; ends orderly when it is asked by its own signal. */
const script = `#!/bin/sh
echo "started $*"
env > /tmp/env
id > /tmp/id
pwd > /tmp/pwd
(sleep 0.1 &)
trap 'echo asked > /srv/app/asked; exit 7' QUIT
while :; do sleep 0.05; done
`;

const app: ImageParts = {
  layers: [
    [
      ...busyboxLayer(),
      { name: "etc/gone", content: "x" },
      { name: "etc/dir/", type: "directory" },
      { name: "etc/dir/old", content: "x" },
      { name: "run.sh", content: script, mode: 0o755 },
    ],
    [
      { name: "etc/.wh.gone", content: "" },
      { name: "etc/dir/", type: "directory" },
      { name: "etc/dir/.wh..wh..opq", content: "" },
      { name: "etc/dir/new", content: "y" },
      { name: "etc/group", content: "root:x:0:\napp:x:1001:\naudio:x:29:app\nvideo:x:44:root,app\nother:x:45:root\n" },
      { name: "srv/", type: "directory", mode: 0o755 },
      { name: "srv/app/", type: "directory", mode: 0o750, uid: 1000, gid: 1001 },
    ],
  ],
  run: {
    User: "app",
    Env: ["PATH=/bin", "GREETING=hello 'world'", "EMPTY="],
    Entrypoint: ["/run.sh"],
    Cmd: ["one", "two words"],
    WorkingDir: "/srv/app",
    StopSignal: "SIGQUIT",
  },
};

const source = (alias: string) => ({ type: "image", mode: "pull", server: registry.url, protocol: "oci", alias });

async function launch(name: string, image: OciImage | undefined, more: object = {}): Promise<void> {
  const { client } = shared;
  if (image !== undefined) registry.offer(name, "latest", image);
  await (await client.createInstance({ name, source: source(name), ...more })).wait();
  await (await client.setInstanceState(name, { action: "start" })).wait();
}

async function inside(name: string, ...command: string[]): Promise<string> {
  const { stdout } = await shared.client.execOutput(name, { command });
  return String(stdout).trim();
}

const remove = async (name: string) => (await shared.client.deleteInstance(name, { force: true })).wait();
const stop = async (name: string, more: object = {}) =>
  (await shared.client.setInstanceState(name, { action: "stop", timeout: 20, ...more })).wait();
const consoleOf = async (name: string) => (await shared.send("GET", `/1.0/instances/${name}/console`)).text;
const statusOf = async (name: string) => (await shared.client.getInstance(name)).value.status;

test("a container runs its image's command as its user, with its environment, in its folder, below our own process 1", {
  skip,
}, async () => {
  const { client } = shared;
  await launch("app", await ociImage(app));
  const { value } = await client.getInstance("app");
  assert.deepEqual(
    Object.fromEntries(Object.entries(value.config).filter(([key]) => /^(oci|environment|image)\.|\.oci/.test(key))),
    {
      "environment.GREETING": "hello 'world'",
      "environment.HOME": "/srv/app",
      "environment.PATH": "/bin",
      "image.architecture": value.architecture,
      "image.description": "app (OCI)",
      "image.id": "app",
      "image.type": "oci",
      "oci.cwd": "/srv/app",
      "oci.entrypoint": "/run.sh one 'two words'",
      "oci.gid": "1001",
      "oci.uid": "1000",
      "volatile.container.oci": "true",
      "volatile.container.oci.filled": value.config["volatile.container.oci.filled"],
      "volatile.container.oci.groups": "1000:29,44",
      "volatile.container.oci.stop_signal": "SIGQUIT",
    },
  );
  await until(async () => (await inside("app", "cat", "/tmp/pwd")) !== "");
  assert.equal(await inside("app", "cat", "/tmp/pwd"), "/srv/app");
  assert.equal(await inside("app", "cat", "/tmp/id"), "uid=1000(app) gid=1001(app) groups=29(audio),44(video)");
  const environment = (await inside("app", "cat", "/tmp/env")).split("\n");
  for (const variable of ["GREETING=hello 'world'", "HOME=/srv/app", "PATH=/bin"])
    assert.ok(environment.includes(variable), variable);
  // Whiteouts, of one name and of all that a folder had.
  assert.equal(await inside("app", "ls", "/etc/dir"), "new");
  assert.equal(await inside("app", "sh", "-c", "test -e /etc/gone && echo there || echo gone"), "gone");
  assert.equal(await inside("app", "cat", "/etc/hostname"), "app");
  // Whose parent is gone is reaped by process 1; the command is its child.
  await until(async () => {
    const processes = await inside("app", "ps", "-o", "pid,ppid,stat,comm");
    return !/\bZ\b/.test(processes) && !/sleep 0\.1/.test(processes);
  });
  assert.match(await inside("app", "cat", "/etc/hosts"), /^127\.0\.0\.1\s+localhost$/m);
  const about = await inside("app", "sh", "-c", "grep -hE '^(Name|PPid|Uid)' /proc/1/status /proc/2/status");
  assert.deepEqual(about.split(/\s+/), [
    ...["Name:", "init", "PPid:", "0", "Uid:", "0", "0", "0", "0"],
    ...["Name:", "run.sh", "PPid:", "1", "Uid:", "1000", "1000", "1000", "1000"],
  ]);

  // Its output is the console's; a clean stop asks by the image's own signal, and how it ended is in the log.
  await until(async () => (await consoleOf("app")).includes("started one two words"));
  await stop("app");
  assert.equal(await statusOf("app"), "Stopped");
  const log = await shared.send("GET", "/1.0/instances/app/logs/lxc.log");
  assert.match(log.text, /Ended: \{"code":7,"reason":"exit"\}/);

  // Again, with another command, environment and user: what the instance says counts before its image.
  const changed = {
    config: {
      "oci.entrypoint": `/bin/sh -c 'id -u > /tmp/id; echo "$GREETING" > /tmp/greeting; exec sleep 1000'`,
      "oci.uid": "0",
      "environment.GREETING": "other",
    },
  };
  assert.equal((await shared.send("PATCH", "/1.0/instances/app", changed)).status, 200);
  await (await client.setInstanceState("app", { action: "start" })).wait();
  await until(async () => (await inside("app", "cat", "/tmp/greeting")) === "other");
  assert.equal(await inside("app", "cat", "/tmp/id"), "0");
  assert.match(
    await inside("app", "sh", "-c", "grep -h ^Groups /proc/2/status"),
    /^Groups:\s*$/,
    "another user has none of the image's user's groups",
  );
  assert.equal(await inside("app", "cat", "/srv/app/asked"), "asked", "what it wrote is kept");
  await (await client.setInstanceState("app", { action: "restart", timeout: 20 })).wait();
  assert.equal(await statusOf("app"), "Running");

  // A copy runs the same.
  await (await client.createInstance({ name: "twin", source: { type: "copy", source: "app" } })).wait();
  await (await client.setInstanceState("twin", { action: "start" })).wait();
  await until(async () => (await inside("twin", "cat", "/tmp/greeting")) === "other");

  // An image of it runs the same, with the environment of the image that it was made of.
  await stop("twin");
  const published = await shared.outcome("POST", "/1.0/images", { source: { type: "instance", name: "twin" } });
  const { fingerprint } = published.metadata as { fingerprint: string };
  await (await client.createInstance({ name: "again", source: { type: "image", fingerprint } })).wait();
  const { config } = (await client.getInstance("again")).value;
  assert.equal(config["oci.entrypoint"], changed.config["oci.entrypoint"]);
  assert.equal(config["environment.GREETING"], "hello 'world'");
  assert.equal(config["volatile.container.oci.stop_signal"], "SIGQUIT");
  for (const name of ["app", "twin", "again"]) await remove(name);
});

test("a rebuild takes out what the old image gave, brings what the new one gives, and leaves what is the user's", {
  skip,
}, async () => {
  const { client } = shared;
  const old = { PATH: "/bin", OLD: "1", BOTH: "old", MINE: "old" };
  const envOf = (all: object) => Object.entries(all).map(([name, value]) => `${name}=${value}`);
  const layers = [busyboxLayer()];
  registry.offer("old", "1", await ociImage({ layers, run: { Cmd: ["/bin/sleep", "1000"], Env: envOf(old) } }));
  const newer = { PATH: "/bin:/sbin", NEW: "1", BOTH: "new", MINE: "new", SHARED: "new" };
  const run = { Cmd: ["/bin/sleep", "2000"], Env: envOf(newer), WorkingDir: "/tmp", StopSignal: "SIGINT" };
  registry.offer("new", "1", await ociImage({ layers, run }));
  await client.createProfile({ name: "says", config: { "environment.SHARED": "profile" } });
  await (
    await client.createInstance({
      name: "re",
      profiles: ["default", "says"],
      source: source("old:1"),
      config: { "environment.OWN": "own" },
    })
  ).wait();
  const mine = { config: { "environment.MINE": "mine", "oci.uid": "7" } };
  assert.equal((await shared.send("PATCH", "/1.0/instances/re", mine)).status, 200);
  // The old image is gone by the time of the rebuild.
  const { value: before } = await client.getInstance("re");
  await (await client.deleteImage(before.config["volatile.base_image"] ?? "")).wait();
  await (await client.rebuildInstance("re", { source: source("new:1") })).wait();
  const told = (await client.getInstance("re")).value.config;
  const kept = Object.entries(told).filter(([key]) => /^(oci|environment)\.|oci\.stop_signal/.test(key));
  assert.deepEqual(Object.fromEntries(kept), {
    "environment.BOTH": "new",
    "environment.HOME": "/root",
    "environment.MINE": "mine",
    "environment.NEW": "1",
    "environment.OWN": "own",
    "environment.PATH": "/bin:/sbin",
    "oci.cwd": "/tmp",
    "oci.entrypoint": "/bin/sleep 2000",
    "oci.gid": "0",
    "oci.uid": "7",
    "volatile.container.oci.stop_signal": "SIGINT",
  });

  await (await client.rebuildInstance("re", { source: { type: "none" } })).wait();
  const bare = (await client.getInstance("re")).value.config;
  assert.deepEqual(
    Object.keys(bare)
      .filter((key) => /^(oci|environment)\.|\.oci/.test(key))
      .sort(),
    ["environment.MINE", "environment.OWN", "oci.uid"],
  );
  await remove("re");
  await client.deleteProfile("says");
});

test("folders that an image declares are there, within its root, and its command's own end stops the container", {
  skip,
}, async () => {
  const layers = [
    busyboxLayer(),
    [
      { name: "var/", type: "directory" as const, mode: 0o755 },
      { name: "var/run", type: "symlink" as const, linkname: "/run" },
      { name: "out", type: "symlink" as const, linkname: "../../../../tmp" },
    ],
  ];
  const run = {
    Cmd: ["/bin/sh", "-c", "pwd; exit 3"],
    Env: ["PATH=/bin"],
    WorkingDir: "/desk/here",
    Volumes: { "/data/deep": {}, "/var/run/app": {}, "/out/bothy-declared": {} },
  };
  await launch("ends", await ociImage({ layers, run }));
  await until(async () => (await statusOf("ends")) === "Stopped");
  assert.match(await consoleOf("ends"), /\/desk\/here/);
  const log = await shared.send("GET", "/1.0/instances/ends/logs/lxc.log");
  assert.match(log.text, /Ended: \{"code":3,"reason":"exit"\}/);
  for (const folder of ["/data/deep", "/run/app", "/tmp/bothy-declared"]) {
    const answer = await shared.send("GET", `/1.0/instances/ends/files?path=${folder}`);
    assert.equal(answer.headers["x-lxd-type"], "directory", folder);
  }
  assert.ok(!existsSync("/tmp/bothy-declared"));
  await remove("ends");
});

async function addressOf(name: string): Promise<string | undefined> {
  const { network } = await shared.client.getInstanceState(name);
  return network?.eth0?.addresses.find(({ family }) => family === "inet")?.address;
}

test("a container without a DHCP client has its address, its way out and its names from its beginning, and keeps the address", {
  skip: skip || requireFeature("dnsmasq", hasProgram("dnsmasq") && hasProgram("nft")),
}, async () => {
  const { client } = shared;
  await client.createNetwork({ name: "lan", config: { "ipv4.address": "10.77.0.1/29" } });
  const devices = { eth0: { type: "nic", network: "lan" } };
  const waits = await ociImage({ ...app, run: { Cmd: ["/bin/sleep", "1000"], Env: ["PATH=/bin"] } });
  await launch("first", waits, { devices });
  const address = await addressOf("first");
  assert.match(address ?? "", /^10\.77\.0\.[2-6]$/);
  assert.match(await inside("first", "ip", "route"), /default via 10\.77\.0\.1 dev eth0/);
  assert.equal(await inside("first", "cat", "/etc/resolv.conf"), "nameserver 10.77.0.1\nsearch lxd");
  const leases = (await shared.send("GET", "/1.0/networks/lan/leases")).json.metadata as { address: string }[];
  assert.ok(leases.some((lease) => lease.address === address));

  registry.offer("second", "latest", waits);
  const chosen = address === "10.77.0.6" ? "10.77.0.5" : "10.77.0.6";
  await launch("second", waits, { devices: { eth0: { ...devices.eth0, "ipv4.address": chosen } } });
  assert.equal(await addressOf("second"), chosen);
  // The name server sees its folder change in a moment.
  await until(async () => (await inside("second", "nslookup", "first.lxd").catch(() => "")).includes(` ${address}`));
  // Its kernel takes an address of IPv6 by itself, and that one is named too.
  const ipv6 = async () =>
    (await client.getInstanceState("first")).network?.eth0?.addresses.find(
      ({ family, scope }) => family === "inet6" && scope === "global",
    )?.address;
  await until(async () => {
    const named = await inside("second", "nslookup", "-type=aaaa", "first.lxd").catch(() => "");
    return named.includes(` ${(await ipv6()) ?? "none"}`);
  });
  await stop("first", { force: true });
  await (await client.setInstanceState("first", { action: "start" })).wait();
  assert.equal(await addressOf("first"), address);

  // One that comes while it runs has its own.
  const more = { devices: { eth1: { type: "nic", network: "lan", name: "eth1" } } };
  assert.equal((await shared.send("PATCH", "/1.0/instances/first", more)).status, 200);
  assert.match(await inside("first", "ip", "-4", "addr", "show", "eth1"), /inet 10\.77\.0\.\d\/29/);

  // Five addresses: two go to others, and then there is none.
  await launch("third", waits, { devices: { eth0: devices.eth0, eth1: { ...devices.eth0, name: "eth1" } } });
  registry.offer("fourth", "latest", waits);
  await assert.rejects(launch("fourth", waits, { devices }), /network "lan" has no free address/);
  for (const name of ["first", "second", "third", "fourth"]) await remove(name);
  await client.deleteNetwork("lan");
});
