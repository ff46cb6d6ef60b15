/**
 * Spec, seccomp: which of the programs that the build makes filters a container's system calls. One whose root has a size in a pool where guests can
 * make subvolumes gets a program of its own, which denies that: what is in a subvolume does not count for the size of the one above it. So does one with
 * rules of its user's (syscalls.ts).
 */
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import type { Op } from "../../../platform/native/index";
import { isCompatDenied, isStrict } from "./syscall-keys";

/** Which list counts: what is allowed, or what is denied. Both loosen by name. */
function filterName(config: Config): string {
  const set = instanceConfig(config);
  const isPrivileged = set.get("security.privileged");
  const isNesting = set.get("security.nesting") && !isPrivileged;
  if (isStrict(config)) return isNesting ? "strict-nesting" : "strict";
  return isPrivileged ? "privileged" : isNesting ? "nesting" : "default";
}

/** One of the programs that the build makes. @param config expanded */
export const seccompFile = (dir: string, config: Config): string =>
  path.join(dir, `${filterName(config)}${isCompatDenied(config) ? "-native" : ""}.bpf`);

export interface WholeFilter {
  readonly program: Buffer;
  /** It allows everything: without rules before it there is no need of it. */
  readonly isOpen: boolean;
}

const ownFile = (cellDir: string): string => path.join(cellDir, "seccomp");

/**
 * The program for a start. It is kept beside the run files of the container for whoever enters it.
 * @param cellDir folder of its run files @param file that of all containers @param rules that come before it, each of which falls through
 * @param whole what stands in the place of that file
 */
export function startFilter(
  cellDir: string,
  file: string,
  rules: readonly Buffer[],
  whole?: WholeFilter,
): readonly Op[] {
  rmSync(ownFile(cellDir), { recursive: true, force: true });
  const own = Buffer.concat(rules);
  if (own.length === 0 && whole === undefined) return [["seccomp", file]];
  // An empty file tells those who enter later that there is no program.
  const program = own.length === 0 && whole?.isOpen ? own : Buffer.concat([own, whole?.program ?? readFileSync(file)]);
  writeFileSync(ownFile(cellDir), program, { mode: 0o600 });
  return program.length === 0 ? [] : [["seccomp", ownFile(cellDir)]];
}

/** The program of a running container. @param file the one that it has when it has none of its own */
export function runningFilter(cellDir: string, file: string): readonly Op[] {
  const own = statSync(ownFile(cellDir), { throwIfNoEntry: false });
  if (own?.size === 0) return [];
  if (own === undefined) return [["seccomp", file]];
  // Where to hand system calls over that are answered from outside, if there are any.
  return [
    ["seccomp", ownFile(cellDir)],
    ["control", cellDir],
  ];
}

/** AUDIT_ARCH and the number of ioctl(2), of the architecture and of its 32-bit companion (linux/audit.h, asm/unistd.h). */
const ioctls: Readonly<Record<string, readonly (readonly [arch: number, number: number])[]>> = {
  x64: [
    [0xc000003e, 16],
    [0x40000003, 54],
  ],
  arm64: [
    [0xc00000b7, 29],
    [0x40000028, 54],
  ],
};

/** BTRFS_IOC_SNAP_CREATE, SUBVOL_CREATE and the second form of both (linux/btrfs.h). */
const commands = [0x50009401, 0x5000940e, 0x50009417, 0x50009418] as const;

/** Of struct seccomp_data; both architectures have the lower half of an argument first, and the kernel reads no more of a command. */
const offsets = { number: 0, arch: 4, secondArgument: 24 } as const;

/** Programs take ENOTTY as "no btrfs", and make a folder. */
const enotty = 25;
const refused = 0x50000 + enotty;

/** Rules that deny the making of subvolumes. */
export function subvolumeRules(): Buffer {
  const load = (offset: number) => instruction(0x20, 0, 0, offset);
  const isEqual = (value: number, yes: number, no: number) => instruction(0x15, yes, no, value);
  const rules = (ioctls[process.arch] ?? []).flatMap(([arch, number]) => [
    load(offsets.number),
    isEqual(number, 0, 8),
    load(offsets.arch),
    isEqual(arch, 0, 6),
    load(offsets.secondArgument),
    ...commands.map((command, i) => isEqual(command, 3 - i, i === 3 ? 1 : 0)),
    instruction(0x06, 0, 0, refused),
  ]);
  return Buffer.concat(rules);
}

/** One of linux/filter.h. */
export function instruction(code: number, yes: number, no: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(yes, 2);
  bytes.writeUInt8(no, 3);
  bytes.writeUInt32LE(value >>> 0, 4);
  return bytes;
}
