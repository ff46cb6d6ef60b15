"use strict";
// Step: the Debian packages. docs/dependencies.md says what each is for.

const { outputOf, run } = require("./run.js");
const { which } = require("./context.js");

/**
 * Debian package -> the purposes that need it, the program that proves it on other distributions (none: a library), and the
 * architecture, in Node's words, of the machines that need it (none: all). "cross" is cross.js's.
 */
const PACKAGES = {
  gcc: { for: ["build", "run", "test", "release"], program: "gcc" },
  make: { for: ["build", "run", "test", "release"], program: "make" },
  "musl-tools": { for: ["build", "run", "test", "release"], program: "musl-gcc" },
  "libseccomp-dev": { for: ["build", "run", "test", "release"] },
  apparmor: { for: ["run", "test"], program: "apparmor_parser" },
  "btrfs-progs": { for: ["run", "test"], program: "btrfs" },
  "busybox-static": { for: ["run", "test"], program: "busybox" },
  "dnsmasq-base": { for: ["run", "test"], program: "dnsmasq" },
  e2fsprogs: { for: ["run", "test"], program: "mkfs.ext4" },
  iproute2: { for: ["run", "test"], program: "ip" },
  lxcfs: { for: ["run", "test"], program: "lxcfs" },
  mmdebstrap: { for: ["run", "test"], program: "mmdebstrap" },
  nftables: { for: ["run", "test"], program: "nft" },
  passt: { for: ["run", "test"], program: "pasta" },
  rsync: { for: ["run", "test"], program: "rsync" },
  skopeo: { for: ["run", "test"], program: "skopeo" },
  "squashfs-tools": { for: ["run", "test"], program: "unsquashfs" },
  "util-linux": { for: ["run", "test"], program: "blkid" },
  uidmap: { for: ["run", "test"], program: "newuidmap" },
  umoci: { for: ["run", "test"], program: "umoci" },
  "xz-utils": { for: ["run", "test"], program: "xz" },
  zstd: { for: ["run", "test"], program: "zstd" },
  "bind9-dnsutils": { for: ["test"], program: "dig" },
  faketime: { for: ["test"], program: "faketime" },
  "lxd-client": { for: ["test"], program: "lxc" },
  "openssh-client": { for: ["test"], program: "sftp" },
  secilc: { for: ["test"], program: "secilc" },
  "python3-venv": { for: ["test"], program: "python3" },
  "qemu-system-x86": { for: ["test"], program: "qemu-system-x86_64" },
  "gcc-aarch64-linux-gnu": { for: ["cross"], program: "aarch64-linux-gnu-gcc", on: "x64" },
  "linux-libc-dev-arm64-cross": { for: ["cross"], on: "x64" },
  "gcc-x86-64-linux-gnu": { for: ["cross"], program: "x86_64-linux-gnu-gcc", on: "arm64" },
  "linux-libc-dev-amd64-cross": { for: ["cross"], on: "arm64" },
  "qemu-user": { for: ["cross"], program: "qemu-aarch64" },
};

// What somebody has on this machine is not for us to remove: gcc-multilib, which a cross compiler cannot stand beside.
const INSTALL = ["install", "--yes", "--no-install-recommends", "--no-remove", "-o", "DPkg::Lock::Timeout=600"];

function wantedFor(purpose) {
  const isWanted = ({ for: purposes, on = process.arch }) => purposes.includes(purpose) && on === process.arch;
  return Object.keys(PACKAGES).filter((name) => isWanted(PACKAGES[name]));
}

/** Picks the packages that dpkg does not call installed. @param listing lines "<name> <status>" of dpkg-query */
function notInstalled(wanted, listing) {
  const installed = new Set();
  for (const line of listing.split("\n")) {
    const [name, status] = line.split(" ");
    if (status === "installed") installed.add(name);
  }
  return wanted.filter((name) => !installed.has(name));
}

function missingPackages(purpose) {
  const wanted = wantedFor(purpose);
  if (!which("dpkg-query")) return wanted.filter((name) => PACKAGES[name].program && !which(PACKAGES[name].program));
  // the list of all packages, since naming an unknown one makes dpkg-query fail
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const format = "${Package} ${db:Status-Status}\n";
  const listing = outputOf("dpkg-query", ["-W", "-f", format], { maxBuffer: 1 << 26 });
  return notInstalled(wanted, listing ?? "");
}

/** Words the error for packages that we may not install: who may, and with which command. */
function missingMessage(missing, { isRoot, hasApt }) {
  const names = missing.join(" ");
  const what = `Cannot go on without the packages "${names}"`;
  if (!hasApt)
    return `${what}: this machine has no apt-get. Install what your distribution calls them, then try again.`;
  const sudo = isRoot ? "" : "sudo ";
  return `${what}: only root can install them. Run: ${sudo}apt-get update && ${sudo}apt-get install --no-install-recommends ${names}`;
}

/** Installs packages; lists of packages are fetched only when the ones at hand do not do. @throws Error when not root */
async function install(missing, progress) {
  const may = { isRoot: process.getuid() === 0, hasApt: which("apt-get") !== undefined };
  if (!may.isRoot || !may.hasApt) throw new Error(missingMessage(missing, may));
  const options = {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" },
    onLine: (line) => progress.detail(line),
  };
  try {
    await run("apt-get", [...INSTALL, ...missing], options);
  } catch {
    // the lists may be old or missing; if that was not it, the second try says why
    await run("apt-get", ["update", "-o", "DPkg::Lock::Timeout=600"], options);
    await run("apt-get", [...INSTALL, ...missing], options);
  }
}

module.exports = {
  PACKAGES,
  notInstalled,
  missingMessage,
  missingPackages,
  install,
  purposes: ["build", "run", "test", "release"],
  label: "Installing Debian packages",

  needed: ({ purpose }) => missingPackages(purpose).length > 0,

  run: ({ purpose }, progress) => install(missingPackages(purpose), progress),
};
