/** Wrong values: configuration keys, devices and references, for every kind that has them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";

const shared = shareDaemon({}, async (daemon) => {
  const { client } = daemon;
  await preparePool(daemon, "dir");
  await client.createNetwork({ name: "known", config: { "ipv4.address": "none" } });
  await client.createProfile({ name: "known" });
  await (await client.createInstance({ name: "known", source: { type: "none" } })).wait();
});

type Key = readonly [key: string, value: string];

const booleans = ["boot.autostart", "security.nesting", "security.privileged", "security.protection.delete"];
const wrongInstanceKeys: readonly Key[] = [
  ["limits.memroy", "1GiB"],
  ["limits", "1"],
  ["", "1"],
  ["constructor", "1"],
  ["toString", "1"],
  ["environment.A\nB", "1"],
  ["user.a\nb", "1"],
  ["boot.autostart.delay", "1.5"],
  ["boot.autostart.priority", "high"],
  ["boot.host_shutdown_timeout", "30s"],
  ["limits.cpu", "two"],
  ["limits.cpu", "0-4294967295"],
  ["limits.cpu", "0,,1"],
  ["limits.cpu.priority", "11"],
  ["limits.kernel.nofile", "many"],
  ["limits.kernel.nofile", "1\n2"],
  ["limits.kernel.nofiles", "1"],
  ["limits.memory", "1 gig"],
  ["limits.memory", "-1MiB"],
  ["limits.memory", "12constructor"],
  ["limits.memory", "999999999EiB"],
  ["limits.memory.enforce", "gentle"],
  ["limits.processes", "0"],
  ["limits.processes", "1e3"],
  ["linux.sysctl.net.ipv4.ip_forward", "1\n2"],
  ["linux.sysctl.../../etc/passwd", "1"],
  ["linux.sysctl.net..x", "1"],
  ["raw.lxc", "lxc.apparmor.profile = generated"],
  ["raw.lxc", "lxc.signal.halt = SIGNOTHING"],
  ["raw.lxc", "lxc.signal.halt = 65"],
  ["raw.lxc", "lxc.init.cmd = /bin/sh -c 'echo"],
  ["raw.lxc", "nonsense"],
  ...booleans.map((key): Key => [key, "maybe"]),
];

/** As a message names it. */
const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const naming = (key: string) => (/[\n=]/.test(key) || key === "" ? /key|./ : new RegExp(escaped(key)));

test("a wrong configuration key or value of an instance is refused by name, at create, update, patch and in a profile", () =>
  shared.unchanged(async () => {
    for (const [key, value] of wrongInstanceKeys) {
      const config = { [key]: value };
      const requests = [
        ["POST", "/1.0/instances", { name: "new", source: { type: "none" }, config }],
        ["PUT", "/1.0/instances/known", { config, profiles: ["default"] }],
        ["PATCH", "/1.0/instances/known", { config }],
        ["POST", "/1.0/profiles", { name: "new", config }],
        ["PUT", "/1.0/profiles/known", { config }],
        ["PATCH", "/1.0/profiles/known", { config }],
      ] as const;
      for (const [method, path, body] of requests) {
        const told = await shared.outcome(method, path, body);
        assert.equal(told.status, 400, `${method} ${path} ${JSON.stringify(config)}: ${JSON.stringify(told)}`);
        assert.match(told.error, naming(key));
      }
    }
  }));

test("all wrong keys of a request are named in one answer, with their paths", async () => {
  const config = { "limits.cpu": "x", "limits.memory": "y", nothing: "z" };
  const { json } = await shared.send("POST", "/1.0/profiles", { name: "new", config });
  const { issues } = (json as unknown as { bothy_details: { issues: { path: string }[] } }).bothy_details;
  assert.deepEqual(issues.map(({ path }) => path).sort(), [
    "config.limits.cpu",
    "config.limits.memory",
    "config.nothing",
  ]);
});

