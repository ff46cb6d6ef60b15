/** Images for tests and benchmarks: a unified tarball of the host's static busybox, with data to recognise it by. */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

export interface ImageShape {
  readonly files: number;
  readonly bytesPerFile: number;
}

/** Where the sums of the data are, for `sha256sum -c`. */
export const sumsPath = "/data/SUMS";
const folders = ["bin", "sbin", "dev", "proc", "sys", "etc", "tmp", "root", "run", "var", "mnt", "data"];
const filesPerFolder = 50;

/**
 * Writes an image whose init is busybox's, with random files below /data.
 * @param target of the tarball
 */
export function writeImage(target: string, name: string, shape: ImageShape): void {
  const dir = mkdtempSync(path.join(path.dirname(target), "image-"));
  try {
    fillImage(dir, name, shape);
    execFileSync("tar", ["-C", dir, ...owner, "-czf", target, "metadata.yaml", "rootfs"]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The same in several files, as servers of images have it. @param folder gets lxd.tar.xz, root.squashfs and root.tar.xz */
export function writeSplitImage(folder: string, name: string, shape: ImageShape): void {
  const dir = mkdtempSync(path.join(folder, "image-"));
  try {
    fillImage(dir, name, shape);
    // The quickest level: nobody keeps them.
    const xz = { env: { ...process.env, XZ_OPT: "-0" } };
    execFileSync("tar", ["-C", dir, ...owner, "-cJf", path.join(folder, "lxd.tar.xz"), "metadata.yaml"], xz);
    execFileSync("tar", ["-C", path.join(dir, "rootfs"), ...owner, "-cJf", path.join(folder, "root.tar.xz"), "."], xz);
    const squashfs = path.join(folder, "root.squashfs");
    execFileSync("mksquashfs", [path.join(dir, "rootfs"), squashfs, "-quiet", "-no-progress", "-all-root"]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const owner = ["--numeric-owner", "--owner=0", "--group=0"];

/** Makes metadata.yaml and rootfs in a folder. */
function fillImage(dir: string, name: string, { files, bytesPerFile }: ImageShape): void {
  const root = path.join(dir, "rootfs");
  for (const folder of folders) mkdirSync(path.join(root, folder), { recursive: true });
  const busybox = execFileSync("which", ["busybox"], { encoding: "utf8" }).trim();
  execFileSync("cp", [busybox, path.join(root, "bin/busybox")]);
  execFileSync("chroot", [root, "/bin/busybox", "--install", "-s", "/bin"]);
  writeFileSync(path.join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  writeFileSync(path.join(root, "etc/group"), "root:x:0:\n");
  writeFileSync(path.join(root, "etc/inittab"), "::sysinit:/bin/true\n::shutdown:/bin/true\n");
  execFileSync("ln", ["-s", "/bin/busybox", path.join(root, "sbin/init")]);
  writeFileSync(path.join(root, sumsPath), writeFiles(root, files, bytesPerFile));
  writeFileSync(
    path.join(dir, "metadata.yaml"),
    `architecture: x86_64\ncreation_date: 1700000000\nproperties:\n  description: ${name}\n  os: busybox\n`,
  );
}

/** @returns the sums, one line a file */
function writeFiles(root: string, files: number, bytesPerFile: number): string {
  let sums = "";
  for (let index = 0; index < files; index += 1) {
    const name = `/data/${Math.floor(index / filesPerFolder)}/${index}`;
    const content = randomBytes(bytesPerFile);
    mkdirSync(path.join(root, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
    sums += `${createHash("sha256").update(content).digest("hex")}  ${name}\n`;
  }
  return sums;
}
