/** Needs: what a test asks of the machine. Without it the test is skipped, with the name of what is missing; in the guest that has it REQUIRE forbids that. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { appArmorSupport } from "../../daemon/platform/apparmor/support";
import { findProgram } from "../../sdk/host/program";
import { hasPrograms } from "./frames";
import { requireFeature } from "./require";

const looks = {
  root: () => process.getuid?.() === 0,
  nft: () => findProgram("nft") !== undefined,
  dnsmasq: () => findProgram("dnsmasq") !== undefined,
  /** For the small programs that look from inside any container (frames.ts). */
  "musl-gcc": hasPrograms,
  /** In the kernel, for this process, with its parser. */
  apparmor: () => appArmorSupport().works,
  "apparmor-parser": () => findProgram("apparmor_parser") !== undefined && existsSync("/etc/apparmor.d/abi/3.0"),
  /** What gives a user ids for containers, and what makes users. */
  uidmap: () => ["newuidmap", "newgidmap", "useradd"].every((name) => findProgram(name) !== undefined),
  /** What gives the networks of a user's daemon a way out. */
  passt: () => findProgram("pasta") !== undefined,
  /** A service manager of a user's, which delegates control groups (loginctl(1), enable-linger). */
  "user-manager": () => existsSync("/run/systemd/system") && findProgram("loginctl") !== undefined,
  selinux: () => existsSync("/sys/fs/selinux/enforce"),
  /** Control groups of version 2 alone. */
  cgroup2: () => /^cgroup2 \/sys\/fs\/cgroup cgroup2 /m.test(readFileSync("/proc/mounts", "utf8")),
  /** Groups of version 2, beside others or alone, that programs of BPF can be attached to. */
  "cgroup-programs": () =>
    / cgroup2 rw/m.test(readFileSync("/proc/mounts", "utf8")) && /\bcgroup_bpf/.test(textOf("/proc/kallsyms")),
  /** qemu's USB devices, whose controller a test may take away for a while. */
  "qemu-usb": () => isQemu() && usbDevices().includes("0403:6001"),
  /** A card that is qemu's. */
  "qemu-gpu": () => isQemu() && existsSync("/dev/dri/card0"),
  /** Emulated TPMs: the program, and the kernel's part. */
  vtpm: () => findProgram("swtpm") !== undefined && spawnSync("modprobe", ["tpm_vtpm_proxy"]).status === 0,
  /** Interfaces of VLANs, and bridges that look at them. */
  vlan: () =>
    inNetns(
      "ip link add name par0 type veth peer name out0; ip link add link par0 name par0.1 type vlan id 1; ip link add name br0 type bridge vlan_filtering 1",
    ),
  /** Bridges that follow connections, by themselves or as IP does. */
  "bridge-connections": () => inBridge("ct state new") || existsSync("/proc/sys/net/bridge"),
  /** Bridges that follow them as IP does, and not by themselves. */
  "br-netfilter-alone": () => !inBridge("ct state new") && existsSync("/proc/sys/net/bridge"),
  /** Bridges that answer the sender of what they refuse. */
  "bridge-reject": () => inBridge("meta protocol ip reject"),
  ipvlan: () =>
    inNetns("ip link add name par0 type veth peer name out0; ip link add link par0 name ipv0 type ipvlan mode l3s"),
} as const satisfies Record<string, () => boolean>;

/** Whether the kernel takes a rule in the filter of a bridge. */
const inBridge = (rule: string): boolean =>
  inNetns(`nft "table bridge t { chain c { type filter hook prerouting priority 50; ${rule}; }; }"`);

/** Runs a script of a shell in a network namespace that is gone afterwards. */
const inNetns = (script: string): boolean => spawnSync("unshare", ["--net", "sh", "-ec", script]).status === 0;

const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8").trim() : "");

const isQemu = (): boolean => textOf("/sys/class/dmi/id/sys_vendor") === "QEMU";

/** Vendor and product of each. */
function usbDevices(): string[] {
  const base = "/sys/bus/usb/devices";
  const names = existsSync(base) ? readdirSync(base) : [];
  return names.map((name) => ["idVendor", "idProduct"].map((file) => textOf(path.join(base, name, file))).join(":"));
}

export type Need = keyof typeof looks;

/** @returns the reason to skip, or false when all is there @throws Error when REQUIRE names what is missing */
export function needs(...names: readonly Need[]): string | false {
  return names.map((name) => requireFeature(name, looks[name]())).find((reason) => reason !== false) ?? false;
}