test("a value that is not a text is refused with its path", async () => {
  for (const [body, where] of [
    [{ name: "new", config: { "limits.cpu": 2 } }, /config\.limits\.cpu: /],
    [{ name: "new", config: { "user.x": [] } }, /config\.user\.x: /],
    [{ name: "new", config: ["limits.cpu"] }, /config: /],
    [{ name: "new", config: "limits.cpu=2" }, /config: /],
    [{ name: "new", devices: { eth0: { type: 7 } } }, /devices\.eth0\.type: /],
    [{ name: "new", devices: { eth0: "nic" } }, /devices\.eth0: /],
    [{ name: "new", description: {} }, /description: /],
    [{ name: "new", config: { "user.x": "a\0b" } }, /config\.user\.x: .*NUL/],
    [{ name: "new", description: "a\0b" }, /description: .*NUL/],
  ] as const)
    await shared.refusesAtOnce("POST", "/1.0/profiles", body, 400, where);
});

test("text of several lines is kept exactly where it is data: user, cloud-init and environment", async () => {
  const config = {
    "user.note": "one\ntwo\r\n\n\tthree\n",
    "cloud-init.user-data": "#cloud-config\npackages:\n  - nginx\n",
    "environment.CERT": "-----BEGIN-----\nabc\n-----END-----\n",
    "raw.lxc": "# both are read\nlxc.signal.halt = SIGUSR1\n\n",
  };
  assert.equal((await shared.outcome("PATCH", "/1.0/instances/known", { config })).status, 200);
  const { value } = await shared.client.getInstance("known");
  for (const [key, text] of Object.entries(config)) assert.equal(value.config[key], text, key);
  const unset = Object.fromEntries(Object.keys(config).map((key) => [key, ""]));
  assert.equal((await shared.outcome("PATCH", "/1.0/instances/known", { config: unset })).status, 200);
});

test("a client cannot choose what the daemon keeps for itself, but for hardware addresses, which are checked", async () => {
  const post = (config: object) => ({ name: "new", source: { type: "none" }, config });
  const bad = { "volatile.eth0.hwaddr": "00:16:3e:00:00:01\nevil" };
  await shared.refuses("POST", "/1.0/instances", post(bad), 400, /volatile\.eth0\.hwaddr/);
  for (const key of ["volatile.uuid", "volatile.cloud-init.instance-id"])
    await shared.refuses(
      "POST",
      "/1.0/instances",
      post({ [key]: "foo" }),
      400,
      new RegExp(`"${key}": it must be a UUID`),
    );
  const chosen = {
    "volatile.idmap.base": "0",
    "volatile.last_state.power": "RUNNING",
    "volatile.eth0.host_name": "lo",
    "volatile.eth0.hwaddr": "00:16:3e:00:00:01",
  };
  assert.equal((await shared.outcome("POST", "/1.0/instances", post(chosen))).status, 200);
  const { config } = (await shared.client.getInstance("new")).value;
  assert.notEqual(config["volatile.idmap.base"], "0");
  assert.equal(config["volatile.last_state.power"], undefined);
  assert.equal(config["volatile.eth0.host_name"], undefined);
  assert.equal(config["volatile.eth0.hwaddr"], "00:16:3e:00:00:01");
  assert.equal((await shared.outcome("DELETE", "/1.0/instances/new")).status, 200);
});

const nic = { type: "nic", network: "known" };
const disk = { type: "disk", path: "/mnt", source: "/tmp" };

