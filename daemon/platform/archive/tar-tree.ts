/**
 * Tar tree: a root that a guest filled, as entries of an archive. GNU tar reads it as confined as it unpacks one: names are bytes, links are
 * stored and not followed, holes of sparse files are not read, and what it remembers of hard links has an end. Ids are those on disk, which
 * are the container's own.
 */
import { closeSync, constants, openSync } from "node:fs";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { Socket } from "node:net";
import path from "node:path";
import type { Dirs } from "../folders/dirs";
import type { Native } from "../native/index";
import type { RootSource } from "../native/root-source";
import { confined } from "../processes/confine";
import { run } from "../processes/run";
import { withoutEnd } from "./tar-end";

/** Of tar: names of the largest folder, and of all files with several names. */
const memoryBytes = 1536 * 1024 * 1024;

/** All scratch folders of packing begin so; start-up removes those that a killed daemon left. */
export const packPrefix = "pack-";

export interface PackGround {
  readonly native: Pick<Native, "runWithRoot">;
  readonly dirs: Pick<Dirs, "scratch">;
}

/**
 * Yields the entries of a root without the end of an archive, so that several make one.
 * @param name of the root in the archive, such as "backup/container/rootfs"
 * @throws ApiError INTERNAL with what tar said; the signal's reason when it aborts
 */
export async function* tarTree(
  ground: PackGround,
  root: RootSource,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  yield* tarOf(ground, root, { folder: name, words: [name] }, signal);
}

/**
 * Yields the entry of one file of a root, its holes left out, as tarTree does.
 * @param file in the root @param name in the archive
 */
export async function* tarTreeFile(
  ground: PackGround,
  root: RootSource,
  { file, name }: { readonly file: string; readonly name: string },
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const as = name.replaceAll(/[\\&,]/g, "\\$&");
  yield* tarOf(ground, root, { folder: "root", words: [`--transform=s,.*,${as},`, `root/${file}`] }, signal);
}

interface Wanted {
  /** Where the root is seen. */
  readonly folder: string;
  /** Last words of tar. */
  readonly words: readonly string[];
}

async function* tarOf(
  { native, dirs }: PackGround,
  root: RootSource,
  { folder: name, words }: Wanted,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  signal.throwIfAborted();
  // As the confined program sees it: without symlinks.
  const folder = await mkdtemp(path.join(await realpath(dirs.scratch), packPrefix));
  try {
    const top = path.join(folder, "tree");
    const at = path.join(top, name);
    await mkdir(at, { recursive: true, mode: 0o700 });
    const pipe = path.join(folder, "pipe");
    await run("mkfifo", ["--mode=600", "--", pipe]);
    yield* packed(native, { root, at, pipe, command: tarCommand(pipe, top, at, words) }, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function tarCommand(pipe: string, top: string, at: string, wanted: readonly string[]): string[] {
  const words = [
    "LC_ALL=C",
    "tar",
    "--create",
    `--file=${pipe}`,
    "--force-local",
    `--directory=${top}`,
    // In 64 KiB at a time, as much as the pipe holds.
    "--blocking-factor=128",
    "--format=pax",
    "--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime",
    "--numeric-owner",
    // A backslash in a name is one.
    "--no-unquote",
    "--xattrs",
    "--xattrs-include=*",
    "--acls",
    "--sparse",
    "--hole-detection=seek",
    ...wanted,
  ];
  const [program, args] = confined("env", words, { read: [at], write: pipe, containerFiles: true, memoryBytes });
  return [program, ...args];
}

interface Packing {
  readonly root: RootSource;
  readonly at: string;
  readonly pipe: string;
  readonly command: readonly string[];
}

async function* packed(
  native: PackGround["native"],
  { root, at, pipe, command }: Packing,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const reader = new Socket({ fd: openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK), writable: false });
  // A fifo that nobody has open for writing is at its end, before tar has begun.
  const writer = openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
  const gone = new AbortController();
  const packing = native.runWithRoot(root, at, command, AbortSignal.any([signal, gone.signal]));
  const ended = packing.then(
    () => closeSync(writer),
    () => closeSync(writer),
  );
  try {
    yield* withoutEnd(reader);
    await packing;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    gone.abort();
    reader.destroy();
    await ended;
  }
}
