/**
 * When settings are judged: at once what a request brings and what is wrong for ever, at the start what may be right by then. The verdicts are
 * LXD 5.0.2's, taken from it case by case, unless a row says otherwise.
 */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import type { Device, Devices } from "../../sdk/api/common";
import { hasProgram } from "../support/netns";
import { requireFeature } from "../support/require";
import { shareDaemon } from "../support/shared-daemon";

const skip = requireFeature("root", process.getuid?.() === 0) || requireFeature("nft", hasProgram("nft"));
const folder = mkdtempSync(path.join(tmpdir(), "bothy-sources-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const address = "10.99.6.50";
const hwaddr = "00:16:3e:00:aa:01";
const nic = (more: Device = {}): Device => ({ type: "nic", network: "net6", name: "eth0", ...more });
const disk = (source: string, more: Device = {}): Device => ({ type: "disk", source, path: "/x", ...more });
const busybox = { source: { type: "image", alias: "template:busybox" } };

const shared = shareDaemon({ bare: false }, async ({ client }) => {
  await client.createNetwork({ name: "net6", config: { "ipv4.address": "10.99.6.1/24", "ipv4.nat": "false" } });
  await client.createProfile({ name: "extra" });
  await (
    await client.createInstance({
      name: "holder",
      ...busybox,
      devices: { eth0: nic({ "ipv4.address": address, hwaddr }) },
    })
  ).wait();
  await (await client.setInstanceState("holder", { action: "start" })).wait();
});

const post = (name: string, body: object) => shared.outcome("POST", "/1.0/instances", { name, ...busybox, ...body });
const patch = (name: string, body: object) => shared.outcome("PATCH", `/1.0/instances/${name}`, body);
const act = (name: string, action: string) =>
  shared.outcome("PUT", `/1.0/instances/${name}/state`, { action, force: true });

async function remove(...names: string[]): Promise<void> {
  for (const name of names) {
    if ((await shared.send("GET", `/1.0/instances/${name}`)).status === 404) continue;
    await act(name, "stop");
    const gone = await shared.outcome("DELETE", `/1.0/instances/${name}`);
    assert.equal(gone.status, 200, gone.error);
  }
}

/** What comes of it: taken, or refused with words like these. */
type Verdict = "taken" | RegExp;

function assertVerdict(told: { status: number; error: string }, verdict: Verdict, what: string): void {
  if (verdict === "taken") assert.ok(told.status < 400, `${what}: ${told.error}`);
  else {
    assert.ok(told.status >= 400, `${what} is refused`);
    assert.match(told.error, verdict, what);
  }
}

const missing = /Missing source path "\/no\/such" for disk "x"/;
const definedIp =
  /Failed start validation for device "eth0": IP address "10\.99\.6\.50" already defined on another NIC.*holder/;
const definedMac =
  /Failed start validation for device "eth0": MAC address "00:16:3e:00:aa:01" already defined on another NIC.*holder/;

/** Devices of a new instance: what its creation says, and what its start says. */
const made: [what: string, devices: Devices, creation: Verdict, start?: Verdict][] = [
  ["an address that a running instance has", { eth0: nic({ "ipv4.address": address }) }, "taken", definedIp],
  ["a hardware address that a running instance has", { eth0: nic({ hwaddr }) }, "taken", definedMac],
  ["the same in capitals", { eth0: nic({ hwaddr: hwaddr.toUpperCase() }) }, "taken", /already defined on another NIC/],
  ["that hardware address on another bridge", { eth0: { type: "nic", nictype: "p2p", hwaddr } }, "taken", "taken"],
  [
    "one address twice",
    { eth0: nic({ hwaddr: "00:16:3e:00:aa:02" }), eth1: nic({ name: "eth1", hwaddr: "00:16:3e:00:aa:02" }) },
    "taken",
    /already defined on another NIC/,
  ],
  ["an address of elsewhere", { eth0: nic({ "ipv4.address": "10.98.0.5" }) }, /outside the subnet/],
  ["the gateway's address", { eth0: nic({ "ipv4.address": "10.99.6.1" }) }, /needs it for itself/],
  [
    "a network that is not there",
    { eth0: { type: "nic", network: "nosuch" } },
    /Failed loading network "nosuch".*Network not found/,
  ],
  ["a bridge that is not there", { eth0: { type: "nic", nictype: "bridged", parent: "nosuch" } }, "taken", /nosuch/],
  ["two nics of one name", { eth0: nic(), eth1: nic() }, /Duplicate NIC name detected "eth0"/],
  ["a name that the host has", { eth0: { type: "nic", nictype: "p2p", host_name: "net6" } }, "taken", /EEXIST|exists/],
  ["a host folder that is not there", { x: disk("/no/such") }, missing],
  ["one that need not be there", { x: disk("/no/such", { required: "false" }) }, "taken", "taken"],
  ["two disks at one place", { x: disk("/usr"), y: disk("/usr") }, /the disk "x" has the path/],
  ["a place without a slash", { x: disk("/usr/share", { path: "mnt/x" }) }, "taken", "taken"],
  ["a place by way of another", { x: disk("/usr/share", { path: "/mnt/y/../x" }) }, "taken", "taken"],
  ["a source by way of another", { x: disk("/usr/lib/../share") }, "taken", "taken"],
  ["a pool that is not there", { root: { type: "disk", path: "/", pool: "nosuch" } }, /[Ss]torage pool not found/],
  ["no root disk", { root: { type: "none" } }, /No root device could be found/],
];

test("a new instance is taken with what counts at its start only, and the start says what does not fit", {
  skip,
}, async () => {
  for (const [what, devices, creation, start] of made) {
    assertVerdict(await post("fresh", { devices }), creation, `made with ${what}`);
    if (start !== undefined) assertVerdict(await act("fresh", "start"), start, `started with ${what}`);
    await remove("fresh");
  }
});

/** Changes of a stopped and of a running instance. */
const changes: [what: string, body: object, verdict: Verdict, whenRunning?: Verdict][] = [
  ["privileged", { config: { "security.privileged": "true" } }, "taken"],
  ["unprivileged", { config: { "security.privileged": "" } }, "taken"],
  ["nesting", { config: { "security.nesting": "true" } }, "taken"],
  ["raw.lxc", { config: { "raw.lxc": "lxc.signal.halt=SIGUSR2" } }, "taken"],
  ["no raw.lxc", { config: { "raw.lxc": "" } }, "taken"],
  ["a line that is none", { config: { "raw.lxc": "garbage" } }, /raw\.lxc/],
  ["a hardware address of the next start", { config: { "volatile.eth0.hwaddr": "00:16:3e:00:bb:01" } }, "taken"],
  ["one that is none", { config: { "volatile.eth0.hwaddr": "00:16" } }, /hardware address/],
  [
    "limits of the next start",
    { config: { "limits.kernel.nofile": "1000", "linux.sysctl.net.ipv4.ip_forward": "1" } },
    "taken",
  ],
  [
    "keys that nothing follows",
    { config: { "environment.A": "b", "cloud-init.user-data": "#", "boot.autostart": "false" } },
    "taken",
  ],
  [
    "an address that another has",
    { devices: { eth0: nic({ "ipv4.address": address }) } },
    /Failed update validation for device "eth0": IP address "10\.99\.6\.50" already defined on another NIC/,
  ],
  [
    "a hardware address that another has",
    { devices: { eth0: nic({ hwaddr }) } },
    /MAC address "00:16:3e:00:aa:01" already defined on another NIC/,
  ],
  ["a host folder that is not there", { devices: { x: disk("/no/such") } }, missing],
  ["a network that is not there", { devices: { eth1: { type: "nic", network: "nosuch" } } }, /Network not found/],
  [
    "a bridge that is not there",
    { devices: { eth1: { type: "nic", nictype: "bridged", parent: "nosuch" } } },
    "taken",
    /nosuch/,
  ],
  ["that bridge no more", { devices: { eth1: { type: "none" } } }, "taken"],
  ["another pool", { devices: { root: { type: "disk", path: "/", pool: "nosuch" } } }, /pool/],
  ["the same pool as its own", { devices: { root: { type: "disk", path: "/", pool: "default" } } }, "taken"],
  ["no root", { devices: { root: { type: "none" } } }, /No root device could be found/],
  ["ephemeral", { ephemeral: true }, "taken"],
  ["not ephemeral", { ephemeral: false }, "taken"],
  ["a profile", { profiles: ["default", "extra"] }, "taken"],
  ["a profile that is not there", { profiles: ["nosuch"] }, /Requested profile "nosuch" doesn't exist/],
  ["a profile twice", { profiles: ["extra", "extra"] }, /Duplicate profile/],
];

for (const state of ["stopped", "running"])
  test(`a ${state} instance takes what LXD takes, and keeps it`, { skip }, async () => {
    assert.equal((await post("changed", { devices: { eth0: nic() } })).status, 200);
    if (state === "running") assert.equal((await act("changed", "start")).status, 200);
    for (const [what, body, verdict, whenRunning] of changes)
      assertVerdict(await patch("changed", body), (state === "running" && whenRunning) || verdict, what);
    const { config } = (await shared.client.getInstance("changed")).value;
    assert.equal(config["security.nesting"], "true");
    assert.equal((await act("changed", state === "running" ? "restart" : "start")).status, 200);
    const { stdout } = await shared.client.execOutput("changed", { command: ["cat", "/proc/sys/net/ipv4/ip_forward"] });
    assert.equal(String(stdout), "1\n");
    const mac = await shared.client.execOutput("changed", { command: ["cat", "/sys/class/net/eth0/address"] });
    assert.equal(String(mac.stdout), "00:16:3e:00:bb:01\n");
    await remove("changed");
  });

test("a copy is taken whatever runs, and its start is refused as long as its address is in use", { skip }, async () => {
  const source = { type: "copy", source: "holder" };
  assert.equal((await post("copy", { source })).status, 200);
  assert.equal((await shared.client.getInstance("copy")).value.devices.eth0?.["ipv4.address"], address);
  assertVerdict(await act("copy", "start"), /already defined on another NIC.*holder/, "while the source runs");
  assert.equal((await act("holder", "stop")).status, 200);
  assert.equal(
    (await patch("copy", { devices: { eth0: nic({ "ipv4.address": address }) } })).status,
    409,
    "as LXD, a change is judged by all",
  );
  assert.equal(
    (
      await shared.outcome("PUT", "/1.0/instances/copy", {
        ...(
          await shared.client.getInstance("copy")
        ).value,
        description: "d",
      })
    ).status,
    200,
  );
  await remove("copy");
  assert.equal((await act("holder", "start")).status, 200);
});

test("an address is whose instance runs: it goes to another that starts meanwhile, and of two the first has it", {
  skip,
}, async () => {
  const devices = { eth0: nic({ "ipv4.address": "10.99.6.77" }) };
  for (const name of ["one", "two"]) assert.equal((await post(name, { devices })).status, 200);
  const told = await Promise.all(["one", "two"].map((name) => act(name, "start")));
  assert.deepEqual(told.map(({ status }) => status).sort(), [200, 400], JSON.stringify(told));
  const [up, down] = told[0]?.status === 200 ? ["one", "two"] : ["two", "one"];
  assertVerdict(
    await act(String(down), "start"),
    /IP address "10\.99\.6\.77" already defined on another NIC/,
    "the second",
  );
  assert.equal((await act(String(up), "stop")).status, 200);
  assert.equal((await act(String(down), "start")).status, 200);
  const { network } = await shared.client.waitInstance(String(down), { for: "ipv4", timeoutSeconds: 60 });
  assert.equal(network?.eth0?.addresses[0]?.address, "10.99.6.77");
  assertVerdict(await act(String(up), "start"), /already defined on another NIC/, "who had it before");
  await remove("one", "two");
});

test("a running container goes on as it was made until it starts again, also under the next daemon", {
  skip,
}, async () => {
  const { client, daemon } = shared;
  assert.equal((await post("asmade", {})).status, 200);
  assert.equal((await act("asmade", "start")).status, 200);
  assert.equal(
    (await patch("asmade", { config: { "security.privileged": "true", "security.nesting": "true" } })).status,
    200,
  );
  const source = path.join(folder, "plugged");
  mkdirSync(source, { mode: 0o755 });
  for (const round of [1, 2]) {
    const map = await client.execOutput("asmade", { command: ["cat", "/proc/self/uid_map"] });
    assert.match(String(map.stdout), /^\s+0\s+[1-9]\d+\s+65536\n$/, "who enters is in its user namespace");
    await client.putFile("asmade", "/root/file", "text", { uid: 5, mode: 0o600 });
    const seen = await client.execOutput("asmade", { command: ["stat", "-c", "%u %a", "/root/file"] });
    assert.equal(String(seen.stdout), "5 600\n");
    const plugged = { x: { type: "disk", source, path: `/plugged${round}` } };
    assert.equal((await patch("asmade", { devices: plugged })).status, 200);
    const there = await client.execOutput("asmade", { command: ["test", "-d", `/plugged${round}`] });
    assert.equal(there.code, 0);
    await daemon.stop();
    await daemon.start();
  }
  assert.equal((await act("asmade", "restart")).status, 200);
  const map = await client.execOutput("asmade", { command: ["cat", "/proc/self/uid_map"] });
  assert.match(String(map.stdout), /^\s+0\s+0\s+4294967295\n$/, "from now on it is privileged");
  const seen = await client.execOutput("asmade", { command: ["stat", "-c", "%u %a", "/root/file"] });
  assert.equal(String(seen.stdout), "5 600\n");
  await remove("asmade");
});

test("a changed resource limit is a command's at its next exec, and the init's at its next start", {
  skip,
}, async () => {
  const { client } = shared;
  const limitOf = async (pid: string) => {
    const { stdout } = await client.execOutput("bounded", { command: ["grep", "open files", `/proc/${pid}/limits`] });
    return String(stdout).trim().split(/\s+/).slice(3, 5).join(":");
  };
  assert.equal((await post("bounded", { config: { "limits.kernel.nofile": "100:200" } })).status, 200);
  assert.equal((await act("bounded", "start")).status, 200);
  assert.equal((await patch("bounded", { config: { "limits.kernel.nofile": "300:400" } })).status, 200);
  assert.deepEqual([await limitOf("1"), await limitOf("self")], ["100:200", "300:400"]);
  assert.equal((await act("bounded", "restart")).status, 200);
  assert.deepEqual([await limitOf("1"), await limitOf("self")], ["300:400", "300:400"]);
  await remove("bounded");
});
