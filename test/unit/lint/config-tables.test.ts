/** The tables of configuration keys and device options say all that they have to, and pages and types say the same. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { apiExtensions } from "../../../daemon/kinds/server/extensions";
import { configPage, exampleKey } from "../../../scripts/config-page";
import { allInstanceKeys, instanceConfig } from "../../../sdk/api/config/instance";
import { networkConfig } from "../../../sdk/api/config/network";
import { isSecretKey } from "../../../sdk/api/config/secret";
import { serverConfig } from "../../../sdk/api/config/server";
import { storagePoolConfig } from "../../../sdk/api/config/storage-pool";
import { checkConfig, findRow, type Row } from "../../../sdk/api/config/table";
import { configTables } from "../../../sdk/api/config/tables";
import { diskOptions } from "../../../sdk/api/devices/disk";
import { nicOptions } from "../../../sdk/api/devices/nic";
import { deviceTypes } from "../../../sdk/api/devices/types";
import { packageRoot, packageVersion } from "../../../sdk/host/package";

const keys = configTables.flatMap(({ title, tables }) =>
  Object.entries(tables).map(([driver, table]) => [`${title}, ${driver}`, table] as const),
);
const devices = Object.entries(deviceTypes).map(([type, { options }]) => [`devices, ${type}`, options] as const);

const tables: readonly (readonly [string, Readonly<Record<string, Row>>])[] = [...keys, ...devices];

const rows = tables.flatMap(([kind, table]) =>
  Object.entries(table).map(([key, row]) => ({ place: `${kind}: ${key}`, table, key, row })),
);

const numbersOf = (version: string) => version.split(".").map(Number);

/** Places of the rows that a rule does not hold for. */
const against = (holds: (one: (typeof rows)[number]) => boolean): string[] =>
  rows.filter((one) => !holds(one)).map(({ place }) => place);

