/** Container image: Debian 12 with systemd as an image of LXD, on a disk for guests, which have no network to fetch one. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cached, keyOf } from "./cache";
import { makeDebianRoot } from "./debian";
import { makeExt4 } from "./disks";
import { execute } from "./execute";

const packages = ["systemd-sysv", "dbus", "iproute2"];
const network = "[Match]\nName=eth0\n[Network]\nDHCP=yes\n";
const metadata = `architecture: x86_64
creation_date: 1700000000
properties:
  os: Debian
  release: bookworm
  description: Debian 12 with systemd
`;
const keptDays = 30;

/** @returns a disk with the label "images" that holds debian12.tar.zst */
export async function imagesDisk(): Promise<string> {
  const folder = await cached("images", keyOf(packages.join(), network, metadata), keptDays, async (building) => {
    console.log("Making an image of Debian 12 for containers: a minute or two, once");
    const content = path.join(building, "content");
    const disk = path.join(building, "disk");
    mkdirSync(content);
    mkdirSync(disk);
    const rootfs = path.join(content, "rootfs");
    await makeDebianRoot(rootfs, { suite: "bookworm", packages, hooks: [] });
    writeFileSync(path.join(rootfs, "etc/systemd/network/eth0.network"), network);
    await execute("chroot", [rootfs, "systemctl", "enable", "systemd-networkd"]);
    for (const name of ["dev", "var/lib/apt/lists", "var/cache/apt"]) {
      rmSync(path.join(rootfs, name), { recursive: true, force: true });
      mkdirSync(path.join(rootfs, name));
    }
    writeFileSync(path.join(content, "metadata.yaml"), metadata);
    const archive = path.join(disk, "debian12.tar.zst");
    await execute("tar", ["-C", content, "--numeric-owner", "--zstd", "-cf", archive, "metadata.yaml", "rootfs"]);
    await makeExt4(path.join(building, "images.img"), disk, "images", "256M");
    rmSync(content, { recursive: true });
    rmSync(disk, { recursive: true });
  });
  return path.join(folder, "images.img");
}
