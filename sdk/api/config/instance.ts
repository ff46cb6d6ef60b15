/** Configuration keys of instances and profiles; every key here has an effect. */
import { bootKeys } from "./instance/boot";
import { cloudInitKeys } from "./instance/cloud-init";
import { keptKeys } from "./instance/kept";
import { limitKeys } from "./instance/limits";
import { linuxKeys } from "./instance/linux";
import { rawKeys } from "./instance/raw";
import { securityKeys } from "./instance/security";
import { snapshotKeys } from "./instance/snapshots";
import { environmentKeys, userKeys } from "./instance/user";
import { readerOf } from "./reader";
import { grouped, type KeyTable } from "./table";
import { anyText } from "./values";

const since = "0.1.0";

const boot = grouped("boot", {
  "boot.autostart": {
    type: bool,
    unset: "as the container was left",
    applies: "now",
    since,
    example: "true",
    doc: "Whether the container starts with the daemon.",
  },
  "boot.autostart.delay": {
    type: anyInteger,
    default: "0",
    applies: "now",
    since,
    example: "5",
    doc: "Seconds that the daemon waits after the start of this container, before it starts the next one.",
  },
  "boot.autostart.priority": {
    type: anyInteger,
    default: "0",
    applies: "now",
    since,
    example: "10",
    doc: "Place in the order of the starts. The highest number comes first.",
  },
  "boot.host_shutdown_timeout": {
    type: anyInteger,
    default: "30",
    applies: "now",
    since,
    extension: "container_host_shutdown_timeout",
    example: "60",
    doc: "Seconds that the container has to stop by itself when the daemon shuts down. Then it is killed.",
  },
});

const bootStop = grouped("boot", {
  "boot.stop.priority": {
    type: anyInteger,
    default: "0",
    applies: "now",
    since,
    extension: "container_stop_priority",
    example: "10",
    doc: "Place in the order of the stops when the daemon shuts down. Those of the highest number stop first, together.",
  },
});

const cloudInit = grouped("cloud-init", {
  "cloud-init.network-config": {
    type: anyText,
    secret: true,
    applies: "now",
    since,
    extension: "cloud_init",
    example: "version: 2",
    doc: "Network configuration for cloud-init. The image's file templates give it to the guest.",
  },
  "cloud-init.user-data": {
    type: anyText,
    secret: true,
    applies: "now",
    since,
    extension: "cloud_init",
    example: "#cloud-config",
    doc: "The user's data for cloud-init. The image's file templates give it to the guest.",
  },
  "cloud-init.vendor-data": {
    type: anyText,
    secret: true,
    applies: "now",
    since,
    extension: "cloud_init",
    example: "#cloud-config",
    doc: "The vendor's data for cloud-init. The image's file templates give it to the guest.",
  },
});

const environment = grouped("environment", {
  "environment.*": {
    type: anyText,
    secret: true,
    applies: "now",
    since,
    example: "Europe/Berlin",
    doc: "An environment variable. The init has it from its next start on, a command from its next exec on.",
  },
});

const limits = grouped("limits", {
  "limits.cpu": {
    type: cpus,
    unset: "all processors",
    applies: "now",
    since,
    example: "2",
    doc: "How many processors the container may use, or which of them, such as `0-1,3`. `0` is all.",
  },
  "limits.cpu.allowance": {
    type: cpuAllowance,
    default: "100%",
    applies: "now",
    since,
    example: "25ms/100ms",
    doc: "Share of the processors' time when they are busy, such as `50%`; or a bound that always holds, such as 25 of every 100 milliseconds.",
  },
  "limits.cpu.priority": {
    type: integer(0, 10),
    default: "10",
    applies: "now",
    since,
    example: "5",
    doc: "Weight among containers with the same share when the processors are busy. The highest number gets most.",
  },
  "limits.disk.priority": {
    type: integer(0, 10),
    unset: "that of the host's other processes, as 1 is",
    applies: "now",
    since,
    example: "5",
    doc: "Weight among the containers when the disks are busy. The highest number gets most. The scheduler of the host's disk must know weights, as BFQ does.",
  },
  "limits.kernel.*": {
    type: resourceLimit,
    name: oneOf(...resources).check,
    unset: "as the daemon's own",
    applies: "next start",
    since,
    extension: "kernel_limits",
    example: "1024:4096",
    doc: "A resource limit of getrlimit(2), such as `limits.kernel.nofile`: soft and hard, or both alike. A command has it from its next exec on.",
  },
  "limits.memory": {
    type: memorySize,
    unset: "all memory",
    applies: "now",
    since,
    example: "512MiB",
    doc: "Most memory that the container may use: a size, or a share of the host's memory such as `25%`.",
  },
  "limits.memory.enforce": {
    type: oneOf("hard", "soft"),
    default: "hard",
    applies: "now",
    since,
    example: "soft",
    doc: "`hard`: the container never has more than `limits.memory`. `soft`: it may have more for a while, and the kernel takes it back.",
  },
  "limits.memory.swap": {
    type: bool,
    default: "true",
    applies: "now",
    since,
    example: "false",
    doc: "Whether the container's memory may go to swap. A hard `limits.memory` bounds memory and swap together in any case.",
  },
  "limits.memory.swap.priority": {
    type: integer(0, 10),
    default: "10",
    applies: "now",
    since,
    example: "5",
    doc: "How readily the container's memory goes to swap: the lower, the later. It counts on cgroup v1 only.",
  },
  "limits.processes": {
    type: integer(1, 2 ** 22),
    unset: "a quarter of what the host can have",
    applies: "now",
    since,
    example: "500",
    doc: "Most processes and threads of the container.",
  },
});

