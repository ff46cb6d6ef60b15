/** Ranges and runs of host ids: nobody gets what is somebody else's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { allocateBase, allocateRun, isRun, runSize } from "../../../daemon/kinds/instance/create/id-runs";
import { idsFromZero, rangeSize } from "../../../sdk/host/own-ids";

const first = 0x70000000;
const end = 0x80000000;

test("thousands of containers, of both kinds, share no id", () => {
  const bases = new Set<number>();
  const owned = new Set<number>();
  const own = (base: number, count: number) => {
    assert.ok(base >= first && base + count <= end, `${base}`);
    bases.add(base);
    for (let id = base; id < base + count; id += rangeSize) {
      assert.ok(!owned.has(id), `${id} is somebody's`);
      owned.add(id);
    }
  };
  for (let i = 0; i < 3000; i += 1) {
    if (i % 50 === 0) own(allocateRun(bases, 77), runSize);
    own(allocateBase(bases, 77), rangeSize);
  }
  assert.equal([...bases].filter(isRun).length, 60, "a base tells which kind its owner is");
});

test("what lies where runs are is used when nothing else is left, and then it is said", () => {
  const bases = new Set<number>();
  for (let i = 0; i < 3968; i += 1) bases.add(allocateBase(bases, 5));
  assert.throws(() => allocateBase(bases, 5), /all ranges of host ids are in use/);
  assert.throws(() => allocateRun(bases, 5), /all runs of host ids/);
});

test("an older container whose range lies where runs are keeps it to itself", () => {
  const old = first + 2050 * rangeSize;
  for (let seed = 0; seed < 128; seed += 1) {
    const run = allocateRun(new Set([old]), seed);
    assert.ok(run > old || run + runSize <= old);
  }
});

test("ids are counted from 0 on, up to the first gap", () => {
  assert.equal(idsFromZero("         0          0 4294967295\n"), 4294967295);
  assert.equal(idsFromZero("0 1879048192 65536\n"), 65536);
  assert.equal(idsFromZero("1000 5000 1\n0 1879048192 1000\n1001 1879049193 64535\n"), 65536);
  assert.equal(idsFromZero("0 100000 1000\n2000 102000 1000\n"), 1000);
  assert.equal(idsFromZero("1 100000 65536\n"), 0);
});
