/** Keys of what an instance may use. */
import { grouped } from "../table";
import { bool, cpuAllowance, cpus, integer, memorySize, nodes, oneOf, size, text } from "../values";

const since = "0.1.0";

/** What getrlimit(2) knows, in lower case. */
const resources =
  "as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack".split(" ");

const resourceLimit = text("number or `unlimited`, or soft:hard", (value) =>
  /^ *(\d{1,19}|unlimited)(: *(\d{1,19}|unlimited)?)?$/.test(value)
    ? undefined
    : "it must be a number or unlimited, or soft:hard",
);

export const limitKeys = grouped("limits", {
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
  "limits.cpu.nodes": {
    type: nodes,
    unset: "all NUMA nodes",
    applies: "now",
    since,
    example: "0-1",
    doc: "NUMA nodes on whose processors the container runs, where `limits.cpu` does not say which processors.",
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
  "limits.hugepages.64KB": {
    type: size,
    unset: "no huge pages are counted",
    applies: "now",
    since,
    extension: "limits_hugepages",
    example: "6400KiB",
    doc: "Most memory in huge pages of 64KB that the container may use. The host needs the control group `hugetlb`, and pages of that size.",
  },
  "limits.hugepages.1MB": {
    type: size,
    unset: "no huge pages are counted",
    applies: "now",
    since,
    extension: "limits_hugepages",
    example: "8MiB",
    doc: "Most memory in huge pages of 1MB that the container may use. The host needs the control group `hugetlb`, and pages of that size.",
  },
  "limits.hugepages.2MB": {
    type: size,
    unset: "no huge pages are counted",
    applies: "now",
    since,
    extension: "limits_hugepages",
    example: "128MiB",
    doc: "Most memory in huge pages of 2MB that the container may use. The host needs the control group `hugetlb`, and pages of that size.",
  },
  "limits.hugepages.1GB": {
    type: size,
    unset: "no huge pages are counted",
    applies: "now",
    since,
    extension: "limits_hugepages",
    example: "2GiB",
    doc: "Most memory in huge pages of 1GB that the container may use. The host needs the control group `hugetlb`, and pages of that size.",
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
  "limits.network.priority": {
    type: integer(0, 10),
    default: "0",
    applies: "now",
    since,
    example: "5",
    doc: "Priority of the packets that the container sends by nics without a `limits.priority` of their own. The highest number goes first, where a queueing discipline of the host's interfaces goes by it.",
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
