/**
 * Hardening: options of units by which services of a distribution shut themselves in (systemd.exec(5), systemd.resource-control(5)). Each starts a transient
 * unit, in which a script looks whether it counts, where that can be seen.
 */
import type { Machine } from "./machine";

export interface Option {
  readonly option: string;
  /** More properties, without which it would do nothing. */
  readonly beside?: readonly string[];
  /** Ends well when the option counts; by default whatever it does, the unit has to start. */
  readonly shows?: string;
  /** May fail where the host's kernel gives a container no time in real time. */
  readonly isRealtime?: true;
}

/** What the scripts find: files that stay out of sight, and a program that may not be executed. */
const prepare = "mkdir -p /opt; : > /root/seen; : > /tmp/seen; cp /usr/bin/true /opt/run";

const hasOwn = (namespace: string) =>
  `test "$(readlink /proc/self/ns/${namespace})" != "$(readlink /proc/1/ns/${namespace})"`;
const says = (line: string) => `grep -q '^${line}$' /proc/self/status`;
const asNobody = ["User=nobody"];

export const options: readonly Option[] = [
  { option: "PrivateTmp=yes", shows: "! test -e /tmp/seen" },
  { option: "PrivateDevices=yes", shows: "! test -e /dev/console" },
  { option: "PrivateNetwork=yes", shows: "! ip link show eth0" },
  { option: "PrivateUsers=yes", shows: "grep -Eq '^ *0 +0 +1$' /proc/self/uid_map" },
  { option: "PrivateMounts=yes", shows: hasOwn("mnt") },
  { option: "PrivateIPC=yes", shows: hasOwn("ipc") },
  { option: "ProtectSystem=yes", shows: "! touch /usr/no" },
  { option: "ProtectSystem=full", shows: "! touch /etc/no" },
  { option: "ProtectSystem=strict", shows: "! touch /var/no" },
  { option: "ProtectHome=yes", shows: "! test -e /root/seen" },
  { option: "ProtectHome=read-only", shows: "test -e /root/seen && ! touch /root/no" },
  { option: "ProtectHome=tmpfs", shows: "! test -e /root/seen" },
  { option: "ProtectKernelTunables=yes", shows: "! { echo no > /proc/sys/kernel/domainname; }" },
  { option: "ProtectKernelModules=yes" },
  { option: "ProtectKernelLogs=yes" },
  { option: "ProtectControlGroups=yes", shows: "! mkdir /sys/fs/cgroup/no && ! mkdir /sys/fs/cgroup/unified/no" },
  { option: "ProtectClock=yes" },
  { option: "ProtectHostname=yes", shows: "! hostname other" },
  // Where /proc is masked, as in every container without nesting, both keep the one that is there.
  { option: "ProtectProc=invisible" },
  { option: "ProcSubset=pid" },
  { option: "DynamicUser=yes", shows: 'test "$(id -u)" -ge 61184' },
  { option: "NoNewPrivileges=yes", shows: says("NoNewPrivs:.1") },
  { option: "RestrictNamespaces=yes", shows: "! unshare --mount true" },
  { option: "RestrictNamespaces=~user", shows: "! unshare --user true" },
  { option: "RestrictRealtime=yes" },
  { option: "RestrictSUIDSGID=yes", shows: ": > /var/tmp/set && ! chmod u+s /var/tmp/set" },
  { option: "RestrictAddressFamilies=AF_UNIX", shows: "! ip link" },
  { option: "RestrictFileSystems=~ext4" },
  { option: "LockPersonality=yes", shows: "! setarch i686 true" },
  { option: "MemoryDenyWriteExecute=yes" },
  { option: "SystemCallFilter=@system-service" },
  { option: "SystemCallFilter=~@mount", shows: "! mount -t tmpfs no /mnt" },
  { option: "SystemCallErrorNumber=EPERM", beside: ["SystemCallFilter=~@mount"], shows: "! mount -t tmpfs no /mnt" },
  { option: "SystemCallArchitectures=native" },
  { option: "CapabilityBoundingSet=", shows: says("CapBnd:.0000000000000000") },
  {
    option: "AmbientCapabilities=CAP_NET_BIND_SERVICE",
    beside: asNobody,
    shows: says("CapAmb:.0000000000000400"),
  },
  { option: "SecureBits=noroot" },
  { option: "KeyringMode=private" },
  { option: "UMask=0077", shows: 'test "$(umask)" = 0077' },
  { option: "User=nobody", shows: 'test "$(id -un)" = nobody' },
  { option: "ReadOnlyPaths=/etc", shows: "! touch /etc/no" },
  { option: "ReadWritePaths=/var", beside: ["ProtectSystem=strict"], shows: "touch /var/yes && ! touch /srv/no" },
  { option: "InaccessiblePaths=/root", shows: "! test -e /root/seen" },
  { option: "NoExecPaths=/opt", shows: "! /opt/run" },
  { option: "TemporaryFileSystem=/opt", shows: "! test -e /opt/run" },
  { option: "BindReadOnlyPaths=/opt:/mnt", shows: "test -e /mnt/run && ! touch /mnt/no" },
  { option: "MountAPIVFS=yes" },
  { option: "StateDirectory=tried", shows: 'test -d "$STATE_DIRECTORY"' },
  { option: "LoadCredential=name:/etc/hostname", shows: 'test -s "$CREDENTIALS_DIRECTORY/name"' },
  { option: "IPAddressDeny=any" },
  { option: "DevicePolicy=closed" },
  { option: "TasksMax=20" },
  { option: "MemoryMax=64M" },
  { option: "LimitNOFILE=512", shows: 'test "$(ulimit -n)" = 512' },
  { option: "OOMScoreAdjust=500", shows: 'test "$(cat /proc/self/oom_score_adj)" = 500' },
  { option: "CPUSchedulingPolicy=rr", isRealtime: true },
  { option: "IOSchedulingClass=realtime", isRealtime: true },
];

export interface Tried {
  readonly option: Option;
  /** What was said when it failed; nothing when it did what it should. */
  readonly failure: string | undefined;
}

/** Shell quotes. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** One after the other, by one script: what a unit said, and its code on a line of its own. */
export async function tryOptions(machine: Machine): Promise<Tried[]> {
  const runs = options.map(({ option, beside = [], shows = "true" }) => {
    const properties = [option, ...beside].map((property) => `-p ${quoted(property)}`).join(" ");
    // systemd would put variables in, too.
    const script = quoted(shows.replaceAll("$", "$$$$"));
    const unit = `systemd-run --quiet --wait --collect --pipe ${properties} /bin/sh -c ${script}`;
    return `${unit} </dev/null 2>&1; echo "code $?"`;
  });
  const parts = (await machine.run([prepare, ...runs].join("\n"))).split(/^code (\d+)$/m);
  return options.map((option, index) => {
    const [said = "", code] = [parts[2 * index], parts[2 * index + 1]];
    return { option, failure: code === "0" ? undefined : `${option.option}: ${said.trim()} (code ${code})` };
  });
}
