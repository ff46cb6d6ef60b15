/** What LVM reports, as LVM 2.03.16 says it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { lvmWords } from "../../../daemon/kinds/storage-pool/drivers/lvm-host";
import { inExtents, readFullness, readGroup, readVg } from "../../../daemon/kinds/storage-pool/drivers/lvm-report";

const lvs = `  {
      "report": [
          {
              "lv": [
                  {"lv_name":"LXDThinPool", "lv_size":"1061158912", "lv_active":"active", "lv_tags":"bothy.made.0", "pool_lv":"", "data_percent":"12.50", "metadata_percent":"1.07"},
                  {"lv_name":"containers_web", "lv_size":"10737418240", "lv_active":"active", "lv_tags":"", "pool_lv":"LXDThinPool", "data_percent":"0.5", "metadata_percent":""},
                  {"lv_name":"images_ab", "lv_size":"524288000", "lv_active":"", "lv_tags":"bothy.fs.xfs,bothy.growing", "pool_lv":"LXDThinPool", "data_percent":"", "metadata_percent":""},
                  {"lv_name":"root", "lv_size":"524288000", "lv_active":"active", "lv_tags":"", "pool_lv":"", "data_percent":"", "metadata_percent":""}
              ]
          }
      ]
  }
`;

test("a thin pool and the logical volumes in it are read, and no others", () => {
  assert.deepEqual(readGroup(lvs, "LXDThinPool"), {
    thin: { bytes: 1061158912, dataPercent: 12.5, metadataPercent: 1.07, tags: ["bothy.made.0"] },
    lvs: [
      { name: "containers_web", isActive: true, tags: [] },
      { name: "images_ab", isActive: false, tags: ["bothy.fs.xfs", "bothy.growing"] },
    ],
  });
  assert.deepEqual(readGroup('{"report":[{"lv":[]}]}', "LXDThinPool"), { thin: undefined, lvs: [] });
  assert.throws(() => readGroup("  Volume group not found", "t"), {
    code: "INTERNAL",
    message: /Cannot read what LVM/,
  });
});

test("the kernel tells what of a thin pool is taken", () => {
  const status = "0 2072576 thin-pool 1 256/1024 8096/16192 - rw discard_passdown error_if_no_space - 1024 \n";
  assert.deepEqual(readFullness(status), { data: 0.5, metadata: 0.25 });
  for (const other of ["", "0 2048 linear \n", "0 2072576 thin-pool Fail\n"])
    assert.equal(readFullness(other), undefined);
});

test("the marks of a volume group are read", () => {
  assert.deepEqual(readVg('{"report":[{"vg":[{"vg_tags":"bothy.pool,a"}]}]}'), { tags: ["bothy.pool", "a"] });
  assert.equal(readVg('{"report":[{"vg":[]}]}'), undefined);
});

test("a size is rounded up to whole extents", () => {
  const MiB = 2 ** 20;
  assert.deepEqual([1, 4 * MiB, 4 * MiB + 1, 30e6].map(inExtents), [4 * MiB, 4 * MiB, 8 * MiB, 32 * MiB]);
});

test("of what LVM says, its warnings are left out", () => {
  const said =
    '  WARNING: Sum of all thin volume sizes exceeds the size.\n  Volume group "p" not found\n  Cannot process\n';
  assert.equal(lvmWords(said), 'Volume group "p" not found; Cannot process');
});
