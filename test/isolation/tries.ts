/** What a container must not do: each try of guest/tries.c, what stops it, and what may come of it. */

export interface Try {
  /** As guest/tries.c calls it. */
  readonly name: string;
  /** For people: what is tried. */
  readonly what: string;
  /** For people: what stands in the way. */
  readonly barrier: string;
  /** What may come of it in an unprivileged container; ENOENT where this kernel does not have the thing at all. */
  readonly denied: readonly string[];
  /** The same with `security.nesting`, where it is otherwise, and why that gives nothing away. */
  readonly nesting?: Otherwise;
  /** The same with `security.privileged`, where it is otherwise, and what that gives up. */
  readonly privileged?: Otherwise;
  /** What the host's root comes to where nothing stands in the way. Absent where that would do harm, or means nothing on the host. */
  readonly host?: readonly string[];
}

export interface Otherwise {
  readonly comes: readonly string[];
  readonly why: string;
}

const ids = "user namespace";
const filter = "filter of system calls";
const deviceRules = "capabilities and device rules";
const own = "namespaces of its own";
const gone = ["ENOENT"];
const ofHost = "its root is the host's, with the capabilities that the host's has";
const unmasks = "a privileged root mounts what it likes; AppArmor forbids it where the host has it";

export const tries: readonly Try[] = [
  {
    name: "disk_node",
    what: "make and open the node of a disk (8:0)",
    barrier: deviceRules,
    denied: ["EPERM"],
    host: ["done", "ENXIO", "EPERM"],
  },
  { name: "virtual_disk_node", what: "the same of a virtual disk", barrier: deviceRules, denied: ["EPERM"] },
  {
    name: "memory_node",
    what: "the same of the machine's memory",
    barrier: deviceRules,
    denied: ["EPERM"],
    host: ["done", "ENXIO", "EPERM"],
  },
  { name: "port_node", what: "the same of its ports", barrier: deviceRules, denied: ["EPERM"] },
  { name: "log_node", what: "the same of the kernel's log", barrier: deviceRules, denied: ["EPERM"], host: ["done"] },
  {
    name: "kvm_node",
    what: "the same of /dev/kvm",
    barrier: deviceRules,
    denied: ["EPERM"],
    host: ["done", "ENXIO", "ENODEV"],
  },
  {
    name: "sysrq",
    what: "write to /proc/sysrq-trigger",
    barrier: "id of another root; read-only in a privileged one",
    denied: ["EACCES", "EROFS", "EPERM", ...gone],
    host: ["done", ...gone],
  },
  {
    name: "core_pattern",
    what: "name a program that the host runs at a crash (kernel.core_pattern)",
    barrier: "id of another root; read-only in a privileged one",
    denied: ["EACCES", "EROFS"],
    host: ["done"],
  },
  {
    name: "modprobe",
    what: "name a program that the host runs to load a module (kernel.modprobe)",
    barrier: "id of another root; read-only in a privileged one",
    denied: ["EACCES", "EROFS", ...gone],
    host: ["done", ...gone],
  },
  {
    name: "panic_on_oops",
    what: "change a setting of the whole kernel",
    barrier: "id of another root; read-only in a privileged one",
    denied: ["EACCES", "EROFS"],
    host: ["done"],
  },
  {
    name: "binfmt",
    what: "register an interpreter for programs of the host",
    barrier: "it is not mounted",
    denied: ["EACCES", "EROFS", ...gone],
  },
  {
    name: "uevent_helper",
    what: "name a program that the host runs at an event of a device",
    barrier: "sysfs is read-only",
    denied: ["EACCES", "EROFS", ...gone],
    host: ["done", ...gone],
  },
  {
    name: "kernel_memory",
    what: "read /proc/kcore",
    barrier: "masked",
    denied: ["empty", "EACCES", ...gone],
    host: ["done", "EINVAL", "EFAULT", "EPERM", ...gone],
  },
  {
    name: "kernel_addresses",
    what: "read addresses of the kernel from /proc/kallsyms",
    barrier: "no capability for it in the host's user namespace",
    denied: ["hidden", ...gone],
    host: ["shown", "hidden", ...gone],
  },
  {
    name: "firmware",
    what: "look at the firmware's tables",
    barrier: "masked",
    denied: gone,
    host: ["done", ...gone],
  },
  { name: "debug_files", what: "look at debugfs", barrier: "it is not mounted", denied: ["EACCES", ...gone] },
  {
    name: "class_write",
    what: "change a setting of a disk by sysfs",
    barrier: "sysfs is read-only",
    denied: ["EACCES", "EROFS"],
    host: ["done"],
  },
  {
    name: "own_score",
    what: "be spared when memory runs out",
    barrier: "no CAP_SYS_RESOURCE on the host",
    denied: ["EACCES"],
    privileged: { comes: ["done", "EACCES"], why: ofHost },
  },
  { name: "kexec", what: "start another kernel", barrier: filter, denied: ["EPERM"], host: ["EINVAL", "ENOSYS"] },
  {
    name: "module_load",
    what: "load a module from memory",
    barrier: filter,
    denied: ["EPERM"],
    host: ["EFAULT", "ENOEXEC", "ENOSYS"],
  },
  {
    name: "module_file",
    what: "load a module from a file",
    barrier: filter,
    denied: ["EPERM"],
    host: ["EBADF", "ENOSYS"],
  },
  { name: "module_unload", what: "unload a module", barrier: filter, denied: ["EPERM"], host: ["ENOENT", "ENOSYS"] },
  {
    name: "by_handle",
    what: "open a file of the host by its number (the way of “shocker”)",
    barrier: filter,
    denied: ["EPERM"],
    host: ["done", "ESTALE"],
  },
  {
    name: "bpf_call",
    what: "call bpf",
    barrier: filter,
    denied: ["EPERM"],
    nesting: {
      comes: ["EINVAL", "EPERM"],
      why: "the kernel's own checks remain: no program loads without a right on the host",
    },
    host: ["EINVAL"],
  },
  { name: "perf", what: "measure the kernel", barrier: filter, denied: ["EPERM"], host: ["EFAULT"] },
  {
    name: "fault_handler",
    what: "hold the kernel at a page fault (userfaultfd)",
    barrier: filter,
    denied: ["EPERM"],
    host: ["done"],
  },
  { name: "uring", what: "use io_uring", barrier: filter, denied: ["ENOSYS"], host: ["EFAULT", "EPERM"] },
  {
    name: "keys",
    what: "use the kernel's keyrings",
    barrier: filter,
    denied: ["ENOSYS"],
    nesting: {
      comes: ["done"],
      why: "keys count per user namespace, and each process enters with a keyring of its own",
    },
    host: ["done"],
  },
  { name: "kernel_log", what: "read the kernel's log", barrier: filter, denied: ["EPERM"], host: ["done"] },
  { name: "swap_on", what: "add swap", barrier: filter, denied: ["EPERM"], host: ["ENOENT"] },
  {
    name: "accounting",
    what: "write the accounting of processes",
    barrier: filter,
    denied: ["EPERM"],
    host: ["ENOENT", "ENOSYS"],
  },
  { name: "set_clock", what: "set the clock", barrier: `${ids}; ${filter}`, denied: ["EPERM"] },
  {
    name: "adjust_clock",
    what: "slew the clock",
    barrier: "no CAP_SYS_TIME on the host",
    denied: ["EPERM"],
    host: ["EINVAL"],
  },
  {
    name: "ports",
    what: "reach the machine's ports (iopl)",
    barrier: filter,
    denied: ["EPERM"],
    host: ["done", "EINVAL", "ENOSYS"],
  },
  {
    name: "vsock",
    what: "talk to the hypervisor (AF_VSOCK)",
    barrier: filter,
    denied: ["EAFNOSUPPORT"],
    host: ["done", "EAFNOSUPPORT"],
  },
  {
    name: "crypto_socket",
    what: "use the kernel's ciphers (AF_ALG)",
    barrier: filter,
    denied: ["EAFNOSUPPORT"],
    host: ["done", "EAFNOSUPPORT"],
  },
  {
    name: "immutable",
    what: "make a file that the host's root cannot delete",
    barrier: "no CAP_LINUX_IMMUTABLE on the host",
    denied: ["EPERM", "ENOTTY", "EOPNOTSUPP"],
    privileged: { comes: ["done", "EPERM"], why: "the daemon takes the mark off when it deletes" },
    host: ["done", "ENOTTY", "EOPNOTSUPP"],
  },
  {
    name: "trusted_attribute",
    what: "set an attribute that the host's overlays trust",
    barrier: ids,
    denied: ["EPERM"],
    privileged: { comes: ["done"], why: "the daemon's overlays read `user.*` alone, never `trusted.*`" },
    host: ["done", "EOPNOTSUPP"],
  },
  {
    name: "real_time",
    what: "keep all others from a processor (SCHED_FIFO)",
    barrier: `${ids}; control groups without time for it`,
    denied: ["EPERM"],
    privileged: { comes: ["done", "EPERM"], why: ofHost },
    host: ["done", "EPERM"],
  },
  {
    name: "hard_limit",
    what: "raise a hard limit (locked memory)",
    barrier: "no CAP_SYS_RESOURCE on the host",
    denied: ["EPERM"],
    privileged: { comes: ["done", "EPERM"], why: ofHost },
  },
  {
    name: "fresh_proc",
    what: "mount a proc without masks",
    barrier: "masks are locked, and the kernel wants a whole proc for another",
    denied: ["EPERM"],
    nesting: {
      comes: ["done"],
      why: "its files ask for the host's root all the same",
    },
    privileged: { comes: ["done", "EPERM", "EACCES"], why: unmasks },
    host: ["done"],
  },
  {
    name: "fresh_sysfs",
    what: "mount a sysfs without masks",
    barrier: "as for proc",
    denied: ["EPERM"],
    nesting: { comes: ["done"], why: "as for proc" },
    privileged: { comes: ["done", "EPERM", "EACCES"], why: unmasks },
    host: ["done"],
  },
  {
    name: "release_agent",
    what: "name a program that the host runs when a control group is empty (CVE-2022-0492)",
    barrier: "control group namespace: the file lies above what is in sight",
    denied: ["EPERM", "EACCES", "EBUSY", ...gone],
  },
  {
    name: "debugfs",
    what: "mount debugfs",
    barrier: ids,
    denied: ["EPERM"],
    privileged: { comes: ["done", "ENODEV", "EPERM", "EACCES"], why: unmasks },
    host: ["done", "ENODEV"],
  },
  {
    name: "disk_mount",
    what: "mount a disk's file system",
    barrier: ids,
    denied: ["EPERM"],
    privileged: {
      comes: ["ENOTBLK", "EPERM", "EACCES"],
      why: "it may mount file systems, and no device rule lets it have the disk",
    },
    host: ["ENOTBLK"],
  },
  {
    name: "unmask",
    what: "take a mask off",
    barrier: "locked mounts",
    denied: ["EINVAL", "EPERM", ...gone],
    privileged: { comes: ["EINVAL", "EPERM", "EACCES", ...gone], why: "locked for it too; a fresh proc is its way" },
  },
  {
    name: "sys_writable",
    what: "make sysfs writable again",
    barrier: "locked mounts",
    denied: ["EPERM", "EACCES"],
  },
  {
    name: "root_with_devices",
    what: "let device nodes on the root count",
    barrier: "locked mounts: nodev",
    denied: ["EPERM"],
    privileged: { comes: ["done", "EPERM", "EACCES"], why: "device rules say which nodes can be opened" },
  },
  {
    name: "chroot_escape",
    what: "leave by a chroot and a descriptor from before it",
    barrier: "pivot_root: the host's root is not in its mounts",
    denied: ["the container's root"],
  },
  {
    name: "working_folder",
    what: "climb from the working folder (CVE-2024-21626)",
    barrier: "the folder is entered after the root was changed",
    denied: ["the container's root"],
  },
  {
    name: "descriptors",
    what: "find a descriptor that was left open",
    barrier: "every descriptor is closed before the program starts",
    denied: ["none"],
  },
  {
    name: "first_root",
    what: "climb from the root of process 1",
    barrier: own,
    denied: ["the container's root"],
  },
  { name: "host_process", what: "signal a process of the host", barrier: own, denied: ["ESRCH"], host: ["done"] },
  { name: "host_pidfd", what: "get hold of it by pidfd", barrier: own, denied: ["ESRCH"], host: ["done"] },
  { name: "host_ptrace", what: "trace it", barrier: own, denied: ["ESRCH"] },
  { name: "host_memory", what: "reach shared memory of the host", barrier: own, denied: ["ENOENT"], host: ["done"] },
  {
    name: "host_socket",
    what: "reach an abstract socket of the host",
    barrier: own,
    denied: ["ECONNREFUSED"],
    host: ["done"],
  },
  {
    name: "host_port",
    what: "reach a port on the host's loopback",
    barrier: own,
    denied: ["ECONNREFUSED"],
    host: ["done"],
  },
  {
    name: "unmapped_user",
    what: "give a file to a user of the host",
    barrier: ids,
    denied: ["EINVAL"],
    privileged: { comes: ["done"], why: "its users are the host's" },
    host: ["done"],
  },
  {
    name: "typed_in",
    what: "type into a terminal of the host (TIOCSTI, CVE-2016-10124)",
    barrier: "the terminal is one of the container's own",
    denied: ["EPERM", "EIO", "EACCES"],
    privileged: { comes: ["done", "EPERM", "EIO"], why: "it types into its own console" },
  },
];
