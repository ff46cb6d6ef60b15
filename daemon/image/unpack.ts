/** Unpack: the root file system of a checked image into an empty folder, ids as in the image, nothing followed. */
import { chmod, chown, open } from "node:fs/promises";
import path from "node:path";
import { run } from "../run";
import { compressionOf } from "./compression";
import type { UnpackOptions } from "./service";
import type { ImageFiles } from "./store";

/** Attributes that overlayfs reads from its layers: an image must not steer the host's mounts. */
const foreignAttributes = ["trusted.*", "user.overlay.*"];

/**
 * @param filePath the stored file that holds the root
 * @param files how it is packed, as the check found it
 * @param rootPath an empty folder
 */
export async function unpackRoot(
  filePath: string,
  files: ImageFiles,
  rootPath: string,
  options: UnpackOptions,
): Promise<void> {
  if ((files.rootfs ?? files.main) === "squashfs") await unpackSquashfs(filePath, rootPath, options);
  else await unpackTar(filePath, files, rootPath, options);
}

async function unpackTar(filePath: string, files: ImageFiles, rootPath: string, options: UnpackOptions): Promise<void> {
  const { prefix, root, deviceNodes } = files.layout;
  const skipped = options.deviceNodes ? [] : deviceNodes;
  const { tarOption } = compressionOf(files.rootfs ?? files.main);
  await run(
    ...underOpenUmask("tar", [
      "--extract",
      `--file=${filePath}`,
      "--force-local",
      ...(tarOption === undefined ? [] : [tarOption]),
      `--directory=${rootPath}`,
      "--numeric-owner",
      "--same-owner",
      "--preserve-permissions",
      "--delay-directory-restore",
      "--xattrs",
      "--xattrs-include=*",
      ...foreignAttributes.map((pattern) => `--xattrs-exclude=${pattern}`),
      "--acls",
      ...(skipped.length === 0 ? [] : ["--anchored", "--no-wildcards", "--exclude-from=-"]),
      ...(prefix === "" ? [] : [`--strip-components=${prefix.split("/").length}`, prefix]),
    ]),
    {
      input: skipped.length === 0 ? undefined : skipped.join("\n"),
      signal: options.signal,
      env: { PATH: process.env.PATH, LC_ALL: "C" },
    },
  );
  // GNU tar leaves the root folder itself alone, since its name is cut off.
  if (root !== undefined) {
    await chown(rootPath, root.uid, root.gid);
    await chmod(rootPath, root.mode);
  }
  if (skipped.length > 0) options.warn(skippedText(skipped.length));
}

async function unpackSquashfs(filePath: string, rootPath: string, options: UnpackOptions): Promise<void> {
  await run(...underOpenUmask("unsquashfs", ["-no-progress", "-force", "-dest", rootPath, filePath]), {
    signal: options.signal,
  });
  if (options.deviceNodes) return;
  const found = await run("find", [
    rootPath,
    "-xdev",
    "(",
    "-type",
    "b",
    "-o",
    "-type",
    "c",
    ")",
    "-print0",
    "-delete",
  ]);
  const count = found.stdout.split("\0").length - 1;
  if (count > 0) options.warn(skippedText(count));
}

const skippedText = (count: number) =>
  `${count} device node${count === 1 ? "" : "s"} of the image left out: an unprivileged container cannot have any.`;

/**
 * The command line that runs a program under umask 022: tar makes folders that an archive left out by the umask, and the daemon's
 * own is meant for the daemon's own files. The words reach the program as they are; no shell reads them.
 */
export const underOpenUmask = (command: string, args: readonly string[]): [command: string, args: string[]] => [
  "sh",
  ["-c", 'umask 022; exec "$@"', "sh", command, ...args],
];

/** Brings a file or folder to the disk itself, before a database row may name it. */
export async function syncToDisk(...paths: string[]): Promise<void> {
  for (const each of new Set(paths.flatMap((file) => [file, path.dirname(file)]))) {
    await using handle = await open(each, "r");
    await handle.sync();
  }
}
