/** Unpack: the root file system of a checked image into an empty folder, ids as in the image, nothing followed. The programs that do it are confined. */
import { chmod, chown } from "node:fs/promises";
import { type ApiError, internal } from "../../../../sdk/api/errors";
import { diskBase } from "../../../../sdk/host/own-ids";
import { confined, toolbox } from "../../../platform/processes/confine";
import { run } from "../../../platform/processes/run";
import type { ImageFiles } from "../store";
import { compressionOf, decompressorBytes } from "./compression";
import type { ImageLimits } from "./limits";
import { unsquashfsBytes, unsquashfsQueues } from "./squashfs";

export interface UnpackOptions {
  /** Whether device nodes are made; else each is skipped with one warning. */
  readonly deviceNodes: boolean;
  readonly warn: (message: string) => void;
  readonly signal?: AbortSignal;
  /** Which ids of the archive are 0 and so on in the container; those that are in it when absent. Not together with device nodes. */
  readonly ids?: { readonly first: number; readonly count: number };
}

/**
 * Which extended attributes get through, bothy-cell decides (native/security/attributes.h): the same for every kind of archive.
 * @param filePath the stored file that holds the root
 * @param files how it is packed, as the check found it
 * @param rootPath an empty folder
 * @throws ApiError INTERNAL when a program fails, BAD_REQUEST when it takes too long; the signal's reason when it aborts
 */
export async function unpackRoot(
  filePath: string,
  files: ImageFiles,
  rootPath: string,
  limits: ImageLimits,
  options: UnpackOptions,
): Promise<void> {
  const inTime = AbortSignal.timeout(limits.time.value * 1000);
  const signal = options.signal === undefined ? inTime : AbortSignal.any([options.signal, inTime]);
  const isSquashfs = (files.rootfs ?? files.main) === "squashfs";
  const { deviceNodes } = files.layout;
  const skipped = options.deviceNodes ? [] : deviceNodes;
  try {
    await (isSquashfs ? unpackSquashfs : unpackTar)({ filePath, files, rootPath, skipped, signal, ...options });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    if (inTime.aborted) throw tooLong(limits);
    throw internal(`Cannot unpack the image: ${(error as Error).message}`, { cause: error });
  }
  if (skipped.length > 0) options.warn(skippedText(skipped.length));
}

/** Of a folder that is there only because something in it has an entry. */
const impliedMode = 0o755;

interface Work {
  readonly filePath: string;
  readonly files: ImageFiles;
  readonly rootPath: string;
  /** Device nodes that are left out, as the archive names them. */
  readonly skipped: readonly string[];
  readonly deviceNodes: boolean;
  readonly ids?: UnpackOptions["ids"];
  readonly signal: AbortSignal;
}

async function unpackTar({ filePath, files, rootPath, skipped, deviceNodes, ids, signal }: Work): Promise<void> {
  const { prefix, members = [prefix], root, isFile } = files.layout;
  const { command } = compressionOf(files.rootfs ?? files.main);
  const tools = toolbox(["sh", "tar", ...(command === undefined ? [] : [command[0]])]);
  const words = [
    "--extract",
    `--file=${filePath}`,
    "--force-local",
    ...(command === undefined ? [] : [`--use-compress-program=${command.join(" ")}`]),
    `--directory=${rootPath}`,
    "--numeric-owner",
    // A backslash in the name of a folder is one.
    "--no-unquote",
    "--same-owner",
    "--preserve-permissions",
    "--xattrs",
    "--xattrs-include=*",
    "--acls",
    ...(skipped.length === 0 ? [] : ["--anchored", "--no-wildcards", "--exclude-from=-"]),
    ...(prefix === "" ? [] : [`--strip-components=${prefix.split("/").length - (isFile ? 1 : 0)}`, ...members]),
  ];
  const confinement = {
    read: [...tools.read, filePath],
    write: rootPath,
    deviceNodes,
    ...(ids === undefined ? {} : { ids }),
    containerFiles: true,
    imageAttributes: true,
    memoryBytes: decompressorBytes,
  };
  await run(...confined("tar", words, confinement), {
    input: skipped.length === 0 ? undefined : Buffer.from(skipped.join("\n"), "latin1"),
    signal,
    env: { PATH: tools.searchPath, LC_ALL: "C" },
  });
  // GNU tar leaves the root folder itself alone, since its name is cut off. One that the archive has no entry of is as tar makes such folders.
  if (root !== undefined) await chown(rootPath, ownId(root.uid, ids), ownId(root.gid, ids));
  await chmod(rootPath, root?.mode ?? impliedMode);
}

/** An id of the archive as it is on disk. */
function ownId(id: number, ids: UnpackOptions["ids"]): number {
  const own = id - (ids?.first ?? 0);
  if (own < 0 || own >= (ids?.count ?? Number.POSITIVE_INFINITY))
    throw internal("Cannot unpack the image: its root folder is of an id that the container has not.");
  return diskBase + own;
}

async function unpackSquashfs({ filePath, rootPath, skipped, deviceNodes, signal }: Work): Promise<void> {
  const words = [
    ...unsquashfsQueues,
    "-no-progress",
    "-no-wildcards",
    "-force",
    "-dest",
    rootPath,
    ...(skipped.length === 0 ? [filePath] : ["-excludes", filePath, ...skipped]),
  ];
  const confinement = {
    read: [filePath],
    write: rootPath,
    deviceNodes,
    containerFiles: true,
    imageAttributes: true,
    memoryBytes: unsquashfsBytes,
  };
  await run(...confined("unsquashfs", words, confinement), {
    signal,
    env: { PATH: process.env.PATH, LC_ALL: "C" },
  });
}

const tooLong = ({ time }: ImageLimits): ApiError =>
  internal(
    `Cannot unpack the image: it takes longer than "images.limits.time" allows (${time.text}). Make the image smaller, or raise the limit in the server's configuration.`,
  );

const skippedText = (count: number) =>
  `${count} device node${count === 1 ? "" : "s"} of the image left out: an unprivileged container cannot have any.`;

/**
 * The command line that runs a program under umask 022; the daemon's own is meant for the daemon's own files. The words reach the program
 * as they are; no shell reads them.
 */
export const underOpenUmask = (command: string, args: readonly string[]): [command: string, args: string[]] => [
  "sh",
  ["-c", 'umask 022; exec "$@"', "sh", command, ...args],
];
