/** Systems: the distributions and inits that are tried as containers, one row each. Their roots are made by templates/<name>.yaml, and are as their packages leave them. */

export interface System {
  /** Of its template, and as the command line names it. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly init: "systemd" | "sysvinit" | "OpenRC" | "busybox";
  /** What asks for its address. */
  readonly client: string;
  /** A script that waits until the system has booted. */
  readonly booted: string;
  /** A script that says what is wrong with the system; nothing when all is well. */
  readonly faults: string;
  /** A script that says the version of the init. */
  readonly version: string;
  /** What the console has of a boot. */
  readonly greeting: RegExp;
  /** Whether it asks at the console who one is, rather than giving a shell at once. */
  readonly hasLogin: boolean;
  /** Whether it has control groups of v2 alone on every host. */
  readonly wantsV2?: true;
}

const systemd = {
  init: "systemd",
  // It can be asked when its own socket is there.
  booted:
    "until [ -S /run/systemd/private ]; do sleep 0.05; done; systemctl is-system-running --wait >/dev/null || true",
  faults: "systemctl --failed --plain --no-legend; systemctl is-system-running | grep -vx running || true",
  version: "systemctl --version | sed -n '1s/.*(\\(.*\\))/systemd \\1/p'",
  greeting: /Reached target .*multi-user/i,
  hasLogin: true,
} as const;

/** No script of a runlevel runs any more; the pattern does not match itself. */
const scriptsEnded = "! grep -qsa '/etc/init.d/r[c]' /proc/[0-9]*/cmdline";

export const systems: readonly System[] = [
  { ...systemd, name: "debian12-systemd", title: "Debian 12", client: "ifupdown with dhclient" },
  { ...systemd, name: "debian13-systemd", title: "Debian 13", client: "systemd-networkd", wantsV2: true },
  {
    name: "debian12-sysvinit",
    title: "Debian 12",
    init: "sysvinit",
    client: "ifupdown with dhclient",
    booted: `until [ "$(runlevel)" = "N 2" ] && ${scriptsEnded}; do sleep 0.05; done`,
    faults: "runlevel | grep -vx 'N 2' || true",
    version: "dpkg-query -W sysvinit-core | sed 's,.*\\s,sysvinit ,'",
    greeting: /Entering runlevel: 2/i,
    hasLogin: true,
  },
  {
    name: "debian13-openrc",
    title: "Debian 13",
    init: "OpenRC",
    client: "ifupdown with dhcpcd",
    booted: `until [ "$(rc-status --runlevel)" = default ] && ${scriptsEnded}; do sleep 0.05; done`,
    faults: "rc-status --runlevel | grep -vx default; rc-status --crashed; rc-status --all | grep -i crashed || true",
    version: "dpkg-query -W openrc | sed 's,.*\\s,OpenRC ,'",
    greeting: /OpenRC .* is starting up/i,
    hasLogin: true,
    // It mounts them itself.
    wantsV2: true,
  },
  {
    name: "debian12-busybox",
    title: "Debian 12",
    init: "busybox",
    client: "udhcpc",
    booted: "until [ -e /run/booted ]; do sleep 0.05; done",
    faults: "true",
    version: "busybox | sed -n '1s/^BusyBox v\\([^ ]*\\).*/busybox \\1/p'",
    greeting: /Debian of busybox is up/,
    hasLogin: false,
  },
];

/** @throws Error that names those there are */
export function systemNamed(name: string): System {
  const system = systems.find((each) => each.name === name);
  if (system === undefined)
    throw new Error(`There is no system "${name}". The systems are: ${systems.map((each) => each.name).join(", ")}.`);
  return system;
}