const wrongDevices: readonly (readonly [object, RegExp])[] = [
  [{ d: { type: "pci" } }, /"pci"/],
  [{ d: { type: "constructor" } }, /"constructor"/],
  [{ d: { type: "toString" } }, /"toString"/],
  [{ d: {} }, /type/],
  [{ "": nic }, /device name/],
  [{ "..": nic }, /device name/],
  [{ "a\nb": nic }, /device name/],
  [{ d: { ...nic, speed: "fast" } }, /"speed"/],
  [{ d: { ...nic, constructor: "x" } }, /"constructor"/],
  [{ d: { ...nic, name: "a\nb" } }, /name/],
  [{ d: { ...nic, name: "a/b" } }, /name/],
  [{ d: { ...nic, name: ".." } }, /name/],
  [{ d: { ...nic, name: "eth%d" } }, /name/],
  [{ d: { ...nic, name: "ööööööööööööööö" } }, /name/],
  [{ d: { ...nic, name: "a".repeat(16) } }, /name/],
  [{ d: { ...nic, host_name: "a\nb" } }, /host_name/],
  [{ d: { ...nic, host_name: "-a" } }, /host_name/],
  [{ d: { ...nic, mtu: "big" } }, /mtu/],
  [{ d: { ...nic, mtu: "1500\n" } }, /mtu/],
  [{ d: { ...nic, hwaddr: "00:16:3e" } }, /hwaddr/],
  [{ d: { ...nic, hwaddr: "00:16:3e:01:02:03\n" } }, /hwaddr/],
  [{ d: { ...nic, "ipv4.address": "10.0.0" } }, /ipv4\.address/],
  [{ d: { ...nic, nictype: "bridged" } }, /nictype/],
  [{ d: { type: "nic" } }, /network/],
  [{ d: { type: "nic", nictype: "macvlan", parent: "lo" } }, /nictype/],
  [{ d: { type: "nic", nictype: "bridged" } }, /parent/],
  [{ a: { ...nic, name: "eth0" }, b: { ...nic, name: "eth0" } }, /eth0/],
  [{ d: { ...disk, path: "/a\nb" } }, /path/],
  [{ d: { ...disk, path: "//" } }, /path/],
  [{ d: { ...disk, path: "/." } }, /path/],
  [{ d: { ...disk, path: "mnt/.." } }, /path/],
  [{ d: { ...disk, source: "tmp" } }, /source/],
  [{ d: { ...disk, source: "/a\nb" } }, /source/],
  [{ d: { type: "disk", path: "/mnt" } }, /source/],
  [{ d: { type: "disk", source: "/tmp" } }, /path/],
  [{ d: { ...disk, readonly: "perhaps" } }, /readonly/],
  [{ d: { ...disk, pool: "default" } }, /Storage volumes cannot be specified as absolute paths/],
  [{ a: disk, b: { ...disk, path: "/mnt/" } }, /path/],
  [{ other: { type: "disk", path: "/", pool: "default" } }, /path/],
  [{ root: { type: "disk", path: "/" } }, /pool/],
];

test("a wrong device is refused by name, at create, update and patch", () =>
  shared.unchanged(async () => {
    for (const [devices, message] of wrongDevices) {
      const requests = [
        ["POST", "/1.0/instances", { name: "new", source: { type: "none" }, devices }],
        ["PUT", "/1.0/instances/known", { devices, profiles: ["default"] }],
        ["PATCH", "/1.0/instances/known", { devices }],
      ] as const;
      for (const [method, path, body] of requests) {
        const told = await shared.outcome(method, path, body);
        assert.equal(told.status, 400, `${method} ${path} ${JSON.stringify(devices)}: ${JSON.stringify(told)}`);
        assert.match(told.error, message);
      }
    }
  }));

test("an empty option of a device counts as absent", async () => {
  const devices = { d: { ...nic, nictype: "", parent: "", name: "", hwaddr: "", mtu: "" } };
  assert.equal((await shared.outcome("PATCH", "/1.0/instances/known", { devices })).status, 200);
  assert.deepEqual((await shared.client.getInstance("known")).value.devices.d, nic);
  const put = { devices: {}, profiles: ["default"] };
  assert.equal((await shared.outcome("PUT", "/1.0/instances/known", put)).status, 200);
});

