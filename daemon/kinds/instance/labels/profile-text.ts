/**
 * Profile text: what a container may do as AppArmor sees it, in the language of apparmor.d(5). A machine container runs whole distributions, so all is allowed
 * but what reaches the host's kernel past the container's namespaces. docs/labels.md, says what each part is for.
 *
 * It is told in two profiles, which a container has at once (a stack): what both allow is allowed. The parser takes up to a second for the rules, and does it
 * once for all containers of a mode; what is a container's own is ready in some milliseconds.
 */
import { createHash } from "node:crypto";
import type { ProfileText } from "../../../platform/apparmor/profiles";
import { otherNames } from "./names";

export interface Mode {
  readonly isPrivileged: boolean;
  readonly isNesting: boolean;
  /** Whether a filter lets sockets through whose family it does not see. */
  readonly judgesNetworks: boolean;
}

export interface OwnFacts {
  readonly name: string;
  /** Name of the shared profile that the container has besides. */
  readonly shared: string;
  readonly isNesting: boolean;
  /** As in the mode, or the owner's rules speak of networks. */
  readonly judgesNetworks: boolean;
  /** Whether it may have sockets of AF_VSOCK. */
  readonly hasVsock: boolean;
  /** Lines of raw.apparmor. */
  readonly raw: string;
}

export interface Profile extends ProfileText {
  readonly name: string;
}

/** Of /proc/sys: what the kernel keeps for each namespace, and lets its root change. */
const ownSysctls = [
  ...["kernel/hostname", "kernel/domainname", "kernel/ns_last_pid"],
  ...["msgmax", "msgmnb", "msgmni", "msg_next_id", "sem", "sem_next_id"].map((name) => `kernel/${name}`),
  ...["shmall", "shmmax", "shmmni", "shm_next_id", "shm_rmid_forced"].map((name) => `kernel/${name}`),
  ...["fs/mqueue", "net", "user"],
];

/** Folders of /proc in which the whole machine is steered, besides sys. */
const steeringButSys = "acpi,bus,fs,irq,scsi";

/** File systems through which the kernel shows itself; nobody inside has a use of a second one. */
const kernelsOwn =
  "sysfs debugfs tracefs securityfs configfs pstore efivarfs binfmt_misc bpf resctrl selinuxfs smackfs functionfs fusectl";

const everywhere = "/{,**/}";

const profile = (name: string, rules: readonly string[]): string =>
  [
    `profile "${name}" flags=(attach_disconnected,mediate_deleted) {`,
    ...rules.map((rule) => `  ${rule}`.trimEnd()),
    "}",
    "",
  ].join("\n");

/** What is not told here, a newer parser would deny. @param parserMajor version of the parser that reads this */
const everything = (parserMajor: number, judgesNetworks: boolean): string[] => [
  ...["file,", "dbus,", "capability,"],
  ...(judgesNetworks ? ["network,", "unix,"] : []),
  ...(parserMajor >= 4 ? ["userns,", "mqueue,", "io_uring,"] : []),
];

/**
 * What all containers of a mode have: the rules. Its name says what the text is, so another text never takes its place below running containers.
 * It allows no change of profiles, by which a process could leave one of the two behind; in a namespace of its own only what is of that namespace changes.
 */
export function sharedProfile(mode: Mode, parserMajor: number): Profile {
  const rules = [
    ...everything(parserMajor, mode.judgesNetworks),
    ...(mode.judgesNetworks ? ["deny network alg,"] : []),
    "signal,",
    "ptrace,",
    ...(mode.isNesting ? ['change_profile -> ":bothy-*:**",'] : []),
    ...capabilities(mode),
    ...kernelFiles(mode),
    ...(mode.isPrivileged && !mode.isNesting ? guardedMounts() : ["mount,", "umount,", "pivot_root,"]),
  ];
  const hash = createHash("sha256").update(rules.join("\n")).digest("hex").slice(0, 8);
  const kind = [mode.isPrivileged ? "privileged" : "unprivileged", ...(mode.isNesting ? ["nesting"] : [])].join("-");
  const name = `bothy.${kind}-${hash}`;
  return { name, text: profile(name, rules), judgesNetworks: mode.judgesNetworks };
}

