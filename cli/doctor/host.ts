/** Host: everything that the doctor reads of this machine, read once and without changing anything. */
import { existsSync, readFileSync } from "node:fs";
import { delegatedControllers } from "../../sdk/host/delegated-groups";
import { wholePath } from "../../sdk/host/namespaces";
import { findProgram, isStaticProgram } from "../../sdk/host/program";
import { type HostFacts, readFacts } from "../../sdk/host/requirements";
import { hasSELinux, type PolicyState, policyState } from "../../sdk/host/selinux";

export interface Program {
  readonly path: string;
  readonly isStatic: boolean;
}

export interface Host extends HostFacts {
  readonly fileSystems: ReadonlySet<string>;
  /** Names of the modules that the running kernel could load. */
  readonly modules: ReadonlySet<string>;
  /** Security modules that the kernel runs, or undefined when it does not tell. */
  readonly securityModules: readonly string[] | undefined;
  /** Of SELinux. */
  readonly selinux: PolicyState;
  /** Most open files of a process, or infinity. */
  readonly openFiles: number;
  /** A sysctl by its dotted name. */
  readonly sysctl: (name: string) => string | undefined;
  /** Controllers that systemd has delegated to an ordinary user; nothing when it has not. */
  readonly delegated: readonly string[] | undefined;
  readonly program: (name: string) => Program | undefined;
  readonly device: (path: string) => boolean;
}

/** Reads the machine that this runs on. */
export function readHost(): Host {
  const facts = readFacts();
  return {
    ...facts,
    fileSystems: new Set((read("/proc/filesystems") ?? "").split("\n").map((line) => line.split("\t")[1] ?? "")),
    modules: moduleNames(read(`/lib/modules/${facts.kernel}/modules.dep`) ?? ""),
    securityModules: securityModules(),
    selinux: policyState(),
    openFiles: openFiles(read("/proc/self/limits") ?? ""),
    sysctl: (name) => read(`/proc/sys/${name.replaceAll(".", "/")}`)?.trim(),
    delegated: delegatedControllers(facts.uid),
    program: (name) => {
      const path = findProgram(name, wholePath());
      return path === undefined ? undefined : { path, isStatic: isStaticProgram(path) };
    },
    device: existsSync,
  };
}

/** Of modules.dep(5): lines such as "kernel/fs/overlayfs/overlay.ko.xz: dependencies". */
const moduleNames = (text: string): Set<string> =>
  new Set([...text.matchAll(/([^/\n]+)\.ko[.a-z0-9]*:/g)].map(([, name = ""]) => name));

function securityModules(): string[] | undefined {
  const list = read("/sys/kernel/security/lsm");
  if (list !== undefined && list !== "") return list.trim().split(",");
  // securityfs is not mounted everywhere; each module also has a sign of its own.
  const found = [];
  if (read("/sys/module/apparmor/parameters/enabled")?.startsWith("Y")) found.push("apparmor");
  if (hasSELinux()) found.push("selinux");
  return found;
}

function openFiles(limits: string): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1] ?? "0";
  return hard === "unlimited" ? Number.POSITIVE_INFINITY : Number(hard);
}

/** Text of a file, or nothing when the kernel does not have it or does not show it. */
function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // Missing, hidden or not for this user: the finding says that it could not be read.
    return undefined;
  }
}
