/** Keys of the kernel that an instance sees. */
import { grouped } from "../table";
import { oneLine, text } from "../values";

const since = "0.1.0";

/** Dots stand for slashes, or slashes for themselves; nothing that leads out of /proc/sys. */
const sysctlName = (name: string) =>
  /^[a-zA-Z0-9_-]+([./][a-zA-Z0-9_:-]+)*$/.test(name) ? undefined : "it must be a name such as net.ipv4.ip_forward";

/** A line of a file in /proc, with its end or without. */
const sysctlValue = text(oneLine.title, (value) => oneLine.check(value.replace(/\n$/, "")));

/** Separated by commas, with blanks after them or without. */
const moduleNames = text("names of modules, separated by commas", (value) =>
  /^[a-zA-Z0-9_][a-zA-Z0-9_-]*(, ?[a-zA-Z0-9_][a-zA-Z0-9_-]*)*$/.test(value)
    ? undefined
    : "it must be names of kernel modules, separated by commas",
);

export const linuxKeys = grouped("linux", {
  "linux.kernel_modules": {
    type: moduleNames,
    unset: "none",
    applies: "now",
    since,
    example: "wireguard,nf_nat",
    doc: "Modules that the host's kernel has to have before the container starts. The daemon loads those that are missing.",
  },
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