/** What one container has: whom it may reach, and its owner's rules. Whoever comes from outside is judged out there. */
export function ownProfile(facts: OwnFacts, parserMajor: number): Profile {
  const { name, shared, isNesting, judgesNetworks, hasVsock, raw } = facts;
  const text = profile(name, [
    ...everything(parserMajor, judgesNetworks),
    ...(judgesNetworks && !hasVsock ? ["deny network vsock,"] : []),
    ...["mount,", "umount,", "pivot_root,"],
    "signal (receive),",
    "ptrace (readby, tracedby),",
    ...[name, shared, ...(isNesting ? [`:${name}:**`] : [])].flatMap((peer) => [
      `signal peer="${peer}",`,
      `ptrace peer="${peer}",`,
    ]),
    ...(isNesting ? [`change_profile -> ":${name}:**",`] : []),
    ...raw.split("\n"),
  ]);
  return { name, text, judgesNetworks };
}

/** The bounding set has none of these; a user namespace that is made inside begins with all, and there the kernel asks again. */
const capabilities = ({ isNesting }: Mode): string[] => [
  ...(isNesting ? [] : ["deny capability mac_admin,"]),
  ...["mac_override", "sys_module", "sys_rawio", "sys_time"].map((name) => `deny capability ${name},`),
];

const denyWrites = (patterns: readonly string[]): string[] => patterns.map((pattern) => `deny ${pattern} wklx,`);

function kernelFiles({ isPrivileged, isNesting }: Mode): string[] {
  // A root that is the host's can show /proc at another place; below that names are still the same.
  const proc = isPrivileged ? `${everywhere}proc` : "/proc";
  const ownSys = ["fs/cgroup", "devices/virtual/net", ...(isNesting ? ["kernel/security/apparmor"] : [])];
  const below = "{,/**}";
  return [
    `deny ${proc}/{sysrq-trigger,kcore,kmem} rwklx,`,
    ...denyWrites([`${proc}/{${steeringButSys}}${below}`]),
    ...denyWrites(otherNames(`${proc}/sys/`, ownSysctls, below)),
    ...denyWrites(otherNames("/proc/", ["self", "thread-self", "sys", "net"], below, "0-9")),
    ...denyWrites(otherNames("/sys/", ownSys, below)),
    "deny /sys/{firmware,kernel/debug,kernel/tracing}/** rwklx,",
  ];
}

const writing = "rw,remount,bind,nosuid,nodev,noexec,noatime,nodiratime,relatime,strictatime,silent,sync,dirsync,mand";
const binding = "rw,ro,bind,rbind,move,nosuid,nodev,noexec,noatime,nodiratime,relatime,strictatime,silent";

/**
 * Mounts of a privileged container: no lock of the kernel keeps its root from taking away what was mounted over /proc and /sys, or from showing parts of them under
 * another name, at which the rules of files do not look. What only takes rights away is allowed: services of systemd do that.
 */
function guardedMounts(): string[] {
  const notProc = otherNames(everywhere, ["proc"], "/");
  const deny = (rule: string) => `deny mount ${rule},`;
  return [
    "mount,",
    "umount,",
    "pivot_root,",
    ...kernelsOwn.split(" ").map((type) => deny(`fstype=${type}`)),
    ...notProc.map((place) => deny(`fstype=proc -> ${place}`)),
    deny(`options in (${writing}) -> ${everywhere}{proc,sys}/`),
    deny(`options in (${writing}) -> ${everywhere}{proc,sys}/**`),
    deny(`options in (${binding}) ${everywhere}sys/{,**} -> /**`),
    ...notProc.map((place) => deny(`options in (${binding}) ${everywhere}proc/ -> ${place}`)),
    deny(`options in (${binding}) ${everywhere}proc/{sysrq-trigger,kcore,kmem} -> /**`),
    deny(`options in (${binding}) ${everywhere}proc/{${steeringButSys}}/{,**} -> /**`),
    ...movedSysctls().map(deny),
    `deny umount ${everywhere}{proc,sys}/**,`,
    `deny pivot_root ${everywhere}{proc,sys}/{,**},`,
  ];
}

/** Sysctls under a name by which nobody knows them. Services of systemd lay /proc/sys, and a few files of it, over themselves. */
function movedSysctls(): string[] {
  const from = `${everywhere}proc/sys/`;
  const otherFolders = [...otherNames(everywhere, ["sys"], "/"), ...otherNames(everywhere, ["proc"], "/sys/"), "/sys/"];
  const inside = otherNames(from, ["kernel/hostname", "kernel/domainname"], "{,/**}");
  return [
    ...otherFolders.map((place) => `options in (${binding}) ${from} -> ${place}`),
    ...inside.map((source) => `options in (${binding}) ${source} -> /**`),
  ];
}
