/** Instances in ordinary life, two: devices and privileges as seen from inside, and starts that cannot be. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";

const host = mkdtempSync(path.join(tmpdir(), "bothy-host-"));
after(() => rmSync(host, { recursive: true }));

const shared = shareDaemon({}, async (daemon) => {
  chmodSync(host, 0o755);
  mkdirSync(path.join(host, "folder"));
  writeFileSync(path.join(host, "folder/file"), "of the host\n");
  await preparePool(daemon, "overlay");
  await daemon.client.createNetwork({ name: "net0", config: { "ipv4.address": "10.118.7.1/24" } });
  // The image is there before the first scene is looked at.
  await (await daemon.client.createImage({ source: { type: "template", template: "busybox" } })).wait();
});

const image = { type: "image", alias: "template:busybox" };

async function create(name: string, more: object = {}): Promise<void> {
  const told = await shared.outcome("POST", "/1.0/instances", { name, source: image, ...more });
  assert.equal(told.status, 200, told.error);
}

async function act(name: string, action: string, more: object = {}): Promise<void> {
  const told = await shared.outcome("PUT", `/1.0/instances/${name}/state`, { action, ...more });
  assert.equal(told.status, 200, `${action} ${name}: ${told.error}`);
}

async function launch(name: string, more: object = {}): Promise<void> {
  await create(name, more);
  await act(name, "start");
}

async function remove(name: string): Promise<void> {
  if ((await shared.client.getInstance(name)).value.status !== "Stopped") await act(name, "stop", { force: true });
  assert.equal((await shared.outcome("DELETE", `/1.0/instances/${name}`)).status, 200);
}

async function inside(name: string, script: string): Promise<string> {
  const { stdout, stderr } = await shared.client.execOutput(name, { command: ["sh", "-c", script] });
  return String(stdout).trim() + String(stderr).trim();
}

const disk = (more: object) => ({ type: "disk", source: path.join(host, "folder"), path: "/mnt/host", ...more });
const nic = (more: object) => ({ type: "nic", network: "net0", ...more });

const impossible: readonly (readonly [what: string, body: object, message: RegExp])[] = [
  ["a disk whose source is gone", { devices: { d: disk({ source: `${host}/vanishing` }) } }, /vanishing/],
  ["a disk below a file", { devices: { d: disk({ path: "/etc/passwd/below" }) } }, /passwd|below/],
  ["a file over a folder", { devices: { d: disk({ source: `${host}/folder/file`, path: "/etc" }) } }, /etc/],
  ["an init that is missing", { config: { "raw.lxc": "lxc.init.cmd = /sbin/nothing/init" } }, /nothing/],
  ["an init that is not a program", { config: { "raw.lxc": "lxc.init.cmd = /etc/init" } }, /init/],
  ["a kernel parameter that is none", { config: { "linux.sysctl.net.nothing": "1" } }, /net[./]nothing/],
  ["a kernel parameter of the host's", { config: { "linux.sysctl.kernel.panic": "1" } }, /kernel[./]panic/],
  ["a bridge that is missing", { devices: { eth0: { type: "nic", nictype: "bridged", parent: "nobr" } } }, /nobr/],
  ["a name on the host that is taken", { devices: { eth0: nic({ host_name: "net0" }) } }, /net0|EEXIST|exists/],
  ["a slice of processor time that no kernel gives", { config: { "limits.cpu.allowance": "25ms/5000ms" } }, /cpu\./],
];

for (const [index, [what, body, message]] of impossible.entries())
  test(`a start with ${what} fails and says why; no process, mount, group, interface or folder of it is left`, async () => {
    const name = `never-${index}`;
    await launch(name);
    await act(name, "stop", { force: true });
    const wrong = { config: {}, devices: {}, profiles: ["default"], ...body };
    mkdirSync(path.join(host, "vanishing"));
    assert.equal((await shared.outcome("PUT", `/1.0/instances/${name}`, wrong)).status, 200);
    rmdirSync(path.join(host, "vanishing"));
    await shared.unchanged(async () => {
      const told = await shared.outcome("PUT", `/1.0/instances/${name}/state`, { action: "start" });
      assert.notEqual(told.status, 200);
      assert.match(told.error, message);
      assert.equal((await shared.client.getInstance(name)).value.status, "Stopped");
    });
    // What was wrong is put right, and it starts.
    const put = { config: {}, devices: {}, profiles: ["default"] };
    assert.equal((await shared.outcome("PUT", `/1.0/instances/${name}`, put)).status, 200);
    await act(name, "start");
    await remove(name);
  });

test("a disk that is not required is left out when its source is missing", async () => {
  for (const word of ["false", "no", "0"]) {
    await launch("lenient", { devices: { d: disk({ source: `${host}/nothing`, required: word }) } });
    await remove("lenient");
  }
});

test("a folder of the host is seen inside, read-only when asked, and shifted into the container's ids when asked", async () => {
  await launch("disks", {
    devices: {
      plain: disk({}),
      fixed: disk({ path: "/mnt/fixed", readonly: "true" }),
      shifted: disk({ path: "/mnt/shifted", shift: "true" }),
      file: disk({ source: `${host}/folder/file`, path: "/mnt/file" }),
    },
  });
  assert.equal(
    await inside("disks", "cat /mnt/host/file /mnt/fixed/file /mnt/shifted/file /mnt/file"),
    "of the host\n".repeat(4).trim(),
  );
  assert.equal(await inside("disks", "stat -c %u /mnt/host/file /mnt/shifted/file"), "65534\n0");
  assert.match(await inside("disks", "touch /mnt/fixed/x"), /Read-only/);
  assert.match(await inside("disks", "touch /mnt/host/x"), /denied|too large/);
  assert.equal(await inside("disks", "echo inside >/mnt/shifted/x && stat -c %u /mnt/shifted/x"), "0");
  assert.equal(execFileSync("stat", ["-c", "%u", path.join(host, "folder/x")], { encoding: "utf8" }), "0\n");
  await remove("disks");
  assert.equal(
    readFileSync(path.join(host, "folder/x"), "utf8"),
    "inside\n",
    "deleting a container keeps what was lent to it",
  );
});

test("an ordinary container's root is nobody on the host, a privileged one's is root with bounded capabilities", async () => {
  await launch("plain");
  await launch("mighty", { config: { "security.privileged": "true" } });
  const uidOf = async (name: string) => {
    const { pid } = await shared.client.getInstanceState(name);
    return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  };
  assert.ok((await uidOf("plain")) >= 0x70000000);
  assert.equal(await uidOf("mighty"), 0);
  const bounds = BigInt(`0x${await inside("mighty", "sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status")}`);
  for (const [name, bit] of Object.entries({
    SYS_MODULE: 16n,
    SYS_RAWIO: 17n,
    SYS_TIME: 25n,
    MAC_ADMIN: 33n,
    BPF: 39n,
  }))
    assert.equal((bounds >> bit) & 1n, 0n, name);
  assert.match(await inside("mighty", "echo 1 >/proc/sys/kernel/panic"), /Read-only|denied/);
  assert.match(await inside("mighty", "echo b >/proc/sysrq-trigger"), /Read-only|denied|nonexistent/);
  assert.equal(await inside("mighty", "cat /proc/self/uid_map | tr -s ' '"), "0 0 4294967295");
  await shared.client.putFile("mighty", "/root/pushed", "x");
  assert.equal(await inside("mighty", "stat -c %u:%g /root/pushed"), "0:0");
  await remove("plain");
  await remove("mighty");
});

test("two containers have different ids on the host", async () => {
  await launch("one");
  await launch("two");
  assert.notEqual(await inside("one", "cat /proc/self/uid_map"), await inside("two", "cat /proc/self/uid_map"));
  await remove("one");
  await remove("two");
});

test("nesting unmasks what a container inside needs to mount", async () => {
  const mountProc = "unshare -U -r -m -p -f sh -c 'mkdir -p /tmp/p && mount -t proc proc /tmp/p && echo mounted'";
  await launch("inner", { config: { "security.nesting": "true" } });
  assert.match(await inside("inner", mountProc), /mounted/);
  await launch("outer");
  assert.doesNotMatch(await inside("outer", mountProc), /mounted/);
  await remove("inner");
  await remove("outer");
});

test("a nic has the address, name, hardware address and MTU that it was given", async () => {
  const device = nic({ "ipv4.address": "10.118.7.77", name: "lan0", hwaddr: "00:16:3e:77:77:77", mtu: "1400" });
  await launch("wired", { devices: { eth0: device } });
  assert.equal(
    await inside("wired", "cat /sys/class/net/lan0/address /sys/class/net/lan0/mtu"),
    "00:16:3e:77:77:77\n1400",
  );
  const ask =
    "ip link set lan0 up; udhcpc -i lan0 -q -n -f -s /usr/share/udhcpc/default.script >/dev/null 2>&1; ip -4 -o addr show lan0";
  assert.match(await inside("wired", ask), /inet 10\.118\.7\.77\/24/);
  const { network } = await shared.client.getInstanceState("wired");
  assert.ok(network?.lan0?.addresses.some(({ address }) => address === "10.118.7.77"));
  await shared.refuses(
    "POST",
    "/1.0/instances",
    { name: "rival", source: image, devices: { eth0: nic({ "ipv4.address": "10.118.7.1" }) } },
    400,
    /10\.118\.7\.1/,
  );
  await shared.refuses(
    "POST",
    "/1.0/instances",
    { name: "stray", source: image, devices: { eth0: nic({ "ipv4.address": "192.0.2.1" }) } },
    400,
    /192\.0\.2\.1/,
  );
  await remove("wired");
});

test("an address is asked for by the image's own client, and told by the wait", async () => {
  await launch("dhcp", { devices: { eth0: nic({}) } });
  const state = await shared.client.waitInstance("dhcp", { for: "ipv4", timeoutSeconds: 30 });
  assert.ok(state.network?.eth0?.addresses.some(({ address }) => address.startsWith("10.118.7.")));
  await shared.client.execOutput("dhcp", { command: ["ip", "address", "flush", "dev", "eth0"] });
  const late = "/1.0/instances/dhcp/wait?for=ipv4&timeout=0.05";
  await shared.refuses("GET", late, undefined, 400, /after 0\.05 seconds: .*eth0 is up with \d addresses/);
  const ended = shared.client.waitInstance("dhcp", { for: "ipv4", timeoutSeconds: 30 });
  await Promise.all([assert.rejects(ended, /not running/), act("dhcp", "stop", { force: true })]);
  await shared.refuses("GET", "/1.0/instances/dhcp/wait?for=godot", undefined, 400, /godot/);
  await shared.refuses("GET", "/1.0/instances/dhcp/wait?for=ipv4&timeout=-1", undefined, 400, /timeout/);
  await remove("dhcp");
});

test("a network in use is neither renamed nor deleted", async () => {
  await create("user", { devices: { eth0: nic({}) } });
  await shared.refuses("DELETE", "/1.0/networks/net0", undefined, 400, /currently in use/);
  await shared.refuses("POST", "/1.0/networks/net0", { name: "net1" }, 400, /currently in use/);
  await shared.refuses("DELETE", "/1.0/storage-pools/default", undefined, 400, /currently in use/);
  await remove("user");
  await delay(0);
});
