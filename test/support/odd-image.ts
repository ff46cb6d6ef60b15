/** Odd image: a busybox that runs, with all that a copy likes to lose; and the lists by which two archives are compared. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { type Entry, tarball } from "../daemon/image-scene";
import { writeImage } from "./image";

const capability = "\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

const odd: readonly Entry[] = [
  { name: "rootfs/odd/", type: "directory", mode: 0o1751, uid: 7, gid: 8 },
  { name: "rootfs/odd/setuid", content: "x", mode: 0o4711, uid: 12, gid: 34 },
  { name: "rootfs/odd/far", content: "x", uid: 65533, gid: 65532 },
  { name: "rootfs/odd/one", content: "linked" },
  { name: "rootfs/odd/two", type: "link", linkname: "rootfs/odd/one" },
  { name: "rootfs/odd/link", type: "symlink", mode: 0o777, linkname: "/etc/../../x" },
  { name: "rootfs/odd/pipe", type: "fifo" },
  { name: "rootfs/odd/noted", content: "n", pax: { "SCHILY.xattr.user.note": "kept" } },
  { name: "rootfs/odd/capable", content: "c", pax: { "SCHILY.xattr.security.capability": capability } },
  { name: `rootfs/odd/${"long".repeat(50)}`, content: "long" },
  { name: 'rootfs/odd/tab\tand\nbreak \\ " Ü', content: "odd" },
  { name: "rootfs/odd/empty/", type: "directory", mode: 0o700, uid: 1, gid: 1 },
];

const metadata = `architecture: x86_64
creation_date: 1700000000
properties:
  os: odd
  release: "20.10"
templates:
  /etc/hostname:
    when: [create, copy]
    template: hostname.tpl
`;

/** @param more entries @returns a unified tarball */
export async function oddImage(...more: readonly Entry[]): Promise<Buffer> {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-odd-"));
  try {
    const file = path.join(folder, "bb.tar.gz");
    writeImage(file, "bb", { files: 3, bytesPerFile: 1000 });
    execFileSync("gunzip", [file]);
    const whole = path.join(folder, "bb.tar");
    // Its metadata makes room for ours.
    execFileSync("tar", ["--delete", "--file", whole, "metadata.yaml"]);
    const busybox = readFileSync(whole);
    let end = busybox.length;
    while (end > 0 && busybox.subarray(end - 512, end).every((byte) => byte === 0)) end -= 512;
    const own = await tarball([
      { name: "metadata.yaml", content: metadata },
      { name: "templates/hostname.tpl", content: "{{ container.name }}\n" },
      ...odd,
      ...more,
    ]);
    return Buffer.concat([busybox.subarray(0, end + ((512 - (end % 512)) % 512)), own]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The tarball itself, unpacked where it is packed by gzip. */
export const plainTar = (bytes: Buffer): Buffer => (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes);

/**
 * What GNU tar says of each entry, but for times, and for which of two names of a file is the first.
 * @param at folder of the archive whose content is listed, such as "rootfs"
 */
export function listed(archive: string, at: string): string[] {
  const args = ["--list", "-vv", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--quoting-style=c"];
  const text = execFileSync("tar", [...args, "--file", archive, "--wildcards", `${at}/*`], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, LC_ALL: "C" },
  });
  const entries = text
    .replaceAll(/\n {2}/g, " + ")
    .split("\n")
    .filter(Boolean);
  const shown = entries.map((line) =>
    line
      .replaceAll(`"${at}/`, '"')
      .replaceAll(/ +/g, " ")
      .replace(/ \d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?/, ""),
  );
  return shown.filter((line) => !/"odd\/(one|two)"/.test(line)).sort();
}
