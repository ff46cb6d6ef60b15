/** Requirements: what must be there before a daemon can make any container, read without asking for isolation. */
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { type CgroupLayout, readCgroupLayout } from "./cgroups";

/** mount_setattr came with 5.12, and with it mounts that map ids (mount_setattr(2)). */
export const oldestKernel = [5, 12] as const;

/** Without one of these no container can be made. */
export const neededNamespaces: readonly string[] = ["mnt", "pid", "uts", "ipc", "net"];

/** What of root's power making, entering and cleaning up after containers takes; bits of capabilities(7). */
export const neededCapabilities: Readonly<Record<string, number>> = {
  CAP_CHOWN: 0,
  CAP_DAC_OVERRIDE: 1,
  CAP_FOWNER: 3,
  CAP_KILL: 5,
  CAP_SETGID: 6,
  CAP_SETUID: 7,
  CAP_SETPCAP: 8,
  CAP_NET_ADMIN: 12,
  CAP_SYS_CHROOT: 18,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
};

export interface HostFacts {
  readonly uid: number;
  /** Release such as "6.1.0-18-amd64". */
  readonly kernel: string;
  /** Effective capabilities, as bits. */
  readonly capabilities: bigint;
  /** Types below /proc/self/ns, such as "user". */
  readonly namespaces: ReadonlySet<string>;
  readonly cgroups: CgroupLayout;
  /** Mount points of control groups in which nothing can be made, as in a container that was given none. */
  readonly readOnlyCgroups: readonly string[];
}

const namespaceTypes = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

/** Reads this machine and this process. */
export function readFacts(): HostFacts {
  const status = readFileSync("/proc/self/status", "utf8");
  const cgroups = readCgroupLayout();
  return {
    uid: process.geteuid?.() ?? 0,
    kernel: readFileSync("/proc/sys/kernel/osrelease", "utf8").trim(),
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`),
    namespaces: new Set(namespaceTypes.filter((type) => existsSync(`/proc/self/ns/${type}`))),
    cgroups,
    readOnlyCgroups: mountPoints(cgroups).filter(isReadOnly),
  };
}

export const isKernelNewEnough = (kernel: string): boolean => {
  const [major = 0, minor = 0] = kernel.split(".").map((part) => Number.parseInt(part, 10));
  return major > oldestKernel[0] || (major === oldestKernel[0] && minor >= oldestKernel[1]);
};

/** Names of the needed capabilities that this process lacks. */
export const lackedCapabilities = (capabilities: bigint): string[] =>
  Object.entries(neededCapabilities).flatMap(([name, bit]) => ((capabilities >> BigInt(bit)) & 1n ? [] : [name]));

/** What stands in the way of any container, with what to do about it; nothing when nothing does. */
export function whatIsMissing(facts: HostFacts): string | undefined {
  const { kernel, capabilities, namespaces, readOnlyCgroups } = facts;
  const lacked = lackedCapabilities(capabilities);
  if (lacked.length > 0)
    return `root lacks ${lacked.join(", ")} here. Start it where root has its capabilities, outside of a container that takes them away`;
  if (!isKernelNewEnough(kernel)) return `this is Linux ${kernel}. Use Linux ${oldestKernel.join(".")} or newer`;
  const absent = neededNamespaces.filter((type) => !namespaces.has(type));
  if (absent.length > 0)
    return `the kernel has no ${absent.join(", ")} namespaces. Use a kernel that is built with them`;
  if (readOnlyCgroups.length > 0)
    return `control groups are read-only at ${readOnlyCgroups.join(", ")}. Mount them writable`;
  return undefined;
}

const mountPoints = ({ v1, v2 }: CgroupLayout): string[] => [
  ...new Set(v1.values()),
  ...(v2 === undefined ? [] : [v2]),
];

function isReadOnly(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return false;
  } catch (error) {
    // Root may write everywhere else.
    return (error as NodeJS.ErrnoException).code === "EROFS";
  }
}