test("every key and option has a description in whole sentences and an example", () => {
  assert.deepEqual(
    against(({ row }) => /^[A-Z`0-9].*[.]$/.test(row.doc) && row.doc.length >= 15 && row.example !== ""),
    [],
  );
});

test("every example fits its own row, and so does every default", () => {
  assert.deepEqual(
    against(({ row }) => row.type.check(row.example) === undefined && row.type.parse(row.example) !== undefined),
    [],
  );
  assert.deepEqual(
    against(({ row: { type, default: fallback } }) =>
      fallback === undefined ? true : type.check(fallback) === undefined && type.parse(fallback) !== undefined,
    ),
    [],
  );
});

test("every key is found by its own row, and the example of a pattern by the pattern's", () => {
  assert.deepEqual(
    against(({ table, key, row }) => findRow(table, exampleKey(key)) === row),
    [],
  );
});

test("a default is a text or is told in words, and no row has both", () => {
  assert.deepEqual(
    against(({ row }) => row.default === undefined || row.unset === undefined),
    [],
  );
});

test("no key is of a later version than the package", () => {
  const order = (version: string) => numbersOf(version).reduce((sum, number) => sum * 1000 + number, 0);
  assert.deepEqual(
    against(({ row }) => /^\d+\.\d+\.\d+$/.test(row.since) && order(row.since) <= order(packageVersion())),
    [],
  );
});

/** Extensions of which rows are here and the rest is not, so that the server does not tell of them. */
const partly: Readonly<Record<string, string>> = {
  container_syscall_filtering_allow_deny_syntax:
    "security.syscalls.deny_default and the old names of its keys are not here",
  container_nic_ipfilter: "security.ipv4_filtering is not here",
  network_bgp: "peers are kept, and nothing is announced to them",
  storage_lvm_use_thinpool: "lvm.use_thinpool takes true only",
};

test("what a row belongs to is an extension that the server tells of, or one that is here in part", () => {
  assert.deepEqual(
    against(
      ({ row: { extension } }) => extension === undefined || apiExtensions.includes(extension) || extension in partly,
    ),
    [],
  );
  const used = new Set(rows.map(({ row }) => row.extension));
  assert.deepEqual(
    Object.keys(partly).filter((extension) => apiExtensions.includes(extension) || !used.has(extension)),
    [],
    "extensions that are whole by now, or that no row names",
  );
});

test("the server tells of each extension once, and of Bothy's own after LXD's", () => {
  assert.equal(new Set(apiExtensions).size, apiExtensions.length);
  const isOwn = apiExtensions.map((extension) => extension.startsWith("bothy_"));
  assert.deepEqual(isOwn, isOwn.toSorted());
});

test("daemon and provider read configuration by its table, not by the bare text", () => {
  const sources = globSync("{daemon,provider}/**/*.ts", { cwd: packageRoot });
  assert.ok(sources.length > 100);
  const isBare = (line: string) => !/^\s*(\/?\*|\/\/)/.test(line) && /config\??\.?\[["`][a-z]/i.test(line);
  const bare = sources.flatMap((file) => {
    const lines = readFileSync(path.join(packageRoot, file), "utf8").split("\n");
    return lines.flatMap((line, at) => (isBare(line) ? [`${file}:${at + 1}: ${line.trim()}`] : []));
  });
  assert.deepEqual(bare, []);
});

test("docs/config.md is fresh", () => {
  const page = readFileSync(path.join(packageRoot, "docs", "config.md"), "utf8");
  assert.equal(page, configPage(), 'run "npm run gen"');
  for (const { key } of rows) assert.ok(page.includes(`${key}\``), key);
});

test("values are read with the type and the default of their row", () => {
  const config = instanceConfig({
    "security.nesting": "Yes",
    "limits.processes": "0500",
    "limits.memory": "25%",
    "limits.cpu": "3-1,0",
    "environment.TZ": "UTC",
    "boot.autostart": "off",
    "boot.autostart.delay": "",
    "volatile.eth0.hwaddr": "00:16:3e:01:02:03",
  });
  assert.equal(config.get("security.nesting"), true);
  assert.equal(config.get("security.privileged"), false);
  assert.equal(config.get("limits.processes"), 500);
  assert.deepEqual(config.get("limits.memory"), { percent: 25 });
  assert.deepEqual(config.get("limits.cpu"), { set: [0] });
  assert.deepEqual(config.get("limits.cpu.allowance"), { percent: 100 });
  assert.equal(config.get("boot.autostart"), false);
  assert.equal(config.get("boot.autostart.delay"), 0);
  assert.equal(config.get("boot.host_shutdown_timeout"), 30);
  assert.equal(config.get("environment.TZ"), "UTC");
  assert.equal(config.get("volatile.eth0.hwaddr"), "00:16:3e:01:02:03");
  assert.deepEqual(config.family("environment.*"), { TZ: "UTC" });
  assert.equal(config.has("boot.autostart.delay"), false);
  assert.equal(config.text("boot.host_shutdown_timeout"), "30");
  assert.deepEqual(
    networkConfig({ "ipv4.dhcp.ranges": "10.1.2.3 - 10.1.2.9, 10.1.2.20-10.1.2.30" }).get("ipv4.dhcp.ranges"),
    [
      ["10.1.2.3", "10.1.2.9"],
      ["10.1.2.20", "10.1.2.30"],
    ],
  );
  assert.equal(serverConfig({}).get("images.limits.size"), 64 * 2 ** 30);
  assert.equal(storagePoolConfig({ size: "1GiB" }).get("size"), 2 ** 30);
  assert.equal(diskOptions({ type: "disk", readonly: "1" }).get("readonly"), true);
  assert.equal(nicOptions({ type: "nic", mtu: "1400" }).get("mtu"), 1400);
});

test("a stored value that its type cannot read counts as unset", () => {
  assert.equal(instanceConfig({ "security.nesting": "maybe" }).get("security.nesting"), false);
  assert.equal(instanceConfig({ "boot.autostart": "maybe" }).get("boot.autostart"), undefined);
  assert.equal(instanceConfig({ "limits.memory": "much" }).get("limits.memory"), undefined);
  assert.equal(instanceConfig({ "boot.autostart.delay": "soon" }).get("boot.autostart.delay"), 0);
});

test("a misspelt key does not compile", () => {
  // @ts-expect-error no row has this key
  assert.equal(instanceConfig({}).get("limits.memroy"), undefined);
  // @ts-expect-error no network has this key
  assert.equal(networkConfig({}).get("limits.memory"), undefined);
  // @ts-expect-error no disk has this option
  assert.equal(diskOptions({}).get("hwaddr"), undefined);
  // @ts-expect-error a value of a key with a default is never missing, and of its type
  const text: string = instanceConfig({}).get("security.nesting");
  assert.equal(text, false);
});

test("the narrowest pattern judges a key", () => {
  const issues = checkConfig(allInstanceKeys, {
    "volatile.eth0.hwaddr": "01:00:5e:00:00:01",
    "volatile.idmap.current": "x",
    "limits.kernel.nofiles": "1",
  });
  assert.deepEqual(
    issues.map(({ key }) => key),
    ["volatile.eth0.hwaddr", "limits.kernel.nofiles"],
  );
});

test("keys that may hold secrets are known by their rows, and unknown ones by what they may have been meant to be", () => {
  const secret = ["user.password", "environment.TOKEN", "cloud-init.user-data", "raw.lxc", "raw.dnsmasq"];
  const meant = ["raw.qemu", "cloud-init.data", "enviroment.TOKEN", "usr.password", "raw.lcx"];
  assert.deepEqual(
    [...secret, ...meant].filter((key) => !isSecretKey(key)),
    [],
  );
  const plain = ["limits.memory", "limits.memroy", "source", "ipv4.address", "volatile.uuid", "x", "constructor"];
  assert.deepEqual(plain.filter(isSecretKey), []);
});
