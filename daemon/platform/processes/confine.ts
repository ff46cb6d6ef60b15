/** Confine: the command line that runs a host program on a stranger's bytes so that it cannot harm the host (docs/native-protocol.md, Role confine). */
import { existsSync, realpathSync } from "node:fs";
import path from "node:path";
import { badRequest } from "../../../sdk/api/errors";
import { diskBase, isNested, nestedIds } from "../../../sdk/host/own-ids";
import { cellProgram } from "../../../sdk/host/package";
import { findProgram } from "../../../sdk/host/program";

export interface Confinement {
  /** Paths of the host that it sees, beside the host's programs. */
  readonly read?: readonly string[];
  /** The one place where it may write, with any owner and mode. */
  readonly write?: string;
  /** Bytes of memory that it may have. */
  readonly memoryBytes?: number;
  /** The ids of what it writes: the first is the container's 0. Not together with device nodes. */
  readonly ids?: { readonly first: number; readonly count: number };
  /** Whether it reads or writes the files of containers, by the ids that they have there. */
  readonly containerFiles?: boolean;
  /** Whether it may make device nodes; it cannot open them. */
  readonly deviceNodes?: boolean;
  /** Whether it has the host's network, with the files by which names and certificate authorities are found. */
  readonly network?: boolean;
  /** Whether files get those extended attributes only that an image may give them (native/security/attributes.h). */
  readonly imageAttributes?: boolean;
  /** Device nodes that it makes are left out, without its notice; this file then tells which. Together with imageAttributes alone. */
  readonly leftOut?: string | undefined;
}

/** Folders that bothy-cell shows (native/security/confine.c). */
const shown = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"];

const isShown = (file: string) => shown.some((folder) => file.startsWith(`${folder}/`));

/** A host program by a path that a confined process sees, or undefined when it is not installed. */
function shownProgram(name: string): string | undefined {
  const found = path.isAbsolute(name) ? name : findProgram(name);
  return found === undefined || isShown(found) ? found : realpathSync(found);
}

/** A link is shown as one, so what it leads to is shown as well. */
const networkFiles = (): string[] =>
  ["hosts", "nsswitch.conf", "resolv.conf", "ssl", "pki", "ca-certificates", "containers/registries.conf"]
    .map((name) => path.join("/etc", name))
    .filter((file) => existsSync(file))
    .flatMap((file) => [...new Set([file, realpathSync(file)])]);

/** What lets a confined process find host programs by name. Those that are not installed are left out. */
export function toolbox(names: readonly string[]): { read: string[]; searchPath: string } {
  const found = names.flatMap((name) => shownProgram(name) ?? []);
  const folders = [...found.map((file) => path.dirname(file)), ...(process.env.PATH ?? "").split(":")];
  return { read: found.filter((file) => !isShown(file)), searchPath: [...new Set(folders)].join(":") };
}

/**
 * Words that name a path by way of a link, such as that of a pool in a folder of the user's: within there is only what the link leads to.
 * A path ends where the word does, or where one below it goes on.
 */
function byRealPaths(words: readonly string[], files: readonly string[]): string[] {
  const linked = files.map((file) => [file, realpathSync(file)] as const).filter(([file, real]) => file !== real);
  const name = (word: string, [file, real]: readonly [string, string]) =>
    `${word}/`.replaceAll(`${file}/`, () => `${real}/`).slice(0, -1);
  return words.map((word) => linked.reduce(name, word));
}

/** @param args paths in them may lead by links to what is to be read and written @returns program and arguments @throws ApiError BAD_REQUEST when the program is not installed */
export function confined(
  command: string,
  args: readonly string[],
  {
    read = [],
    write,
    memoryBytes,
    ids,
    containerFiles = false,
    deviceNodes = false,
    imageAttributes = false,
    network = false,
    leftOut,
  }: Confinement,
): [program: string, args: string[]] {
  const program = shownProgram(command);
  if (program === undefined)
    throw badRequest(`Cannot run "${command}": the program is not installed. Install it; see "bothy doctor".`);
  const reads = [
    ...(isShown(program) ? [] : [program]),
    ...read.map((file) => realpathSync(file)),
    ...(network ? networkFiles() : []),
  ];
  return [
    cellProgram,
    [
      "confine",
      ...reads.flatMap((file) => ["--read", file]),
      ...(write === undefined ? [] : ["--write", realpathSync(write)]),
      ...(memoryBytes === undefined ? [] : ["--memory", String(memoryBytes)]),
      ...(ids === undefined ? [] : ["--ids", `${ids.first}:${ids.count}`]),
      ...(containerFiles && isNested ? ["--disk-ids", `${diskBase}:${nestedIds}`] : []),
      ...(deviceNodes ? ["--device-nodes"] : []),
      ...(imageAttributes ? ["--image-attributes"] : []),
      ...(network ? ["--network"] : []),
      ...(leftOut === undefined ? [] : ["--left-out", leftOut]),
      "--",
      program,
      ...byRealPaths(args, [...read, ...(write === undefined ? [] : [write])]),
    ],
  ];
}
