/** Programs: what each one on the host is good for. */
import type { Finding } from "./finding";
import type { Host, Program } from "./host";

interface ProgramRow {
  readonly name: string;
  /** Debian's package. */
  readonly package: string;
  readonly effect: string;
  /** Whether anything would use it on this host; on every one when absent. */
  readonly isWanted?: (host: Host) => boolean;
  /** Says why a program that is there does not do. */
  readonly unfit?: (program: Program) => string | undefined;
}

const rows: readonly ProgramRow[] = [
  { name: "ip", package: "iproute2", effect: "networks: bridges and their addresses" },
  { name: "nft", package: "nftables", effect: "networks: NAT and firewall rules" },
  { name: "dnsmasq", package: "dnsmasq-base", effect: "networks: DHCP and DNS" },
  {
    name: "busybox",
    package: "busybox-static",
    effect: "images: template:busybox",
    unfit: ({ isStatic }) => (isStatic ? undefined : "is not static"),
  },
  { name: "mmdebstrap", package: "mmdebstrap", effect: "images: template:debian/12 and other distributions" },
  { name: "tar", package: "tar", effect: "images: unpacking tarballs" },
  { name: "gzip", package: "gzip", effect: "images: .tar.gz" },
  { name: "xz", package: "xz-utils", effect: "images: .tar.xz" },
  { name: "zstd", package: "zstd", effect: "images: .tar.zst" },
  { name: "bzip2", package: "bzip2", effect: "images: .tar.bz2" },
  { name: "rsync", package: "rsync", effect: "copies to and from other servers" },
  { name: "unsquashfs", package: "squashfs-tools", effect: "images: squashfs" },
  { name: "skopeo", package: "skopeo", effect: "images: docker:nginx and other images of OCI" },
  { name: "umoci", package: "umoci", effect: "images: docker:nginx and other images of OCI" },
  { name: "btrfs", package: "btrfs-progs", effect: "storage pools: driver btrfs" },
  { name: "lxcfs", package: "lxcfs", effect: "containers see their own memory, processors, uptime and load" },
  { name: "mkfs.ext4", package: "e2fsprogs", effect: "sizes of roots in pools of the drivers dir and overlay" },
  {
    name: "newuidmap",
    package: "uidmap",
    effect: "a daemon of a user's own",
    isWanted: ({ uid }) => uid !== 0,
  },
  {
    name: "pasta",
    package: "passt",
    effect: "networks of a user's own daemon: the way to the world",
    isWanted: ({ uid }) => uid !== 0,
  },
  { name: "blkid", package: "util-linux", effect: "disks that are block devices of the host" },
  {
    name: "apparmor_parser",
    package: "apparmor",
    effect: "AppArmor profiles of containers",
    isWanted: ({ securityModules }) => securityModules?.includes("apparmor") === true,
  },
];

/** Looks for every program along the PATH, and says which package brings a missing one. */
export function programFindings(host: Host): Finding[] {
  const install = host.program("apt-get") === undefined ? "Install the package" : "Run: apt-get install";
  const wanted = rows.filter(({ isWanted }) => isWanted?.(host) ?? true);
  return wanted.map(({ name, package: packageName, effect, unfit }) => {
    const program = host.program(name);
    const reason = program === undefined ? "not on PATH" : unfit?.(program);
    const subject = `program ${name}`;
    return reason === undefined
      ? { subject, status: "ok", found: program?.path ?? "", effect }
      : {
          subject,
          status: "off",
          found: program === undefined ? reason : `${program.path} ${reason}`,
          effect,
          remedy: `${install} ${packageName}`,
        };
  });
}
