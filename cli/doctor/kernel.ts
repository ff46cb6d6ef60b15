/** Kernel: namespaces, file systems, security modules and limits, as far as they can be read without asking for isolation. */
import { isNested, nestedIds, rangeSize } from "../../sdk/host/own-ids";
import { isKernelNewEnough, lackedCapabilities, neededNamespaces, oldestKernel } from "../../sdk/host/requirements";
import { policyModule } from "../../sdk/host/selinux";
import type { Finding } from "./finding";
import type { Host } from "./host";

interface KernelRow {
  readonly subject: string;
  readonly effect: string;
  /** @returns what was found, and whether it does */
  readonly look: (host: Host) => { readonly found: string; readonly status: Finding["status"] };
  readonly remedy?: string;
}

const needed = (fine: boolean): Finding["status"] => (fine ? "ok" : "missing");
const wanted = (fine: boolean): Finding["status"] => (fine ? "ok" : "off");

const namespace = (type: string, effect: string, need: (fine: boolean) => Finding["status"]): KernelRow => ({
  subject: `${type} namespaces`,
  effect,
  look: ({ namespaces }) => ({ found: namespaces.has(type) ? "yes" : "no", status: need(namespaces.has(type)) }),
  remedy: "Use a kernel that is built with them",
});

/** A file system that is a module is loaded by its first mount. */
const fileSystem = (name: string, effect: string): KernelRow => ({
  subject: `file system ${name}`,
  effect,
  look: ({ fileSystems, modules }) => {
    if (fileSystems.has(name)) return { found: "yes", status: "ok" };
    const isLoadable = modules.has(name);
    return { found: isLoadable ? "a module, loaded when it is needed" : "no", status: wanted(isLoadable) };
  },
  remedy: "Use a kernel that has it",
});

const limit = (name: string, least: number, effect: string): KernelRow => ({
  subject: `limit ${name}`,
  effect,
  look: ({ sysctl }) => {
    const text = sysctl(name);
    return { found: text ?? "not told", status: text === undefined ? "unknown" : wanted(Number(text) >= least) };
  },
  remedy: `Run: sysctl -w ${name}=${least}`,
});

const capability = (name: string, bit: number, effect: string): KernelRow => ({
  subject: name,
  effect,
  look: ({ capabilities }) => {
    const has = (capabilities & (1n << BigInt(bit))) !== 0n;
    return { found: has ? "yes" : "no", status: wanted(has) };
  },
  remedy: "Run the daemon where this capability is not taken away",
});

const rows: readonly KernelRow[] = [
  {
    subject: "kernel",
    effect: "containers; id-mapped mounts",
    look: ({ kernel }) => ({ found: kernel, status: needed(isKernelNewEnough(kernel)) }),
    remedy: `Use Linux ${oldestKernel.join(".")} or newer`,
  },
  {
    subject: "capabilities",
    effect: "a daemon of one's own",
    look: ({ uid, capabilities }) => {
      const lacked = lackedCapabilities(capabilities);
      if (lacked.length === 0) return { found: "what the daemon needs", status: "ok" };
      if (uid !== 0) return { found: `those of a namespace of user ${uid}`, status: "ok" };
      return { found: `without ${lacked.join(", ")}`, status: "missing" };
    },
    remedy: "Be root where root has its capabilities, outside of a container that takes them away",
  },
  ...neededNamespaces.map((type) => namespace(type, "every container", needed)),
  namespace("user", "unprivileged containers, the default", wanted),
  namespace("cgroup", "containers that see only their own cgroups", wanted),
  limit("user.max_user_namespaces", 1024, "unprivileged containers; nesting"),
  {
    subject: "ids for containers",
    effect: "unprivileged containers, the default",
    look: () => {
      if (!isNested) return { found: "all of the host's", status: "ok" };
      const found = `${nestedIds}, in a container`;
      return { found, status: needed(nestedIds >= rangeSize) };
    },
    remedy: "Give the container around it security.nesting=true and restart it (docs/nesting.md)",
  },
  {
    subject: "seccomp filters",
    effect: "blocking of dangerous system calls",
    look: ({ sysctl }) => {
      const actions = sysctl("kernel.seccomp.actions_avail");
      return { found: actions ?? "no", status: wanted(actions?.includes("errno") === true) };
    },
    remedy: "Use a kernel that is built with CONFIG_SECCOMP_FILTER",
  },
  {
    subject: "answers to system calls",
    effect: "security.syscalls.intercept.*",
    look: ({ sysctl }) => {
      const actions = sysctl("kernel.seccomp.actions_avail");
      const isThere = actions?.split(" ").includes("user_notif") === true;
      return { found: isThere ? "user_notif" : "no", status: wanted(isThere) };
    },
    remedy: "Use Linux 5.5 or newer, built with CONFIG_SECCOMP_FILTER",
  },
  fileSystem("overlay", "storage pools: driver overlay, the fastest"),
  fileSystem("btrfs", "storage pools: driver btrfs"),
  {
    subject: "AppArmor",
    effect: "a profile of its own for each container (docs/labels.md)",
    look: ({ uid, securityModules, selinux }) => {
      const isThere = securityModules?.includes("apparmor") === true;
      if (selinux === "known") return { found: "absent; SELinux is on instead", status: "ok" };
      if (isThere && uid !== 0) return { found: "on, for a daemon that root runs", status: "off" };
      const instead = securityModules?.includes("selinux") === true ? "absent; SELinux is on" : "absent";
      return { found: isThere ? "on" : instead, status: wanted(isThere) };
    },
    remedy: "Boot with apparmor=1 security=apparmor, where the kernel has it; containers run without",
  },
  {
    subject: "SELinux",
    effect: "a label of its own for each container, where it is on instead of AppArmor (docs/labels.md)",
    look: ({ selinux }) =>
      selinux === "absent"
        ? { found: "absent", status: "ok" }
        : {
            found: selinux === "known" ? "on, and its policy knows containers" : "on, without the module of Bothy",
            status: wanted(selinux === "known"),
          },
    remedy: `Run: semodule --install ${policyModule} (bothy daemon --install does it too)`,
  },
  capability("CAP_SYS_RESOURCE", 24, "limits.kernel.* above the host's own; lower oom scores"),
  limit("fs.inotify.max_user_instances", 512, "many containers whose init watches files, as systemd does"),
  {
    subject: "limit of open files",
    effect: "hundreds of containers at a time",
    look: ({ openFiles }) => ({ found: String(openFiles), status: wanted(openFiles >= 16384) }),
    remedy: "Run: ulimit -Hn 65536, before the daemon starts",
  },
];

export const kernelFindings = (host: Host): Finding[] =>
  rows.map(({ subject, effect, look, remedy }) => {
    const { found, status } = look(host);
    return { subject, status, found, effect, ...(status === "ok" || remedy === undefined ? {} : { remedy }) };
  });
