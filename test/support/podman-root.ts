/**
 * Podman root: Debian 12 with podman, crun and runc, made once by mmdebstrap and kept by its definition. Its /usr is read where it lies; an image has the
 * rest, so that a container of it is there in a second.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cached, keyOf } from "../../scripts/vm/cache";
import { makeDebianRoot } from "../../scripts/vm/debian";
import { execute } from "../../scripts/vm/execute";

const packages = [
  ...["podman", "crun", "runc", "uidmap", "fuse-overlayfs", "slirp4netns", "netavark", "aardvark-dns", "catatonit"],
  ...["iproute2", "iptables", "procps", "busybox-static"],
];
const metadata = "architecture: x86_64\ncreation_date: 1700000000\n";
const keptDays = 30;

export interface PodmanRoot {
  /** Folder that is to be its /usr. */
  readonly usr: string;
  /** Tarball of an image with all else. */
  readonly image: string;
}

export async function podmanRoot(): Promise<PodmanRoot> {
  const folder = await cached("podman", keyOf(packages.join(), metadata), keptDays, async (building) => {
    const content = path.join(building, "content");
    const rootfs = path.join(content, "rootfs");
    mkdirSync(content);
    await makeDebianRoot(rootfs, { suite: "bookworm", packages, hooks: [] });
    for (const name of ["dev", "var/lib/apt/lists", "var/cache/apt"]) {
      rmSync(path.join(rootfs, name), { recursive: true, force: true });
      mkdirSync(path.join(rootfs, name));
    }
    await execute("chroot", [rootfs, "useradd", "--create-home", "--shell", "/bin/sh", "dev"]);
    renameSync(path.join(rootfs, "usr"), path.join(building, "usr"));
    mkdirSync(path.join(rootfs, "usr"));
    writeFileSync(path.join(content, "metadata.yaml"), metadata);
    const archive = path.join(building, "image.tar.gz");
    await execute("tar", ["-C", content, "--numeric-owner", "-czf", archive, "metadata.yaml", "rootfs"]);
    rmSync(content, { recursive: true });
  });
  return { usr: path.join(folder, "usr"), image: path.join(folder, "image.tar.gz") };
}
