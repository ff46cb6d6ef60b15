/** Spec, control groups: the container's group in every hierarchy, given to its root, and the view of them inside. */
import path from "node:path";
import type { CgroupLayout } from "../../../platform/host/cgroups";
import { controllerDir, guestDir, guestName, hierarchies } from "../../../platform/host/cgroups";
import type { Op } from "../../../platform/native/index";
import { deviceRuleOps } from "../devices/device-rules";
import { type ControlWrite, guestCopies } from "../limits/limits";

/** Most groups that a guest may have on v2, and how deep: each costs the host's kernel some ten kilobytes, most of which no memory limit counts. */
const guestGroups = { descendants: 2000, depth: 32 } as const;

export interface GroupPlaceFacts {
  readonly layout: CgroupLayout;
  /** Group of this container below every hierarchy, such as "bothy-1a2b/web". */
  readonly group: string;
  readonly isPrivileged: boolean;
  readonly isNesting: boolean;
  /** Whether the image asks for v1 by the property requirements.cgroup, as those with a systemd that knows no other do. */
  readonly needsV1: boolean;
}

export interface GroupFacts extends GroupPlaceFacts {
  readonly limits: readonly ControlWrite[];
  /** Device nodes that its devices give to it, in the words of devices.allow. */
  readonly deviceRules: readonly string[];
}

/**
 * Makes the groups, sets their limits, and joins them. Two for a hierarchy: the outer one carries the limits and stays the host's, the inner one is the guest's own.
 * One does where the guest can change nothing and may see all: on v1, without being the host's root or the owner, but for processes, whose bound is not shown.
 */
export function cgroupOps(facts: GroupFacts): Op[] {
  const { layout, group, limits } = facts;
  const all = placesOf(facts);
  const dirs = new Map(all.map(({ outer, dir }) => [outer, dir]));
  const split = all.filter(({ outer, dir }) => dir !== outer);
  const innerOf = (outer: string) => split.find((place) => place.outer === outer)?.dir;
  return [
    ...all.map(({ outer }): Op => ["cgroup-make", outer]),
    ...limits.map(write),
    ...boundOps(layout, group),
    ...deviceRuleOps(layout, group, facts.deviceRules),
    ...split.map(({ dir }): Op => ["cgroup-make", dir]),
    ...guestCopies(limits.filter(isNotInherited), innerOf).map(write),
    ...all.filter(({ isOwned }) => isOwned).map(({ dir }): Op => ["cgroup-own", dir]),
    ...joins(layout, group, (outer) => dirs.get(outer) ?? outer),
  ];
}

interface GroupPlace {
  readonly mountPoint: string;
  /** What carries the limits. */
  readonly outer: string;
  /** Where the guest's processes are, which it sees as the root. */
  readonly dir: string;
  readonly isOwned: boolean;
}

/** The groups of a container, one or two in each hierarchy. */
function placesOf({ layout, group, needsV1, isNesting, isPrivileged }: GroupPlaceFacts): GroupPlace[] {
  const pids = controllerDir(layout, "pids", group)?.path;
  // An init that manages services needs one hierarchy of its own.
  const needed = layout.v2 === undefined || needsV1 ? layout.v1.get("name=systemd") : undefined;
  return hierarchies(layout).map((mountPoint) => {
    const outer = path.join(mountPoint, group);
    const isOwned = mountPoint === layout.v2 || mountPoint === needed || isNesting;
    const isSplit = isOwned || isPrivileged || outer === pids;
    return { mountPoint, outer, dir: isSplit ? path.join(outer, guestName) : outer, isOwned };
  });
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

const mountFlags = "nosuid,nodev,noexec,relatime";

/** The first systemd that is done with v1: 256 and 257 still bear it in containers, 258 no longer knows it (systemd's NEWS). */
const firstWithoutV1 = 256;

/** Every program of systemd, its init too, needs a library of this name with the version behind it. */
const systemdLibrary = "libsystemd-shared-";

/**
 * /sys/fs/cgroup inside: v2 alone, or on a hybrid host a tmpfs with every hierarchy, unless the init is a systemd that wants v2 alone.
 * Limits hold either way, in whichever hierarchy the host has them.
 * @param init the container's init; nothing where all hierarchies are wanted, whatever it is
 */
export function cgroupMountOps(facts: GroupPlaceFacts, init: string | undefined): Op[] {
  const { layout } = facts;
  const ofMount = facts.isPrivileged ? freshMount : groupOf(placesOf(facts));
  const v2Op = (inner: string, more: string): Op[] =>
    layout.v2 === undefined ? [] : [ofMount({ type: "cgroup2", mountPoint: layout.v2, data: "", inner, more })];
  const hybridOps = (more: string): Op[] => [
    ["mount", "tmpfs", "tmpfs", "/sys/fs/cgroup", `nosuid,nodev,noexec${more}`, "mode=755,size=64k"],
    ...v1Ops(layout, (mount) => ofMount({ ...mount, more })),
    ...v2Op("unified", more),
  ];
  if (layout.v1.size === 0) return v2Op("", "");
  // A relative path is looked up by exec in the folders of PATH, as no systemd is.
  if (layout.v2 === undefined || !init?.startsWith("/")) return hybridOps("");
  return [["choose", init, systemdLibrary, firstWithoutV1], ...v2Op("", ",chosen"), ...hybridOps(",unchosen")];
}

function v1Ops(layout: CgroupLayout, ofMount: (mount: Omit<GroupMount, "more">) => Op): Op[] {
  const byMount = new Map<string, string[]>();
  for (const [controller, mountPoint] of layout.v1)
    byMount.set(mountPoint, [...(byMount.get(mountPoint) ?? []), controller]);
  return [...byMount].map(([mountPoint, controllers]): Op => {
    const inner = controllers.join(",").replace(/^name=/, "");
    const data = controllers[0]?.startsWith("name=") ? `none,${controllers.join(",")}` : controllers.join(",");
    return ofMount({ type: "cgroup", mountPoint, data, inner });
  });
}

interface GroupMount {
  readonly type: "cgroup" | "cgroup2";
  readonly mountPoint: string;
  readonly data: string;
  /** Below /sys/fs/cgroup. */
  readonly inner: string;
  /** Further flags. */
  readonly more: string;
}

/** A superblock of the container's own: root of the host could change the options of one that it shares. */
const freshMount = ({ type, data, inner, more }: GroupMount): Op => [
  "mount",
  type,
  type,
  path.join("/sys/fs/cgroup", inner),
  mountFlags + more,
  data,
];

/** The host's mount below the container's group: the kernel's work for a new superblock grows with the number of them (docs/kernel.md, Thousands of containers). */
const groupOf =
  (places: readonly GroupPlace[]) =>
  ({ mountPoint, inner, more }: GroupMount): Op => {
    const dir = places.find((place) => place.mountPoint === mountPoint)?.dir ?? mountPoint;
    return ["bind", dir, path.join("/sys/fs/cgroup", inner), `${mountFlags},unlocked${more}`];
  };
