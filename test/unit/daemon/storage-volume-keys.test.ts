/** Keys of custom volumes: which a pool's driver has, what a new volume gets of its pool, and what cannot be changed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { configFor } from "../../../daemon/kinds/storage-pool/drivers/volume-keys";
import { changedConfig, isOfDriver, keysLeftBehind, newConfig } from "../../../daemon/kinds/storage-volume/keys";
import type { VolumeRecord } from "../../../daemon/kinds/storage-volume/record";
import type { Config } from "../../../sdk/api/common";
import { lxdPoolKeys } from "../../../sdk/api/config/lxd-words";
import { storagePoolKeys } from "../../../sdk/api/config/storage-pool";
import { checkConfig } from "../../../sdk/api/config/table";

const pool = (driver: string, config: Config = {}) =>
  ({ name: "fast", driver, description: "", config, state: "created" }) as const;
const volume = (config: Config, contentType: VolumeRecord["contentType"] = "filesystem"): VolumeRecord => ({
  project: "default",
  pool: "fast",
  name: "data",
  description: "",
  config,
  contentType,
  createdAt: "2026-11-27T00:00:00Z",
});
const refused = (message: RegExp) => ({ code: "BAD_REQUEST", message });

test("a volume of files in a pool of LVM has a file system and options, its own or the pool's", () => {
  assert.deepEqual(newConfig(pool("lvm"), "filesystem", {}), {
    "block.filesystem": "ext4",
    "block.mount_options": "discard",
  });
  const said = { "volume.block.filesystem": "xfs", "volume.block.mount_options": "noatime" };
  assert.deepEqual(newConfig(pool("lvm", said), "filesystem", { "block.filesystem": "btrfs", size: "1GiB" }), {
    size: "1GiB",
    "block.filesystem": "btrfs",
    "block.mount_options": "noatime",
  });
  assert.deepEqual(newConfig(pool("lvm", said), "block", {}), {}, "that of blocks has no file system");
  assert.throws(
    () => newConfig(pool("lvm"), "block", { "block.filesystem": "xfs" }),
    refused(/Unknown configuration key: block.filesystem/),
  );
  for (const [config, message] of [
    [{ "block.filesystem": "ext3" }, /Invalid value for "block.filesystem": it must be one of/],
    [{ "block.mount_options": "a\nb" }, /Invalid value for "block.mount_options"/],
    [{ "lvm.stripes": "2" }, /lvm.stripes.*cannot be used with thin pool volumes.*"volume.lvm.stripes"/],
    [{ "lvm.stripes.size": "64KiB" }, /lvm.stripes.size.*cannot be used with thin pool volumes/],
  ] as const)
    assert.throws(() => newConfig(pool("lvm"), "filesystem", config as Config), refused(message));
});

test("a volume in a pool of ZFS has the pool's keys when it says none, as far as its content has them", () => {
  assert.deepEqual(newConfig(pool("zfs"), "filesystem", {}), {});
  const said = { "volume.zfs.blocksize": "16KiB", "volume.zfs.use_refquota": "true" };
  const own = { "zfs.use_refquota": "false", "zfs.reserve_space": "true", "zfs.remove_snapshots": "true" };
  assert.deepEqual(newConfig(pool("zfs", said), "filesystem", own), { ...own, "zfs.blocksize": "16KiB" });
  assert.deepEqual(newConfig(pool("zfs", said), "block", {}), { "zfs.blocksize": "16KiB" });
  for (const key of ["zfs.use_refquota", "zfs.reserve_space"])
    assert.throws(() => newConfig(pool("zfs"), "block", { [key]: "true" }), refused(/does not have yet/), key);
  for (const value of ["512", "16MiB", "131072", "128KiB"])
    assert.deepEqual(newConfig(pool("zfs"), "filesystem", { "zfs.blocksize": value }), { "zfs.blocksize": value });
  for (const value of ["256", "32MiB", "100KiB", "0", "x", "-1"])
    assert.throws(
      () => newConfig(pool("zfs"), "filesystem", { "zfs.blocksize": value }),
      refused(/"zfs.blocksize": Value should be between 512 and 16MiB, and be power of 2/),
      value,
    );
  for (const key of ["zfs.block_mode", "zfs.delegate"])
    assert.throws(
      () => newConfig(pool("zfs"), "filesystem", { [key]: "true" }),
      (error: Error) => /Unknown configuration key/.test(error.message) && !/does not have yet/.test(error.message),
      key,
    );
});

test("a key of another driver is refused, and left behind by a copy", () => {
  for (const [driver, key, value, of] of [
    ["dir", "zfs.blocksize", "16KiB", "zfs"],
    ["btrfs", "block.filesystem", "xfs", "lvm"],
    ["lvm", "zfs.use_refquota", "true", "zfs"],
    ["zfs", "block.mount_options", "noatime", "lvm"],
  ] as const) {
    assert.throws(
      () => newConfig(pool(driver), "filesystem", { [key]: value }),
      refused(new RegExp(`"${key}": it is for volumes in pools of ${of}, and storage pool "fast" is of ${driver}`)),
    );
    assert.deepEqual(keysLeftBehind({ driver }, { size: "1GiB", [key]: value, "user.a": "b" }), [key]);
    assert.deepEqual(newConfig(pool(driver), "filesystem", { [key]: "" })[key], undefined, "unset is no value");
  }
});

test("the file system of a volume stays what it is", () => {
  const had = volume({ "block.filesystem": "xfs", "block.mount_options": "discard" });
  assert.deepEqual(changedConfig(pool("lvm"), had, { "block.mount_options": "noatime" }), {
    "block.filesystem": "xfs",
    "block.mount_options": "noatime",
  });
  assert.throws(
    () => changedConfig(pool("lvm"), had, { "block.filesystem": "ext4" }),
    refused(/Custom volume 'block.filesystem' property cannot be changed/),
  );
  assert.throws(() => changedConfig(pool("dir"), volume({}), { "zfs.blocksize": "16KiB" }), refused(/pools of zfs/));
  assert.equal(isOfDriver({ size: "1GiB" }, { size: "2GiB", "user.x": "1" }), false);
  assert.equal(isOfDriver({ "zfs.blocksize": "16KiB" }, {}), true);
});

test("what a volume says comes before what its pool says", () => {
  const config = { "volume.zfs.blocksize": "16KiB", "volume.zfs.use_refquota": "true" };
  const set = configFor(
    { config, keysOf: () => ({ "zfs.blocksize": "32KiB" }) },
    { type: "custom", name: "default_data" },
  );
  assert.equal(set.get("volume.zfs.blocksize"), 32768);
  assert.equal(set.get("volume.zfs.use_refquota"), true);
  assert.equal(set.get("volume.zfs.reserve_space"), undefined);
});

test("a pool has the defaults of its own driver's volumes, and stripes where it is of LVM", () => {
  const issues = (driver: string, config: Config) =>
    checkConfig(storagePoolKeys[driver] ?? {}, config, lxdPoolKeys).map(({ key }) => key);
  const lvm = {
    "volume.block.filesystem": "xfs",
    "volume.block.mount_options": "noatime",
    "volume.lvm.stripes": "2",
    "volume.lvm.stripes.size": "64KiB",
  };
  const zfs = {
    "volume.zfs.blocksize": "16KiB",
    "volume.zfs.remove_snapshots": "true",
    "volume.zfs.reserve_space": "true",
    "volume.zfs.use_refquota": "true",
  };
  assert.deepEqual([issues("lvm", lvm), issues("zfs", zfs)], [[], []]);
  assert.deepEqual(issues("lvm", zfs), Object.keys(zfs));
  assert.deepEqual(issues("zfs", lvm), Object.keys(lvm));
  assert.deepEqual(issues("dir", { ...lvm, ...zfs }), [...Object.keys(lvm), ...Object.keys(zfs)]);
  assert.deepEqual(issues("lvm", { "volume.lvm.stripes": "0", "volume.lvm.stripes.size": "x" }).length, 2);
  assert.deepEqual(issues("zfs", { "volume.zfs.blocksize": "3KiB", "volume.zfs.use_refquota": "maybe" }).length, 2);
});
