/** Values as LXD 5.0.2 takes and refuses them, tried one by one on it; and what those do that its users rely on. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { expiryTime } from "../../daemon/core/expiry-time";
import { goTime, goTimeText } from "../../daemon/kinds/image/archive/go-time";
import { chooseCpus, limitWrites } from "../../daemon/kinds/instance/limits/limits";
import { nameByPattern } from "../../daemon/kinds/snapshot/naming";
import { instanceConfig } from "../../sdk/api/config/instance";
import { preparePool } from "../support/daemon";
import { shareDaemon } from "../support/shared-daemon";

const shared = shareDaemon({}, async (daemon) => {
  await preparePool(daemon, "overlay");
  await (await daemon.client.createInstance({ name: "known", source: { type: "none" } })).wait();
});

type Table = Readonly<Record<string, { readonly takes: readonly string[]; readonly refuses: readonly string[] }>>;

const booleans = {
  takes: ["true", "false", "True", "TRUE", "yes", "no", "Yes", "on", "off", "ON", "1", "0"],
  refuses: ["t", "f", "y", "n", "2", " true", "true ", "enabled"],
};
const integers = {
  takes: ["0", "5", "-5", "+5", "05", "99999999999", "9223372036854775807"],
  refuses: ["5.0", "1e3", "9223372036854775808", " 5", "5 ", "0x5", "1_000", "abc"],
};

const keys: Table = {
  "boot.autostart": booleans,
  "security.nesting": booleans,
  "security.privileged": booleans,
  "security.protection.delete": booleans,
  "limits.memory.swap": booleans,
  "boot.autostart.delay": integers,
  "boot.autostart.priority": integers,
  "boot.host_shutdown_timeout": integers,
  "limits.cpu": {
    takes: ["1", "0", "0-1", "0,1", "1-0", "0-0", "0-1,3", "99999", "01", "3-1,0"],
    refuses: ["-1", " 1", "1 ", "1.5", "0-", "-1-2", "a", "0,,1", "0-1-2", "+1", "1,1", "0-2,1", "0, 1", "0 - 1"],
  },
  "limits.cpu.allowance": {
    takes: [
      "50%",
      "0%",
      "100%",
      "150%",
      "-5%",
      "+50%",
      "050%",
      "1000%",
      "25ms/100ms",
      "200ms/100ms",
      "25/100ms",
      "25ms/100",
      "-25ms/100ms",
    ],
    refuses: ["50.5%", "25ms", "50", "25 ms/100 ms", "25ms / 100ms", "1e2%", "25ms/100ms/1ms"],
  },
  "limits.cpu.priority": { takes: ["0", "5", "10", "05"], refuses: ["11", "-1", "5.0"] },
  "limits.memory": {
    takes: [
      "512MiB",
      "1GB",
      "1GiB",
      "512",
      "512B",
      "50%",
      "100%",
      "150%",
      "1kB",
      "1KiB",
      "1EiB",
      "7EiB",
      "1TB",
      "1PiB",
      "05MB",
      "100B",
    ],
    refuses: [
      "0%",
      "0",
      "-5MB",
      "1gb",
      "1G",
      "1KB",
      "1mib",
      "1MIB",
      "1M",
      "10.5GB",
      "1.5GiB",
      "10.5%",
      "8EiB",
      "16EiB",
      "1 GB",
      "1GB ",
      "5bit",
      "10 %",
      "10kbit",
      "abc",
      "0x10",
      "+5MB",
      "1b",
    ],
  },
  "limits.memory.enforce": { takes: ["hard", "soft"], refuses: ["Hard", "x"] },
  "limits.processes": { takes: ["1", "5", "+5", "05"], refuses: ["5.0", "1e3", "abc"] },
  "limits.kernel.nofile": {
    takes: ["1024", "unlimited", "1024:2048", "unlimited:unlimited", "1024:", " 1024"],
    refuses: [],
  },
  "linux.sysctl.net.ipv4.ip_forward": { takes: ["1", "1\n"], refuses: [] },
  "environment.A=B": { takes: ["1"], refuses: [] },
  "environment.1A": { takes: ["1"], refuses: [] },
  "environment.A B": { takes: ["1"], refuses: [] },
  "user.": { takes: ["1"], refuses: [] },
  "user.a b": { takes: ["1"], refuses: [] },
  user: { takes: [], refuses: ["1"] },
  "cloud-init.user-data": { takes: ["#cloud-config\n{}", "garbage"], refuses: [] },
  "cloud-init.vendor-data": { takes: ["x"], refuses: [] },
  "cloud-init.network-config": { takes: ["version: 2\n"], refuses: [] },
  "cloud-init.foo": { takes: [], refuses: ["1"] },
  "snapshots.expiry": {
    takes: ["1M", "1M 2H", "1M 2H 3d 4w 5m 6y", "1H", "30S", "0d", " 1d", "99999999999y"],
    refuses: ["2h", "1d1H", "1d, 1H", "-1d", "1 d", "1D", "1W", "10", "abc", "1M  2H", "1Y", "1M 1M"],
  },
  "snapshots.pattern": {
    takes: [
      "snap%d",
      "%d",
      "x",
      "a b",
      "a/b",
      "a:b",
      "%d-%d",
      "{{ creation_date }}",
      "{{ foo }}",
      "{{",
      '{{ creation_date|date:"2006-01-02" }}',
    ],
    refuses: [],
  },
};

test("configuration of instances and profiles is taken and refused as by LXD", () =>
  shared.unchanged(async () => {
    for (const [key, { takes, refuses }] of Object.entries(keys)) {
      for (const value of takes) {
        const told = await shared.send("POST", "/1.0/profiles", { name: "tried", config: { [key]: value } });
        assert.equal(told.status, 201, `${key} = ${JSON.stringify(value)}: ${told.text}`);
        await shared.send("DELETE", "/1.0/profiles/tried");
      }
      for (const value of refuses) {
        const told = await shared.send("POST", "/1.0/profiles", { name: "tried", config: { [key]: value } });
        assert.equal(told.status, 400, `${key} = ${JSON.stringify(value)}`);
      }
    }
  }));

const nic = { type: "nic", nictype: "p2p" };
const disk = { type: "disk", source: "/tmp", path: "/x" };
const deviceOptions: readonly (readonly [
  base: Record<string, string>,
  option: string,
  takes: readonly string[],
  refuses: readonly string[],
])[] = [
  [nic, "mtu", ["1500", "1280", "9000", "16384"], ["68", "67", "0", "-1", "65535", "65536", "+1500", "abc", "1500.0"]],
  [
    nic,
    "hwaddr",
    ["00:16:3e:aa:bb:cc", "00:16:3E:AA:BB:CC"],
    ["00-16-3e-aa-bb-cc", "0016.3eaa.bbcc", "00:16:3e:xx:xx:xx", "00:16:3e:aa:bb", "x"],
  ],
  [
    nic,
    "name",
    ["eth0", "eeeeeeeeeeeeeee", "eth0.1", "eth..0"],
    ["e", "1", "eeeeeeeeeeeeeeee", "eth 0", "eth/0", "eth:0", "ä", "eth%d"],
  ],
  [nic, "ipv4.address", [], ["10.0.0.5", "10.0.0.256"]],
  [disk, "readonly", booleans.takes, booleans.refuses],
  [disk, "optional", booleans.takes, booleans.refuses],
  [disk, "path", ["/x", "x", "/x/", "/a b"], ["/"]],
];
const deviceNames = {
  takes: ["eth0", "a/b", "a:b", "a.b", "a_b", "-a", "a-", "1", "_a", "/a", "x".repeat(63)],
  refuses: ["", ".", "..", ".a", "eth 0", "ä", "a,b", "a\nb", "a=b", "%s", "x".repeat(64)],
};

test("devices are taken and refused as by LXD", () =>
  shared.unchanged(async () => {
    const tried = async (name: string, device: object) => {
      const { status } = await shared.send("POST", "/1.0/profiles", { name: "tried", devices: { [name]: device } });
      if (status === 201) await shared.send("DELETE", "/1.0/profiles/tried");
      return status;
    };
    for (const [base, option, takes, refuses] of deviceOptions) {
      for (const value of takes)
        assert.equal(await tried("d", { ...base, [option]: value }), 201, `${option}=${value}`);
      for (const value of refuses)
        assert.equal(await tried("d", { ...base, [option]: value }), 400, `${option}=${value}`);
    }
    for (const name of deviceNames.takes) assert.equal(await tried(name, nic), 201, name);
    for (const name of deviceNames.refuses) assert.equal(await tried(name, nic), 400, name);
  }));

const odd = [
  "a:b",
  "a%20b",
  "a#b",
  "a'b",
  'a"b',
  "a\\b",
  "a*b",
  "a|b",
  "a<b",
  "a`b",
  "%s",
  "a,b",
  "a@b",
  "a=b",
  "a~b",
  "a;b",
  "日本",
  ".a",
  "_a",
  "-a",
  "a..b",
];
const names: readonly (readonly [path: string, post: object, takes: readonly string[], refuses: readonly string[]])[] =
  [
    ["/1.0/profiles", {}, [...odd, "a b", " a", "a?b", "a&b", "a+b", "x".repeat(256)], ["", "a/b", ".", ".."]],
    ["/1.0/storage-pools", { driver: "dir" }, [...odd, "a?b", "a&b", "x".repeat(200)], ["", "a/b", "a b", ".", ".."]],
    [
      "/1.0/networks",
      { config: { "ipv4.address": "none" } },
      ["-a", "_a", ".a", "a..b", "a.b", "br0"],
      ["", "a", "a/b", "a b", "a:b", "..", "x".repeat(16)],
    ],
  ];

test("names of profiles, pools and networks are taken and refused as by LXD", () =>
  shared.unchanged(async () => {
    for (const [url, post, takes, refuses] of names) {
      for (const name of takes) {
        const made = await shared.send("POST", url, { ...post, name });
        assert.equal(made.status, 201, `${url} ${name}: ${made.text}`);
        const found = await shared.send("GET", `${url}/${encodeURIComponent(name)}`);
        assert.equal((found.json.metadata as { name: string }).name, name);
        assert.equal((await shared.send("DELETE", `${url}/${encodeURIComponent(name)}`)).status, 200);
      }
      for (const name of refuses)
        assert.equal((await shared.send("POST", url, { ...post, name })).status, 400, `${url} ${name}`);
    }
  }));

const snapshots = "/1.0/instances/known/snapshots";

test("snapshots may be called as in LXD, and are found, restored, copied, renamed and deleted by that name", () =>
  shared.unchanged(async () => {
    const folder = path.join(shared.daemon.dir, "storage-pools/default/containers-snapshots/known");
    for (const name of [
      "2018-04-09T10:00:00Z",
      "x".repeat(200),
      ".partial:0123456789abcdef",
      ".ready:x",
      "a%3Ab",
      ...odd,
    ]) {
      const url = `${snapshots}/${encodeURIComponent(name)}`;
      const made = await shared.outcome("POST", snapshots, { name });
      assert.equal(made.status, 200, `${name}: ${made.error}`);
      assert.equal((await shared.send("GET", url)).status, 200);
      const restored = await shared.outcome("PUT", "/1.0/instances/known", { restore: name });
      assert.equal(restored.status, 200, `${name}: ${restored.error}`);
      const copied = await shared.outcome("POST", "/1.0/instances", {
        name: "copy",
        source: { type: "copy", source: `known/${name}` },
      });
      assert.equal(copied.status, 200, `${name}: ${copied.error}`);
      await shared.outcome("DELETE", "/1.0/instances/copy");
      assert.equal((await shared.outcome("POST", url, { name: "plain" })).status, 200);
      assert.equal((await shared.outcome("POST", `${snapshots}/plain`, { name })).status, 200);
      assert.equal((await shared.outcome("DELETE", url)).status, 200);
      assert.deepEqual(existsSync(folder) ? readdirSync(folder) : [], []);
    }
    for (const name of ["a/b", "a b", "a?b", "a&b", "a+b", ".", "..", "x".repeat(256)])
      assert.equal((await shared.send("POST", snapshots, { name })).status, 400, name);
  }));

test("the next daemon finds snapshots by their names, and removes unfinished work beside them", async () => {
  for (const name of ["a:b", "c%3Ad"]) assert.equal((await shared.outcome("POST", snapshots, { name })).status, 200);
  const folder = path.join(shared.daemon.dir, "storage-pools/default/containers-snapshots/known");
  mkdirSync(path.join(folder, ".partial:00"));
  await shared.daemon.stop();
  await shared.daemon.start();
  assert.deepEqual((await shared.client.listSnapshots("known")).map(({ name }) => name).sort(), ["a:b", "c%3Ad"]);
  assert.equal(readdirSync(folder).includes(".partial:00"), false);
  assert.equal((await shared.outcome("PUT", "/1.0/instances/known", { restore: "a:b" })).status, 200);
  for (const name of ["a:b", "c%3Ad"]) await shared.outcome("DELETE", `${snapshots}/${encodeURIComponent(name)}`);
});

const now = new Date(2026, 10, 6, 7, 8, 9, 45);

test("names by pattern are those that LXD makes", () => {
  for (const [pattern, taken, name] of [
    ["snap%d", [], "snap0"],
    ["snap%d", ["snap0", "snap7", "snapx", "other"], "snap8"],
    ["x", [], "x"],
    ["x", ["x"], "x-0"],
    ["x", ["x", "x-0"], "x-1"],
    ['{{ creation_date|date:"2006-01-02" }}', [], "2026-11-06"],
    ["{{ creation_date|date:'2006-01-02' }}", ["2026-11-06"], "2026-11-06-0"],
    ['snap%d-{{ creation_date|date:"20060102" }}', ["snap3-20261106", "snap9-20251106"], "snap4-20261106"],
    ['{{creation_date|date:"2006-01-02_15-04-05"}}', [], "2026-11-06_07-08-09"],
    ["{% if creation_date %}y{% endif %}", [], "y"],
  ] as const)
    assert.equal(nameByPattern(pattern, taken, now), name, pattern);
  assert.throws(() => nameByPattern("%d-%d", [], now), /Snapshot pattern may contain '%d' only once/);
  assert.throws(() => nameByPattern("{{", [], now), /"snapshots\.pattern": .*not closed/);
});

test("a pattern that comes to no name is refused when a snapshot is made by it, and no snapshot is made", async () => {
  for (const [pattern, message] of [
    ["{{ creation_date }}", /blanks/],
    ["a b", /blanks/],
    ["a/b", /slashes/],
    ["{{ foo }}", /empty/],
    ["{{ creation_date|foo }}", /"snapshots\.pattern": .*"foo" is not known/],
  ] as const) {
    assert.equal(
      (await shared.send("PATCH", "/1.0/instances/known", { config: { "snapshots.pattern": pattern } })).status,
      200,
    );
    await shared.refusesAtOnce("POST", snapshots, { name: "" }, 400, message);
  }
  const config = { "snapshots.pattern": 'at-{{ creation_date|date:"2006" }}', "snapshots.expiry": "1H 2d" };
  assert.equal((await shared.send("PATCH", "/1.0/instances/known", { config })).status, 200);
  const before = Date.now();
  assert.equal((await shared.outcome("POST", snapshots, {})).status, 200);
  const { name, expires_at: expires } = (await shared.client.listSnapshots("known")).at(-1) ?? {};
  assert.equal(name, `at-${new Date().getFullYear()}`);
  const after = expiryTime("1H 2d", new Date(before));
  assert.ok(Date.parse(expires ?? "") >= after && Date.parse(expires ?? "") < after + 60_000, expires);
  const own = "2099-01-01T00:00:00Z";
  assert.equal((await shared.outcome("POST", snapshots, { name: "own", expires_at: own })).status, 200);
  assert.equal((await shared.client.getSnapshot("known", "own")).value.expires_at, own);
  for (const one of [name ?? "", "own"]) await shared.outcome("DELETE", `${snapshots}/${one}`);
});

test("layouts of times are Go's", () => {
  for (const [layout, text] of [
    ["Mon Jan _2 15:04:05 2006", "Fri Nov  6 07:08:09 2026"],
    ["Monday, 02-Jan-06 3:04PM pm", "Friday, 06-Nov-26 7:08AM am"],
    ["January 2, 1/2/06 002 __2 03", "November 6, 11/6/26 310 310 07"],
    ["05.000 05.999999 05,00 5.9", "09.045 09.045 09,04 9"],
    ["2006-01-02T15:04:05", "2026-11-06T07:08:09"],
    ["no date at all", "no date at all"],
  ] as const)
    assert.equal(goTime(now, layout), text, layout);
  assert.match(
    goTime(now, "-0700 -07:00 -07 Z07:00 MST"),
    /^[+-]\d{4} [+-]\d\d:\d\d [+-]\d\d (Z|[+-]\d\d:\d\d) (\w+|[+-]\d\d)$/,
  );
  assert.match(goTimeText(now), /^2026-11-06 07:08:09\.045 [+-]\d{4} /);
});

test("an expiry adds its parts, and ends with the calendar", () => {
  const local = (...parts: [number, number, number, number, number, number]) => new Date(...parts).getTime() + 45;
  assert.equal(expiryTime("1S", now), local(2026, 10, 6, 7, 8, 10));
  assert.equal(expiryTime("1M 2H", now), local(2026, 10, 6, 9, 9, 9));
  assert.equal(expiryTime("3d 4w", now), local(2026, 11, 7, 7, 8, 9));
  assert.equal(expiryTime("2m 6y", now), local(2033, 0, 6, 7, 8, 9));
  assert.equal(new Date(expiryTime("99999999999y", now)).getUTCFullYear(), 9999);
});

test("processors that the host lacks are left out, and none of them means all", () => {
  const online = [0, 1, 2, 3];
  for (const [limit, chosen] of [
    ["0", undefined],
    ["4", undefined],
    ["99999", undefined],
    ["2", "1,2"],
    ["0-9", "0,1,2,3"],
    ["9-12", undefined],
    ["3-1,0", "0"],
    ["3,1", "1,3"],
  ] as const)
    assert.equal(
      chooseCpus(
        instanceConfig({ "limits.cpu": limit }).get("limits.cpu"),
        online,
        new Map([
          [0, 5],
          [3, 1],
        ]),
      ),
      chosen,
      limit,
    );
});

test("shares of processors beyond the whole and below nothing are what LXD makes of them", () => {
  const weights = (allowance: string, version: 1 | 2) => {
    const layout = {
      v1: new Map(version === 1 ? [["cpu", "/cg/cpu"]] : []),
      v2: "/cg",
      v2Controllers: new Set(version === 2 ? ["cpu"] : []),
    };
    return limitWrites(layout, "g", { "limits.cpu.allowance": allowance }, undefined)
      .filter(({ path: file }) => /cpu\.(shares|weight|cfs_quota_us|max)$/.test(file))
      .map(({ value }) => value);
  };
  assert.ok(weights("150%", 1).includes("1536"));
  assert.ok(weights("-5%", 1).includes("2"));
  assert.ok(weights("0%", 2).includes("1"));
  assert.ok(weights("1000000%", 2).includes("10000"));
  assert.ok(weights("-25ms/100ms", 1).includes("-1"));
  assert.ok(weights("25/100ms", 1).includes("25000"));
});
