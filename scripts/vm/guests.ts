/** Guests: the machines that `npm run test:vm` boots, one row each, and the tests that each of them runs. */

export interface Guest {
  /** As the command line names it. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  /** Release of Debian. */
  readonly suite: string;
  /** Parts of the archive; main when absent. */
  readonly components?: readonly string[];
  /** Packages beside those that every guest has. */
  readonly packages: readonly string[];
  /** Of scripts/vm/guest: what makes this guest another machine than the others, run on its root when that is filled. */
  readonly script?: string;
  /** Words for qemu: hardware beside what every guest has. */
  readonly hardware?: readonly string[];
  /** Words for the kernel. */
  readonly kernelWords: readonly string[];
  readonly memoryMiB: number;
  /** Storage driver that only this guest has; the set "driver" is about it. */
  readonly driver?: string;
  /** What tests may need that this guest has (test/support/needs.ts); the sets "isolation" and "network" require it. */
  readonly proves?: readonly string[];
  /** Which files of the set "isolation" it runs, by a part of their names; all when absent. */
  readonly isolation?: string;
  /** Other names of the command line, for what it proves. */
  readonly aliases?: readonly string[];
  /** Sets of tests: `<name>` is test/vm/<name>.ts, which reads the guest's name from BOTHY_VM_GUEST. */
  readonly sets: readonly string[];
}

/** What Bothy wants of a host (docs/dependencies.md), on a system as Debian's installer leaves it: systemd, AppArmor, the distribution's kernel. */
export const commonPackages: readonly string[] = [
  "systemd-sysv",
  "udev",
  "dbus",
  "libpam-systemd",
  "apparmor",
  "iproute2",
  "nftables",
  "dnsmasq-base",
  "busybox-static",
  "btrfs-progs",
  "e2fsprogs",
  "lxcfs",
  "rsync",
  "skopeo",
  "umoci",
  "squashfs-tools",
  "xz-utils",
  "zstd",
  "curl",
  "procps",
  "kmod",
  "linux-image-amd64",
];

const debian = {
  packages: [],
  // As stock: control groups of version 2 alone, AppArmor on.
  kernelWords: ["apparmor=1", "security=apparmor"],
  memoryMiB: 2048,
  sets: ["smoke"],
};

export const guests: readonly Guest[] = [
  {
    ...debian,
    name: "debian12",
    title: "Debian 12",
    suite: "bookworm",
    packages: ["lxd-client", "bind9-dnsutils"],
    proves: ["apparmor", "cgroup2", "cgroup-programs", "vlan", "ipvlan", "bridge-connections", "bridge-reject"],
    aliases: ["apparmor", "cgroup2"],
    sets: ["smoke", "storage", "isolation", "network", "machines"],
  },
  {
    ...debian,
    name: "lvm",
    title: "Debian 12 with LVM",
    suite: "bookworm",
    packages: ["lvm2", "thin-provisioning-tools", "xfsprogs"],
    driver: "lvm",
    sets: ["driver", "quota"],
  },
  {
    ...debian,
    name: "zfs",
    title: "Debian 13 with ZFS",
    // Mounts of the ZFS of Debian 12 cannot have mapped ids.
    suite: "trixie",
    components: ["main", "contrib"],
    // The module is compiled with the root, against the kernel in it.
    packages: ["linux-headers-amd64", "zfs-dkms", "zfsutils-linux"],
    driver: "zfs",
    sets: ["driver"],
  },
  {
    ...debian,
    name: "hardware",
    title: "Debian 12 with a card, USB devices and TPMs",
    suite: "bookworm",
    packages: ["swtpm"],
    // A tablet, an adapter of FTDI with a serial line that nobody is at, and a card.
    hardware: [
      ...["-device", "qemu-xhci", "-device", "usb-tablet"],
      ...["-chardev", "null,id=line", "-device", "usb-serial,chardev=line,always-plugged=on"],
      ...["-device", "virtio-gpu-pci"],
    ],
    proves: ["qemu-usb", "qemu-gpu", "vtpm"],
    sets: ["hardware"],
  },
  {
    ...debian,
    name: "debian13",
    title: "Debian 13",
    suite: "trixie",
    packages: ["incus-client"],
    sets: ["smoke", "machines"],
  },
  {
    ...debian,
    name: "selinux",
    title: "Debian 13 with SELinux",
    suite: "trixie",
    packages: ["selinux-policy-default", "selinux-utils", "policycoreutils"],
    script: "selinux.sh",
    kernelWords: ["selinux=1", "security=selinux"],
    proves: ["selinux"],
    sets: ["isolation"],
    isolation: "selinux",
  },
  {
    ...debian,
    name: "rootless",
    title: "Debian 12 with what a daemon without root needs",
    suite: "bookworm",
    packages: ["uidmap", "passt"],
    proves: ["uidmap", "passt", "user-manager"],
    sets: ["rootless"],
  },
];

/** All names that the command line knows. */
export const guestNames = (): string[] => guests.flatMap(({ name, aliases = [] }) => [name, ...aliases]);

/** @throws Error that names those there are */
export function guestNamed(name: string | undefined): Guest {
  const guest = guests.find((each) => each.name === name || each.aliases?.includes(name ?? ""));
  if (guest === undefined) throw new Error(`There is no guest "${name}". The guests are: ${guestNames().join(", ")}.`);
  return guest;
}
