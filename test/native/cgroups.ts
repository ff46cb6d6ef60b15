/** Control groups of the tests: the host's layout as probe tells it, and the operations that delegate a group in each hierarchy. */
import { execFileSync } from "node:child_process";
import path from "node:path";
import { program, type Words } from "./client";

export interface Probe {
  kernel: string;
  userNamespaces: boolean;
  idmappedMounts: boolean;
  overlay: boolean;
  overlayIdmappedLayers: boolean;
  cgroup: {
    layout: "v1" | "v2" | "hybrid" | "none";
    v1: Record<string, string>;
    v2?: string;
    v2Controllers?: string[];
    kill?: boolean;
    freeze?: boolean;
    cloneInto?: boolean;
    deviceRules?: boolean;
  };
  limits: Record<string, number>;
  capabilities: string;
  [trial: string]: unknown;
}

export const probe = (): Probe => JSON.parse(execFileSync(program, ["probe"]).toString()) as Probe;

const { cgroup } = probe();

/** The folder of a group in every hierarchy. */
export const folders = (name: string): string[] =>
  [...new Set([...Object.values(cgroup.v1), ...(cgroup.v2 === undefined ? [] : [cgroup.v2])])].map((mountPoint) =>
    path.join(mountPoint, name),
  );

export const v1 = (controller: string, name: string, file: string): string =>
  path.join(cgroup.v1[controller] ?? cgroup.v2!, name, file);

/** Makes the group in every hierarchy, lets limits be written, gives it to the container's root and joins it. */
export function delegate(name: string, limits: Words = []): Words {
  const cpuset = cgroup.v1.cpuset;
  return [
    folders(name).map((folder) => ["cgroup-make", folder]),
    cpuset === undefined
      ? []
      : ["cpus", "mems"].map((kind) => ["cgroup-write", path.join(cpuset, name, `cpuset.${kind}`), "0"]),
    limits,
    folders(name).map((folder) => ["cgroup-own", folder]),
    join(name),
  ];
}

/** Joins it; for exec too. */
export const join = (name: string): Words => [
  [...new Set(Object.values(cgroup.v1))].map((mountPoint) => ["cgroup-join", path.join(mountPoint, name)]),
  cgroup.v2 === undefined ? [] : ["cgroup-into", path.join(cgroup.v2, name)],
];

/** /sys/fs/cgroup inside, as docs/native-protocol.md has it. */
export function cgroupMounts(): Words {
  const flags = "nosuid,nodev,noexec,relatime";
  if (cgroup.layout === "v2") return ["mount", "cgroup2", "cgroup2", "/sys/fs/cgroup", flags, ""];
  return [
    ["mount", "tmpfs", "tmpfs", "/sys/fs/cgroup", "nosuid,nodev,noexec", "mode=755,size=64k"],
    Object.keys(cgroup.v1).map((controller) => [
      "mount",
      "cgroup",
      "cgroup",
      `/sys/fs/cgroup/${controller.replace("name=", "")}`,
      flags,
      controller.startsWith("name=") ? `none,${controller}` : controller,
    ]),
    cgroup.v2 === undefined ? [] : ["mount", "cgroup2", "cgroup2", "/sys/fs/cgroup/unified", flags, ""],
  ];
}