const missing: readonly (readonly [what: string, body: object, status: number, message: RegExp])[] = [
  ["image alias", { source: { type: "image", alias: "nothing" } }, 404, /nothing|not found/i],
  ["image fingerprint", { source: { type: "image", fingerprint: "0".repeat(64) } }, 404, /not found/i],
  ["image at all", { source: { type: "image" } }, 400, /alias|fingerprint/],
  ["template", { source: { type: "image", alias: "template:nothing" } }, 404, /nothing/],
  ["template path", { source: { type: "image", alias: "template:../../etc/passwd" } }, 404, /etc\/passwd/],
  ["source", {}, 400, /source: /],
  ["source type", { source: {} }, 400, /source\.type: /],
  ["supported source type", { source: { type: "elsewhere" } }, 400, /"elsewhere"/],
  ["instance to copy", { source: { type: "copy", source: "nothing" } }, 404, /not found/],
  ["name of what to copy", { source: { type: "copy" } }, 400, /"source"/],
  ["snapshot to copy", { source: { type: "copy", source: "known/nothing" } }, 404, /not found/],
  ["one thing to copy", { source: { type: "copy", source: "known/a/b" } }, 400, /"source"/],
  ["project to copy from", { source: { type: "copy", source: "known", project: "other" } }, 404, /Project not found/],
  [
    "snapshot to refresh from",
    { source: { type: "copy", source: "known/nothing", refresh: true } },
    404,
    /snapshot not found/,
  ],
  ["profile", { source: { type: "none" }, profiles: ["nothing"] }, 404, /"nothing"/],
  ["other profile", { source: { type: "none" }, profiles: ["default", "default"] }, 400, /"default"/],
  ["root disk", { source: { type: "none" }, profiles: [] }, 400, /No root device could be found/],
  [
    "pool",
    { source: { type: "none" }, devices: { root: { type: "disk", path: "/", pool: "nothing" } } },
    404,
    /pool not found/,
  ],
  [
    "network",
    { source: { type: "none" }, devices: { eth0: { type: "nic", network: "nothing" } } },
    404,
    /"nothing".*Network not found/,
  ],
  ["container", { source: { type: "none" }, type: "virtual-machine" }, 400, /virtual-machine/],
  ["architecture", { source: { type: "none" }, architecture: "riscv64" }, 400, /riscv64/],
  ["text as profile", { source: { type: "none" }, profiles: [7] }, 400, /profiles\.0: /],
  ["list of profiles", { source: { type: "none" }, profiles: "default" }, 400, /profiles: /],
  ["truth", { source: { type: "none" }, ephemeral: "yes" }, 400, /ephemeral: /],
];

for (const [what, body, status, message] of missing)
  test(`a new instance without its ${what} is refused with ${status}, and nothing of it is left`, () =>
    shared.refuses("POST", "/1.0/instances", { name: "new", ...body }, status, message));

const wrongNetworkKeys: readonly Key[] = [
  ["nothing", "x"],
  ["bridge.mtu", "huge"],
  ["bridge.hwaddr", "01:02:03:04:05:06"],
  ["dns.domain", "a\nserver=1.2.3.4"],
  ["dns.domain", "a b"],
  ["dns.mode", "sometimes"],
  ["ipv4.address", "10.0.0.1"],
  ["ipv4.address", "10.0.0.1/33"],
  ["ipv4.dhcp", "maybe"],
  ["ipv4.dhcp.expiry", "1h\nlog-queries"],
  ["ipv4.dhcp.expiry", "soon"],
  ["ipv4.dhcp.ranges", "10.0.0.1"],
  ["ipv4.nat", "2"],
  ["ipv6.address", "fd00::/64"],
  ["ipv6.address", "fd00::1"],
  ["ipv6.dhcp.ranges", "fd00::1-x"],
  ["ipv6.dhcp.stateful", "perhaps"],
  ["ipv6.nat.address", "10.0.0.1"],
  ["ipv6.routes", "fd00::1/64"],
];

