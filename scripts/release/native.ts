/** Native: bothy-cell and its seccomp programs for every architecture of a release, built and looked at. */
import { spawnSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { hostArchitecture } from "../../sdk/host/architecture";
import { execute } from "../vm/execute";
import { readElf } from "./elf";
import { muslOf, which } from "./setup";

/** The kernel's numbers of architectures, which a filter compares with (linux/audit.h). */
const auditNumbers: Readonly<Record<string, number>> = { x86_64: 0xc000003e, aarch64: 0xc00000b7 };

/** Builds in a copy of the tree. @param architecture such as "aarch64" @returns what was done, in words for people */
export async function buildNative(tree: string, architecture: string): Promise<string> {
  const isForeign = architecture !== hostArchitecture;
  const musl = isForeign ? [`MUSL=${muslOf(architecture)}`] : [];
  const args = ["-s", "-C", path.join(tree, "native"), "-j", String(availableParallelism())];
  await execute("make", [...args, `ARCH=${architecture}`, ...musl]);
  const folder = path.join(tree, "native/build", architecture);
  // A part of musl is in the program, and its licence asks to be passed on.
  const copyright = path.join(isForeign ? muslOf(architecture) : "/", "usr/share/doc/musl-dev/copyright");
  copyFileSync(copyright, path.join(folder, "musl-copyright"));
  checkCell(readFileSync(path.join(folder, "bothy-cell")), architecture);
  const files = readdirSync(path.join(folder, "seccomp"));
  const filters = files.filter((name) => name.endsWith(".bpf"));
  for (const name of filters) checkFilter(name, readFileSync(path.join(folder, "seccomp", name)), architecture);
  checkCalls(readFileSync(path.join(folder, "seccomp/names"), "utf8"), architecture);
  return `${architecture}: bothy-cell and ${filters.length} filters; ${tryCell(path.join(folder, "bothy-cell"), architecture)}`;
}

/** @throws Error when a bothy-cell is not what a release ships */
export function checkCell(file: Buffer, architecture: string): void {
  const elf = readElf(file);
  const wrong =
    elf.architecture !== architecture
      ? `it is for ${elf.architecture}`
      : !elf.isStatic
        ? "it needs libraries of the machine"
        : elf.isStripped
          ? undefined
          : "it holds symbols";
  if (wrong !== undefined) throw new Error(`Cannot release bothy-cell for ${architecture}: ${wrong}.`);
}

/** @throws Error when a filter is not made of whole instructions that compare with this architecture alone */
export function checkFilter(name: string, program: Buffer, architecture: string): void {
  const operands = Array.from({ length: Math.floor(program.length / 8) }, (_, i) => program.readUInt32LE(i * 8 + 4));
  const found = Object.keys(auditNumbers).filter((other) => operands.includes(auditNumbers[other]!));
  if (program.length % 8 === 0 && found.join() === architecture) return;
  throw new Error(`Cannot release the filter ${name} for ${architecture}: it is for ${found.join(" and ") || "none"}.`);
}

/** @throws Error when a table of system calls does not begin with this architecture and its number */
export function checkCalls(table: string, architecture: string): void {
  const [name = "", number = ""] = table.split("\n", 1)[0]!.split(" ");
  if (name === architecture && Number(number) === auditNumbers[architecture]) return;
  throw new Error(`Cannot release the table of system calls for ${architecture}: it is for ${name || "none"}.`);
}

/** Runs it once. @returns how @throws Error when it does not answer as it should */
function tryCell(file: string, architecture: string): string {
  const isForeign = architecture !== hostArchitecture;
  const emulator = which(`qemu-${architecture}`);
  if (isForeign && emulator === undefined) return `not tried, since there is no qemu-${architecture}`;
  const [command, ...args] = isForeign ? [emulator!, file] : [file];
  const { status, stderr, error } = spawnSync(command!, [...args, "no-such-role"], { encoding: "utf8" });
  if (status === 2 && stderr.startsWith("usage: bothy-cell ")) return isForeign ? "tried by qemu" : "tried";
  throw new Error(
    `Cannot release bothy-cell for ${architecture}: asked for its usage it left with ${status}. ${error ?? stderr}`,
  );
}