const linux = grouped("linux", {
  "linux.sysctl.*": {
    type: sysctlValue,
    name: sysctlName,
    unset: "as the kernel gives it",
    applies: "next start",
    since,
    extension: "linux_sysctl",
    example: "1",
    doc: "A kernel parameter of the container's own namespaces, such as `linux.sysctl.net.ipv4.ip_forward`.",
  },
});

const raw = grouped("raw", {
  "raw.lxc": {
    type: anyText,
    secret: true,
    applies: "next start",
    since,
    example: "lxc.signal.halt = SIGTERM",
    doc: "Lines of LXC configuration. `lxc.signal.halt`, `lxc.signal.stop`, `lxc.signal.reboot` and `lxc.init.cmd` are read.",
  },
});

const security = grouped("security", {
  "security.nesting": {
    type: bool,
    default: "false",
    applies: "next start",
    since,
    example: "true",
    doc: "Whether the container can run containers of its own.",
  },
  "security.privileged": {
    type: bool,
    default: "false",
    applies: "next start",
    since,
    example: "true",
    doc: "Whether the container runs without a user namespace. Its root is the host's root then, so its programs must be trusted like the host's.",
  },
  "security.protection.delete": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "container_protection_delete",
    example: "true",
    doc: "Whether a deletion of the container is refused.",
  },
  "security.syscalls.deny_compat": {
    type: bool,
    default: "false",
    applies: "next start",
    since,
    extension: "container_syscall_filtering_allow_deny_syntax",
    example: "true",
    doc: "Whether system calls of 32 bits are refused on a host of 64 bits. Programs of 32 bits do not run then.",
  },
});

const snapshots = grouped("snapshots", {
  "snapshots.expiry": {
    type: expiry,
    unset: "never",
    applies: "now",
    since,
    extension: "snapshot_expiry",
    example: "1w 2d",
    doc: "How long a snapshot is kept that is made without a time of its own. Units are `S`, `M`, `H`, `d`, `w`, `m`, `y`.",
  },
  "snapshots.pattern": {
    type: anyText,
    default: "snap%d",
    applies: "now",
    since,
    extension: "snapshot_scheduling",
    example: '{{ creation_date|date:"2006-01-02" }}-%d',
    doc: "Name of a snapshot that is made without a name. `%d` counts, and `creation_date` is its time.",
  },
});

const user = grouped("user", {
  "user.*": {
    type: anyText,
    secret: true,
    applies: "now",
    since,
    example: "web",
    doc: "Free for the user. `user.access_interface` names the interface whose address Pulumi resources give as `ipv4Address`.",
  },
});

/** Keys that a user sets, of an instance or of a profile. */
export const instanceKeys = {
  ...bootKeys,
  ...cloudInitKeys,
  ...environmentKeys,
  ...limitKeys,
  ...linuxKeys,
  ...rawKeys,
  ...securityKeys,
  ...snapshotKeys,
  ...userKeys,
} satisfies KeyTable;

/** Keys that the daemon fills itself: kept when a client sends them back. Other servers and other versions have more of them. */
export const volatileKeys = {
  ...keptKeys,
  ...grouped("volatile", {
    "volatile.*": {
      type: anyText,
      computed: true,
      applies: "never",
      since,
      example: "1",
      doc: "Any other key that a server keeps for itself.",
    },
  }),
} satisfies KeyTable;

/** What an instance may have. */
export const allInstanceKeys: KeyTable = { ...instanceKeys, ...volatileKeys };

/** Reads the configuration of an instance, with its profiles or alone. */
export const instanceConfig = readerOf({ ...instanceKeys, ...keptKeys });
