/** Which processors containers get that want a number of them, and what of it is written. */
import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { type Bound, balanced } from "../../../daemon/kinds/instance/limits/balance";
import { limitWrites } from "../../../daemon/kinds/instance/limits/limits";
import type { CgroupLayout } from "../../../daemon/platform/host/cgroups";

const bound = (key: string, cpus: number[], among?: number[]): Bound => ({ key, cpus, among });
const four = [0, 1, 2, 3];

test("containers that share a processor are spread when another is free", () => {
  assert.deepEqual([...balanced([bound("a", [0], four), bound("b", [0], four)]).values()], [[1]]);
});

test("containers that are spread as evenly as can be stay where they are", () => {
  const all = [bound("a", [0], [0, 1]), bound("b", [1], [0, 1]), bound("c", [0], [0, 1])];
  assert.equal(balanced(all).size, 0);
});

test("who says which processors it wants stays, and the others make room", () => {
  const moves = balanced([bound("fixed", [0, 1]), bound("a", [0, 1], four)]);
  assert.deepEqual([...moves], [["a", [2, 3]]]);
});

test("nobody leaves the processors of its nodes", () => {
  const moves = balanced([bound("a", [0], [0, 1]), bound("b", [0], [0, 1]), bound("c", [0], [0, 1])]);
  for (const [cpu = -1] of moves.values()) assert.ok(cpu === 0 || cpu === 1);
  assert.equal(moves.size, 1);
});

const v2: CgroupLayout = {
  v1: new Map(),
  v2: "/nowhere/v2",
  v2Controllers: new Set(["cpu", "cpuset", "memory", "pids", "io"]),
} as unknown as CgroupLayout;

const plan = (config: Record<string, string>, cpus?: string, was?: { cpus: string | undefined }) =>
  Object.fromEntries(
    limitWrites(v2, "bothy/web", config, cpus, was).map(({ path: file, value }) => [path.basename(file), value]),
  );

test("on v2 a start writes each limit once, and nothing of processors that it inherits", () => {
  const writes = plan({
    "limits.memory": "64MiB",
    "limits.processes": "40",
    "limits.cpu.allowance": "25ms/100ms",
    "limits.cpu.priority": "5",
  });
  assert.equal(writes["memory.max"], String(64 * 1024 * 1024));
  assert.equal(writes["memory.high"], "max");
  assert.equal(writes["pids.max"], "40");
  assert.equal(writes["cpu.max"], "25000 100000");
  assert.equal(writes["cpu.weight"], "95");
  assert.ok(!("cpuset.cpus" in writes) && !("cpuset.mems" in writes));
});

test("on v2 a soft limit of memory and a share of processor time are no bounds", () => {
  const writes = plan({
    "limits.memory": "64MiB",
    "limits.memory.enforce": "soft",
    "limits.cpu.allowance": "50%",
  });
  assert.equal(writes["memory.max"], "max");
  assert.equal(writes["memory.high"], String(64 * 1024 * 1024));
  assert.equal(writes["cpu.max"], "max 100000");
  assert.equal(writes["cpu.weight"], "50");
});

test("on v2 processors are written when they change, and handed back with an empty line", () => {
  assert.equal(plan({}, "0")["cpuset.cpus"], "0");
  assert.ok(!("cpuset.cpus" in plan({}, "0", { cpus: "0" })));
  assert.equal(plan({}, "1", { cpus: "0" })["cpuset.cpus"], "1");
  assert.equal(plan({}, undefined, { cpus: "0" })["cpuset.cpus"], "\n");
});
