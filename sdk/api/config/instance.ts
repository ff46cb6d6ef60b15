/** Configuration keys of instances and profiles; every key here has an effect. */
import type { KeyRow, ValueType } from "./table";
import { anyInteger, anyText, bool, cpuAllowance, cpus, expiry, integer, memorySize, oneLine, oneOf } from "./values";

/** What getrlimit(2) knows, in lower case. */
const resources =
  "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(" ");

/** Dots stand for slashes, or slashes for themselves; nothing that leads out of /proc/sys. */
const sysctlName: ValueType = (name) =>
  /^[a-zA-Z0-9_-]+([./][a-zA-Z0-9_:-]+)*$/.test(name) ? undefined : "it must be a name such as net.ipv4.ip_forward";

const resourceLimit: ValueType = (value) =>
  /^ *(\d{1,19}|unlimited)(: *(\d{1,19}|unlimited)?)?$/.test(value)
    ? undefined
    : "it must be a number or unlimited, or soft:hard";

/** A line of a file in /proc, with its end or without. */
const sysctlValue: ValueType = (value) => oneLine(value.replace(/\n$/, ""));

export const instanceKeys: readonly KeyRow[] = [
  {
    key: "boot.autostart",
    type: bool,
    live: true,
    doc: "Start the container when the daemon starts; unset: as it was left.",
  },
  {
    key: "boot.autostart.delay",
    type: anyInteger,
    live: true,
    doc: "Seconds to wait after this container was started on its own.",
  },
  { key: "boot.autostart.priority", type: anyInteger, live: true, doc: "Higher starts first." },
  {
    key: "boot.host_shutdown_timeout",
    type: anyInteger,
    live: true,
    doc: "Seconds that a clean stop may take when the daemon shuts down; 30 when unset.",
  },
  { key: "cloud-init.network-config", type: anyText, live: true, doc: "Data for cloud-init; kept for the guest." },
  { key: "cloud-init.user-data", type: anyText, live: true, doc: "Data for cloud-init; kept for the guest." },
  { key: "cloud-init.vendor-data", type: anyText, live: true, doc: "Data for cloud-init; kept for the guest." },
  {
    key: "environment.",
    type: anyText,
    live: true,
    doc: "Environment of the container's init and of exec.",
  },
  { key: "limits.cpu", type: cpus, live: true, doc: "Number or set of processors." },
  {
    key: "limits.cpu.allowance",
    type: cpuAllowance,
    live: true,
    doc: "Share of the processors, or a hard time slice.",
  },
  {
    key: "limits.cpu.priority",
    type: integer(0, 10),
    live: true,
    doc: "Weight against other containers when the processors are busy.",
  },
  {
    key: "limits.kernel.",
    type: resourceLimit,
    name: oneOf(...resources),
    live: false,
    doc: "Resource limit of the container's init: soft:hard, a number or unlimited.",
  },
  {
    key: "limits.memory",
    type: memorySize,
    live: true,
    doc: "Ceiling of memory, in bytes with a unit, or a share of the host's.",
  },
  {
    key: "limits.memory.enforce",
    type: oneOf("hard", "soft"),
    live: true,
    doc: "Whether the ceiling is hard or gives way when the host has memory to spare.",
  },
  {
    key: "limits.memory.swap",
    type: bool,
    live: true,
    doc: "false keeps the container's memory out of swap. A hard ceiling of limits.memory bounds memory and swap together whatever this says.",
  },
  {
    key: "limits.memory.swap.priority",
    type: integer(0, 10),
    live: true,
    doc: "The lower, the later the container's memory goes to swap; on cgroup v1 only.",
  },
  { key: "limits.processes", type: integer(1, 2 ** 22), live: true, doc: "Most processes and threads." },
  {
    key: "linux.sysctl.",
    type: sysctlValue,
    name: sysctlName,
    live: false,
    doc: "A kernel parameter of the container's own namespaces.",
  },
  {
    key: "raw.lxc",
    type: anyText,
    live: false,
    doc: "Lines of LXC configuration; lxc.signal.halt, lxc.signal.stop and lxc.init.cmd are read.",
  },
  { key: "security.nesting", type: bool, live: false, doc: "Allow containers inside this container." },
  {
    key: "security.privileged",
    type: bool,
    live: false,
    doc: "Run without a user namespace: root inside is the host's root, for guests that are trusted like it.",
  },
  { key: "security.protection.delete", type: bool, live: true, doc: "Refuse to delete the container." },
  {
    key: "security.syscalls.deny_compat",
    type: bool,
    live: false,
    doc: "Refuse the 32-bit system calls that a 64-bit host has besides its own; 32-bit programs do not run then.",
  },
  {
    key: "snapshots.expiry",
    type: expiry,
    live: true,
    doc: "When a snapshot expires that is made without a time of its own, such as 3d or 1w 2H.",
  },
  {
    key: "snapshots.pattern",
    type: anyText,
    live: true,
    doc: 'Name of a snapshot without a name: %d counts, {{ creation_date|date:"2006-01-02" }} is its time; snap%d when unset.',
  },
  { key: "user.", type: anyText, live: true, doc: "Free for the user." },
];

/** Keys that the daemon fills itself: kept when a client sends them back. */
export const volatileKeys: readonly KeyRow[] = [
  { key: "image.", type: anyText, live: true, doc: "Properties of the image that the container was made from." },
  { key: "volatile.", type: anyText, live: true, doc: "State that the daemon keeps for itself." },
];
