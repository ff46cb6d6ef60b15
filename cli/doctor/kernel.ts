/** Kernel: namespaces, file systems, security modules and limits, as far as they can be read without asking for isolation. */
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

/** mount_setattr came with 5.12, and with it mounts that map ids (mount_setattr(2)). */
const oldestKernel = [5, 12] as const;

const namespace = (type: string, effect: string, need: (fine: boolean) => Finding["status"]): KernelRow => ({
  subject: `${type} namespaces`,
  effect,
  look: ({ namespaces }) => ({ found: namespaces.has(type) ? "yes" : "no", status: need(namespaces.has(type)) }),
  remedy: "Use a kernel that is built with them",
});

const fileSystem = (name: string, effect: string): KernelRow => ({
  subject: `file system ${name}`,
  effect,
  look: ({ fileSystems }) => ({
    found: fileSystems.has(name) ? "yes" : "not loaded",
    status: wanted(fileSystems.has(name)),
  }),
  remedy: `Run: modprobe ${name}`,
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
    look: ({ kernel }) => {
      const [major = 0, minor = 0] = kernel.split(".").map((part) => Number.parseInt(part, 10));
      const isNew = major > oldestKernel[0] || (major === oldestKernel[0] && minor >= oldestKernel[1]);
      return { found: kernel, status: needed(isNew) };
    },
    remedy: `Use Linux ${oldestKernel.join(".")} or newer`,
  },
  ...["mnt", "pid", "uts", "ipc", "net"].map((type) => namespace(type, "every container", needed)),
  namespace("user", "unprivileged containers, the default", wanted),
  namespace("cgroup", "containers that see only their own cgroups", wanted),
  limit("user.max_user_namespaces", 1024, "unprivileged containers; nesting"),
  {
    subject: "seccomp filters",
    effect: "blocking of dangerous system calls",
    look: ({ sysctl }) => {
      const actions = sysctl("kernel.seccomp.actions_avail");
      return { found: actions ?? "no", status: wanted(actions?.includes("errno") === true) };
    },
    remedy: "Use a kernel that is built with CONFIG_SECCOMP_FILTER",
  },
  fileSystem("overlay", "storage pools: driver overlay, the fastest"),
  fileSystem("btrfs", "storage pools: driver btrfs"),
  {
    subject: "AppArmor or SELinux",
    effect: "a second lock around each container",
    look: ({ securityModules }) => {
      const found = ["apparmor", "selinux"].filter((name) => securityModules?.includes(name));
      return { found: found.join(", ") || "absent", status: wanted(found.length > 0) };
    },
    remedy: "Boot with apparmor=1 security=apparmor, where the kernel has it; containers run without",
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
