/** ZFS: names of data sets, and what its programs print. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PoolPlace, Volume } from "../../../daemon/kinds/storage-pool/driver";
import { tooOld } from "../../../daemon/kinds/storage-pool/drivers/zfs-host";
import {
  isNobodys,
  nameOfPart,
  parseList,
  partOf,
  propertyOf,
  readySetOf,
  rootSet,
  setOf,
  snapshotSetOf,
  volumeOfReady,
} from "../../../daemon/kinds/storage-pool/drivers/zfs-names";
import { boundsOf, parseUsage, usageFrom } from "../../../daemon/kinds/storage-pool/drivers/zfs-sizes";

const nobody = async () => undefined;
const pool = (config: Record<string, string> = {}): PoolPlace => ({
  name: "fast",
  path: "/var/lib/bothy/storage-pools/fast",
  diskImage: "/var/lib/bothy/disks/fast.img",
  config,
  keysOf: () => ({}),
  removeTree: nobody,
  run: nobody,
  folderProject: nobody,
  onNote: () => undefined,
  onLeft: () => undefined,
  onClosed: () => undefined,
});
const web: Volume = { type: "containers", name: "web" };

test("a pool is the data set that its keys name, else one of its own name", () => {
  assert.equal(rootSet(pool()), "fast");
  assert.equal(rootSet(pool({ source: "/var/lib/bothy/disks/fast.img" })), "fast");
  assert.equal(rootSet(pool({ source: "tank/lxd" })), "tank/lxd");
  assert.equal(rootSet(pool({ source: "/dev/sdb", "zfs.pool_name": "other" })), "other");
});

test("volumes have LXD's data sets and snapshots", () => {
  assert.equal(setOf(pool(), web), "fast/containers/web");
  assert.equal(setOf(pool(), { type: "custom", name: "default_data" }), "fast/custom/default_data");
  assert.equal(setOf(pool(), { type: "containers-snapshots", name: "web/s0" }), "fast/containers/web");
  assert.equal(
    snapshotSetOf(pool(), { type: "containers-snapshots", name: "web/s0" }),
    "fast/containers/web@snapshot-s0",
  );
});

test("names that ZFS does not take are written with colons, and read back", () => {
  for (const [name, part] of [
    ["web-1.a_b", "web-1.a_b"],
    ["a b", "a:20b"],
    ["a:b%@#", "a:3ab:25:40:23"],
    ["größe", "gr:c3:b6:c3:9fe"],
    ["a:20b", "a:3a20b"],
  ] as const) {
    assert.equal(partOf(name), part);
    assert.equal(nameOfPart(part), name);
  }
});

test("a name that ZFS has no room for is refused, and one that leaves the pool as well", () => {
  const long = { type: "custom", name: `default_${"ü".repeat(60)}` } as const;
  assert.throws(() => setOf(pool(), long), { code: "BAD_REQUEST", message: /255 characters at most/ });
  assert.throws(() => setOf(pool(), { type: "custom", name: "../x" }), /not one of a volume/);
});

/** As zfs 2.3 prints it with -H and -p. */
const listing = `fast	-	-	-
fast/containers	-	-	-
fast/containers/web	-	-	-
fast/containers/web@snapshot-s0	-		off
fast/containers/web@snapshot-a:20b	-	fast/containers/copy	off
fast/containers/web@snapshot-old	containers-snapshots/new/s1		off
fast/containers/web@copy-12ab	-	fast/containers/other,fast/containers/more	on
fast/containers/web@daily	-		off
fast/custom/default_data	-	-	-
fast/custom/default_data@snapshot-s0	-		off
fast/deleted/containers/77	-	-	-
fast/deleted/containers/77@snapshot-s0	containers-snapshots/gone/s0		off
fast/images/abc	-	-	-
fast/images/abc@readonly	-	fast/containers/web	off
fast/deleted/images/abd@readonly	-	fast/containers/web	on
fast/partial/ready:-containers:-a:20b	-	-	-
fast/containers/web/inner	-	-	-
fastest/containers/x	-	-	-
`;

test("a listing tells volumes, also those that lie elsewhere, and what is of nobody", () => {
  const entries = parseList("fast", listing);
  const volumes = entries.flatMap(({ name, volume }) =>
    volume === undefined ? [] : [[name, volume.type, volume.name]],
  );
  assert.deepEqual(volumes, [
    ["fast/containers/web", "containers", "web"],
    ["fast/containers/web@snapshot-s0", "containers-snapshots", "web/s0"],
    ["fast/containers/web@snapshot-a:20b", "containers-snapshots", "web/a b"],
    ["fast/containers/web@snapshot-old", "containers-snapshots", "new/s1"],
    ["fast/custom/default_data", "custom", "default_data"],
    ["fast/custom/default_data@snapshot-s0", "custom-snapshots", "default_data/s0"],
    ["fast/deleted/containers/77@snapshot-s0", "containers-snapshots", "gone/s0"],
    ["fast/images/abc", "images", "abc"],
  ]);
  assert.deepEqual(
    entries.filter(isNobodys).map(({ name, isGoing, hasClones }) => [name, isGoing, hasClones]),
    [
      ["fast/containers/web@copy-12ab", true, true],
      ["fast/deleted/images/abd@readonly", true, true],
    ],
  );
});

test("an unfinished data set knows what it becomes", () => {
  const odd: Volume = { type: "containers", name: "a b" };
  assert.equal(readySetOf(pool(), odd), "fast/partial/ready:-containers:-a:20b");
  const ready = parseList("fast", listing).find(({ name }) => name.includes("ready"))!;
  assert.deepEqual(volumeOfReady(ready), odd);
  assert.equal(propertyOf({ type: "custom-snapshots", name: "default_a b/s" }), "custom-snapshots/default_a:20b/s");
});

test("what a data set holds is what counts for its bound", () => {
  assert.deepEqual(usageFrom(parseUsage("24576\t1048576\t0\t0\n")), { used: 24576, total: undefined });
  assert.deepEqual(usageFrom(parseUsage("24576\t1048576\t2097152\t0\n")), { used: 24576, total: 2097152 });
  assert.deepEqual(usageFrom(parseUsage("24576\t1048576\t0\t2097152\n")), { used: 1048576, total: 2097152 });
  assert.deepEqual(usageFrom(parseUsage("-\t-\t-\t-\n")), { used: 0, total: undefined });
});

test("a size is a quota or a refquota, with a reservation where the pool wants it", () => {
  assert.deepEqual(boundsOf(pool(), web, 4096), [
    "quota=4096",
    "refquota=none",
    "reservation=none",
    "refreservation=none",
  ]);
  assert.deepEqual(boundsOf(pool({ "volume.zfs.use_refquota": "true" }), web, undefined), [
    "refquota=none",
    "quota=none",
    "refreservation=none",
    "reservation=none",
  ]);
  const reserving = pool({ "volume.zfs.use_refquota": "on", "volume.zfs.reserve_space": "true" });
  assert.deepEqual(boundsOf(reserving, web, 4096), [
    "refquota=4096",
    "quota=none",
    "refreservation=4096",
    "reservation=none",
  ]);
});

test("a module that cannot map ids is named", () => {
  assert.equal(tooOld("2.2.0-rc1"), undefined);
  assert.equal(tooOld("2.3.2-2"), undefined);
  assert.equal(tooOld("3.0"), undefined);
  assert.match(tooOld("2.1.11-1") ?? "", /is 2\.1\.11-1, whose mounts cannot have mapped ids\. Install version 2\.2/);
  assert.match(tooOld(undefined) ?? "", /the kernel has no ZFS/);
});
