/** Names of volumes among the logical volumes of LVM: there and back, for any name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Volume } from "../../../daemon/kinds/storage-pool/driver";
import {
  deviceOf,
  isUnfinished,
  lvNameOf,
  partialLv,
  readyLv,
  requireName,
  volumeOfLv,
  wrongName,
} from "../../../daemon/kinds/storage-pool/drivers/lvm-names";

const named = (type: Volume["type"], name: string): Volume => ({ type, name });

test("volumes are called as LXD calls them", () => {
  const cases: [Volume, string][] = [
    [named("containers", "web"), "containers_web"],
    [named("containers", "lab_web-1"), "containers_lab_web--1"],
    [named("containers-snapshots", "web-1/snap0"), "containers_web--1-snap0"],
    [named("images", "ab12"), "images_ab12"],
    [named("custom", "default_data"), "custom_default_data"],
    [named("custom-snapshots", "default_data/s0"), "custom_default_data-s0"],
  ];
  for (const [volume, lv] of cases) {
    assert.equal(lvNameOf(volume), lv);
    assert.deepEqual(volumeOfLv(lv), volume);
  }
});

test("what LVM does not take, or keeps for itself, is written otherwise", () => {
  assert.equal(lvNameOf(named("custom", "default_a b")), "custom_default_a+20b");
  assert.equal(lvNameOf(named("custom", "default_é+")), "custom_default_+c3+a9+2b");
  assert.equal(lvNameOf(named("containers", "tdata")), "containers_+74data");
  assert.equal(lvNameOf(named("custom", "default_my_rmeta")), "custom_default_my_+72meta");
  assert.equal(lvNameOf(named("containers-snapshots", "a/-b")), "containers_a-+2db");
});

test("every name comes back, and no two volumes have one", () => {
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 20 }).filter((name) => !name.includes("/"));
  const odd = fc.string({
    unit: fc.constantFrom("-", "+", "_", "a", "2", "tdata", "é", " "),
    minLength: 1,
    maxLength: 8,
  });
  const part = fc.oneof(text, odd);
  const volume = fc.oneof(
    fc.record({ type: fc.constantFrom<Volume["type"]>("containers", "images", "custom"), name: part }),
    fc
      .tuple(fc.constantFrom<Volume["type"]>("containers-snapshots", "custom-snapshots"), part, part)
      .map(([type, owner, name]) => named(type, `${owner}/${name}`)),
  );
  fc.assert(
    fc.property(volume, (one) => {
      const lv = lvNameOf(one);
      assert.match(lv, /^[A-Za-z0-9+_.-]+$/);
      assert.doesNotMatch(lv, /_(tdata|tmeta|rmeta|cdata)/);
      assert.deepEqual(volumeOfLv(lv), { ...one });
    }),
    { numRuns: 500 },
  );
});

test("logical volumes of others and of unfinished work are no volumes", () => {
  for (const lv of [
    "root",
    "containers",
    "containers_",
    "containers_a-b-c",
    "images_a-b",
    "LXDThinPool",
    partialLv("ab"),
    readyLv("ab"),
  ])
    assert.equal(volumeOfLv(lv), undefined, lv);
  assert.deepEqual([partialLv("ab"), readyLv("ab"), "containers_web"].map(isUnfinished), [true, true, false]);
});

test("a device has the name that the device mapper gives it, and one that is too long is refused", () => {
  assert.equal(deviceOf("my-group", "containers_a--b"), "/dev/mapper/my--group-containers_a----b");
  assert.equal(requireName("g", named("containers", "web")), "containers_web");
  assert.throws(() => requireName("g", named("containers", "a".repeat(120))), {
    code: "BAD_REQUEST",
    message: /too long for LVM/,
  });
});

test("names of groups are those that LVM takes", () => {
  for (const name of ["vg0", "my-group", "a+b_c.d"]) assert.equal(wrongName(name), undefined, name);
  for (const name of ["", "-a", "a b", "..", "a/b", "a".repeat(61)])
    assert.match(wrongName(name) ?? "", /no name/, name);
});
