/** Device rules: which device nodes a container may open; all else is denied (docs/kernel.md, Device rules). */
import path from "node:path";
import { isInUserNamespace } from "../../../../sdk/host/user-namespace";
import { type CgroupLayout, guestDir } from "../../../platform/host/cgroups";
import type { Op } from "../../../platform/native/index";

const common = [
  "c *:* m",
  "b *:* m",
  "c 1:3 rwm",
  "c 1:5 rwm",
  "c 1:7 rwm",
  "c 1:8 rwm",
  "c 1:9 rwm",
  "c 5:0 rwm",
  "c 5:1 rwm",
  "c 5:2 rwm",
  "c 136:* rwm",
  "c 10:229 rwm",
  "c 10:200 rwm",
];

/** The program of v2, in the place of the one before. */
const program = (v2: string, group: string, own: readonly string[]): Op => [
  "cgroup-devices",
  path.join(v2, group),
  [...new Set([...common, ...own])].join(","),
  "optional",
];

/**
 * For a start: v1 has a controller for devices, v2 a program. The kernel takes neither from a daemon in a container, whose own rules count for all in it,
 * and where nobody can make a node that opens.
 * @param own rules that the container's devices ask for
 */
export function deviceRuleOps({ v1, v2 }: CgroupLayout, group: string, own: readonly string[]): Op[] {
  if (isInUserNamespace()) return [];
  const hierarchy = v1.get("devices");
  if (hierarchy !== undefined)
    return [
      ["cgroup-write", path.join(hierarchy, group, "devices.deny"), "a"],
      ...[...new Set([...common, ...own])].map(
        (rule): Op => ["cgroup-write", path.join(hierarchy, group, "devices.allow"), rule],
      ),
    ];
  // No node can be made in a user namespace, and no program be loaded.
  return v2 === undefined ? [] : [program(v2, group, own)];
}

/** For a running container: from the rules of some devices to those of others. */
export function ruleChangeOps(
  { v1, v2 }: CgroupLayout,
  group: string,
  was: readonly string[],
  is: readonly string[],
): Op[] {
  const come = is.filter((rule) => !was.includes(rule) && !common.includes(rule));
  const gone = was.filter((rule) => !is.includes(rule) && !common.includes(rule));
  if (isInUserNamespace() || come.length + gone.length === 0) return [];
  const hierarchy = v1.get("devices");
  if (hierarchy === undefined) return v2 === undefined ? [] : [program(v2, group, is)];
  const outer = path.join(hierarchy, group);
  // What a group is denied, those below it lose as well; what it is allowed, they have to be told.
  const groups = [...new Set([outer, guestDir(outer)])];
  return [
    ...come.flatMap((rule) => groups.map((dir): Op => ["cgroup-write", path.join(dir, "devices.allow"), rule])),
    ...gone.map((rule): Op => ["cgroup-write", path.join(outer, "devices.deny"), rule]),
  ];
}
