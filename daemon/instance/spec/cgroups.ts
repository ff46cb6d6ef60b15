/** Spec, control groups: the container's group in every hierarchy, given to its root, and the view of them inside. */
import path from "node:path";
import type { CgroupLayout } from "../../host/cgroups";
import { hierarchies } from "../../host/cgroups";
import type { Op } from "../../native/index";
import type { ControlWrite } from "../limits";

/** What the container may open of the host's device nodes; all else is denied (devices.rst). */
const allowedDevices = [
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

/** Makes the groups, sets their limits, gives them to the container's root and joins them. */
export function cgroupOps(layout: CgroupLayout, group: string, limits: readonly ControlWrite[]): Op[] {
  const groups = hierarchies(layout).map((mountPoint) => path.join(mountPoint, group));
  const devices = layout.v1.get("devices");
  const deviceWrites: Op[] =
    devices === undefined
      ? []
      : [
          ["cgroup-write", path.join(devices, group, "devices.deny"), "a"],
          ...allowedDevices.map((rule): Op => ["cgroup-write", path.join(devices, group, "devices.allow"), rule]),
        ];
  return [
    ...groups.map((dir): Op => ["cgroup-make", dir]),
    ...limits.map(({ path: file, value }): Op => ["cgroup-write", file, value]),
    ...deviceWrites,
    ...groups.map((dir): Op => ["cgroup-own", dir]),
    ...joinOps(layout, group),
  ];
}

/** Joins existing groups; for exec as well. */
export function joinOps(layout: CgroupLayout, group: string): Op[] {
  const v1 = [...new Set(layout.v1.values())].map((mountPoint): Op => ["cgroup-join", path.join(mountPoint, group)]);
  return layout.v2 === undefined ? v1 : [...v1, ["cgroup-into", path.join(layout.v2, group)]];
}

/** /sys/fs/cgroup inside: v2 alone, or a tmpfs with every hierarchy as on a hybrid host. */
export function cgroupMountOps(layout: CgroupLayout): Op[] {
  const flags = "nosuid,nodev,noexec,relatime";
  if (layout.v1.size === 0)
    return layout.v2 === undefined ? [] : [["mount", "cgroup2", "cgroup2", "/sys/fs/cgroup", flags, ""]];
  const byMount = new Map<string, string[]>();
  for (const [controller, mountPoint] of layout.v1)
    byMount.set(mountPoint, [...(byMount.get(mountPoint) ?? []), controller]);
  const v1 = [...byMount.values()].map((controllers): Op => {
    const name = controllers.join(",").replace(/^name=/, "");
    const data = controllers[0]?.startsWith("name=") ? `none,${controllers.join(",")}` : controllers.join(",");
    return ["mount", "cgroup", "cgroup", `/sys/fs/cgroup/${name}`, flags, data];
  });
  const v2: Op[] =
    layout.v2 === undefined ? [] : [["mount", "cgroup2", "cgroup2", "/sys/fs/cgroup/unified", flags, ""]];
  return [["mount", "tmpfs", "tmpfs", "/sys/fs/cgroup", "nosuid,nodev,noexec", "mode=755,size=64k"], ...v1, ...v2];
}