test("a wrong configuration key or value of a network is refused by name, at create, update and patch", () =>
  shared.unchanged(async () => {
    for (const [key, value] of wrongNetworkKeys) {
      const config = { [key]: value };
      await shared.refuses("POST", "/1.0/networks", { name: "new", config }, 400, naming(key));
      await shared.refuses("PUT", "/1.0/networks/known", { config }, 400, naming(key));
      await shared.refuses("PATCH", "/1.0/networks/known", { config }, 400, naming(key));
    }
  }));

test("lines for dnsmasq may be many, and are what they say", async () => {
  const config = { "ipv4.address": "10.119.0.1/24", "raw.dnsmasq": "# two lines\naddress=/bothy.test/10.119.0.9\n" };
  assert.equal((await shared.outcome("POST", "/1.0/networks", { name: "raw0", config })).status, 201);
  assert.equal((await shared.client.getNetwork("raw0")).value.config["raw.dnsmasq"], config["raw.dnsmasq"]);
  await shared.client.deleteNetwork("raw0");
});

test("a network of an unknown type, and one whose type is a word of the language, are refused", async () => {
  for (const type of ["ovn", "constructor", "__proto__"])
    await shared.refuses("POST", "/1.0/networks", { name: "new", type }, 400, /type/);
});

test("a wrong driver, key or source of a storage pool is refused by name", async () => {
  for (const driver of ["ceph", "constructor", "", "__proto__"])
    await shared.refuses("POST", "/1.0/storage-pools", { name: "new", driver }, 400, /driver/);
  for (const [key, value] of [
    ["nothing", "x"],
    ["size", "1GiB"],
    ["source", "relative"],
    ["source", "/a\nb"],
    ["constructor", "x"],
  ] as const)
    await shared.refuses(
      "POST",
      "/1.0/storage-pools",
      { name: "new", driver: "dir", config: { [key]: value } },
      400,
      naming(key),
    );
  await shared.refuses("PATCH", "/1.0/storage-pools/default", { config: { nothing: "x" } }, 400, /nothing/);
});

test("a wrong key of the server's own configuration is refused by name", async () => {
  for (const method of ["PUT", "PATCH"])
    await shared.refuses(method, "/1.0", { config: { "core.nothing": "x" } }, 400, /core\.nothing/);
});

test("a profile that an instance cannot have is not taken", async () => {
  await shared.refuses("PATCH", "/1.0/profiles/default", { config: { "raw.lxc": "nonsense" } }, 400, /nonsense/);
  const withoutRoot = { description: "", config: {}, devices: {} };
  await shared.refuses("PUT", "/1.0/profiles/default", withoutRoot, 400, /"known".*root disk device/);
  await shared.refuses("DELETE", "/1.0/profiles/default", undefined, 403, /The "default" profile cannot be deleted/);
  await shared.refuses("POST", "/1.0/profiles/default", { name: "x" }, 403, /The "default" profile cannot be renamed/);
});

test("two disks of one profile cannot be at one path", () =>
  shared.refuses(
    "POST",
    "/1.0/profiles",
    {
      name: "two",
      devices: { a: { type: "disk", path: "/", pool: "default" }, b: { type: "disk", path: "//", pool: "default" } },
    },
    400,
    /Invalid device "b": the disk "a" has the path/,
  ));

test("a time that is none is refused for an image", () =>
  shared.refusesAtOnce("PATCH", `/1.0/images/${"0".repeat(64)}`, { expires_at: "tomorrow" }, 400, /expires_at/));

test("a volume is not moved to a pool that is not there, which is said at once", async () => {
  const volumes = "/1.0/storage-pools/default/volumes/custom";
  assert.equal((await shared.outcome("POST", volumes, { name: "stays" })).status, 200);
  await shared.refusesAtOnce(
    "POST",
    `${volumes}/stays`,
    { name: "stays", pool: "nosuch" },
    404,
    /Storage pool not found/,
  );
});
