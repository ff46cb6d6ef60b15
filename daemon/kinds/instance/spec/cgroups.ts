/** Spec, control groups: the container's group in every hierarchy, given to its root, and the view of them inside. */
import path from "node:path";
import type { CgroupLayout } from "../../../platform/host/cgroups";
import { controllerDir, guestDir, guestName, hierarchies } from "../../../platform/host/cgroups";
import type { Op } from "../../../platform/native/index";
import { deviceRuleOps } from "../devices/device-rules";
import { type ControlWrite, guestCopies } from "../limits/limits";

/** Most groups that a guest may have on v2, and how deep: each costs the host's kernel some ten kilobytes, most of which no memory limit counts. */
const guestGroups = { descendants: 2000, depth: 32 } as const;

export interface GroupFacts {
  readonly layout: CgroupLayout;
  /** Group of this container below every hierarchy, such as "bothy-1a2b/web". */
  readonly group: string;
  readonly limits: readonly ControlWrite[];
  readonly isPrivileged: boolean;
  readonly isNesting: boolean;
  /** Whether the image asks for v1 by the property requirements.cgroup, as those with a systemd that knows no other do. */
  readonly needsV1: boolean;
  /** Device nodes that its devices give to it, in the words of devices.allow. */
  readonly deviceRules: readonly string[];
}

/**
 * Makes the groups, sets their limits, and joins them. Two for a hierarchy: the outer one carries the limits and stays the host's, the inner one is the guest's own.
 * One does where the guest can change nothing and may see all: on v1, without being the host's root or the owner, but for processes, whose bound is not shown.
 */
export function cgroupOps(facts: GroupFacts): Op[] {
  const { layout, group, limits } = facts;
  const pids = controllerDir(layout, "pids", group)?.path;
  // An init that manages services needs one hierarchy of its own.
  const needed = layout.v2 === undefined || facts.needsV1 ? layout.v1.get("name=systemd") : undefined;
  const all = hierarchies(layout).map((mountPoint) => ({
    outer: path.join(mountPoint, group),
    isOwned: mountPoint === layout.v2 || mountPoint === needed || facts.isNesting,
  }));
  const split = all.filter(({ outer, isOwned }) => isOwned || facts.isPrivileged || outer === pids);
  const inner = new Map(split.map(({ outer }) => [outer, path.join(outer, guestName)]));
  return [
    ...all.map(({ outer }): Op => ["cgroup-make", outer]),
    ...limits.map(write),
    ...boundOps(layout, group),
    ...deviceRuleOps(layout, group, facts.deviceRules),
    ...[...inner.values()].map((dir): Op => ["cgroup-make", dir]),
    ...guestCopies(limits.filter(isNotInherited), (outer) => inner.get(outer)).map(write),
    ...all.filter(({ isOwned }) => isOwned).map(({ outer }): Op => ["cgroup-own", inner.get(outer) ?? outer]),
    ...joins(layout, group, (outer) => inner.get(outer) ?? outer),
  ];
}

/** Joins the groups of a running container; for exec. @param hasGuestGroup whether its guest may have groups of its own (protocol 1 and later) */
export function joinOps(layout: CgroupLayout, group: string, hasGuestGroup: boolean): Op[] {
  return joins(layout, group, hasGuestGroup ? guestDir : (dir) => dir);
}

/** A new group has the processors of the one above it. */
const isNotInherited = ({ path: file }: ControlWrite): boolean => path.basename(file) !== "cpuset.cpus";

const write = ({ path: file, value }: ControlWrite): Op => ["cgroup-write", file, value];

function joins(layout: CgroupLayout, group: string, choose: (outer: string) => string): Op[] {
  const v1 = [...new Set(layout.v1.values())].map(
    (mountPoint): Op => ["cgroup-join", choose(path.join(mountPoint, group))],
  );
  return layout.v2 === undefined ? v1 : [...v1, ["cgroup-into", choose(path.join(layout.v2, group))]];
}

/** What the guest may make of groups on v2, and which controllers it finds there. */
function boundOps({ v2, v2Controllers }: CgroupLayout, group: string): Op[] {
  if (v2 === undefined) return [];
  const at = (file: string, value: string | number): Op => ["cgroup-write", path.join(v2, group, file), value];
  const controllers = [...v2Controllers].map((name) => `+${name}`).join(" ");
  return [
    // The guest's own counts as well.
    at("cgroup.max.descendants", guestGroups.descendants + 1),
    at("cgroup.max.depth", guestGroups.depth + 1),
    ...(controllers === "" ? [] : [at("cgroup.subtree_control", controllers)]),
  ];
}

const flags = "nosuid,nodev,noexec,relatime";

/** The first systemd that is done with v1: 256 and 257 still bear it in containers, 258 no longer knows it (systemd's NEWS). */
const firstWithoutV1 = 256;

/** Every program of systemd, its init too, needs a library of this name with the version behind it. */
const systemdLibrary = "libsystemd-shared-";

/**
 * /sys/fs/cgroup inside: v2 alone, or on a hybrid host a tmpfs with every hierarchy, unless the init is a systemd that wants v2 alone.
 * Limits hold either way, in whichever hierarchy the host has them.
 * @param init the container's init; nothing where all hierarchies are wanted, whatever it is
 */
export function cgroupMountOps(layout: CgroupLayout, init: string | undefined): Op[] {
  if (layout.v1.size === 0) return layout.v2 === undefined ? [] : [v2Op("/sys/fs/cgroup", "")];
  // A relative path is looked up by exec in the folders of PATH, as no systemd is.
  if (layout.v2 === undefined || !init?.startsWith("/")) return hybridOps(layout, "");
  return [
    ["choose", init, systemdLibrary, firstWithoutV1],
    v2Op("/sys/fs/cgroup", ",chosen"),
    ...hybridOps(layout, ",unchosen"),
  ];
}

const v2Op = (place: string, more: string): Op => ["mount", "cgroup2", "cgroup2", place, flags + more, ""];

/** @param more flags of each mount */
function hybridOps(layout: CgroupLayout, more: string): Op[] {
  const byMount = new Map<string, string[]>();
  for (const [controller, mountPoint] of layout.v1)
    byMount.set(mountPoint, [...(byMount.get(mountPoint) ?? []), controller]);
  const v1 = [...byMount.values()].map((controllers): Op => {
    const name = controllers.join(",").replace(/^name=/, "");
    const data = controllers[0]?.startsWith("name=") ? `none,${controllers.join(",")}` : controllers.join(",");
    return ["mount", "cgroup", "cgroup", `/sys/fs/cgroup/${name}`, flags + more, data];
  });
  const tmpfs: Op = ["mount", "tmpfs", "tmpfs", "/sys/fs/cgroup", `nosuid,nodev,noexec${more}`, "mode=755,size=64k"];
  return [tmpfs, ...v1, ...(layout.v2 === undefined ? [] : [v2Op("/sys/fs/cgroup/unified", more)])];
}
