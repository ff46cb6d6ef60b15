/** Programs of this host: where they are, and whether they need libraries. */
import { accessSync, closeSync, constants, openSync, readSync, statSync } from "node:fs";
import path from "node:path";

/** Finds a program as execvp(3) does. @returns its path, or undefined when it is in no folder of PATH */
export function findProgram(name: string, searchPath = process.env.PATH ?? ""): string | undefined {
  return searchPath
    .split(":")
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, name))
    .find(isProgram);
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Not there, or not ours to run: the same to whoever asks.
    return false;
  }
}

const elfMagic = 0x7f454c46;
const programInterpreter = 3;
const fileHeaderBytes = 64;

/** Whether a program is static: a dynamic one names its loader in a program header (elf(5), PT_INTERP). A script is not. */
export function isStaticProgram(file: string): boolean {
  const fd = openSync(file, "r");
  try {
    const header = Buffer.alloc(fileHeaderBytes);
    readSync(fd, header, 0, header.length, 0);
    if (header.readUInt32BE(0) !== elfMagic) return false;
    const is64 = header[4] === 2;
    const start = is64 ? Number(header.readBigUInt64LE(32)) : header.readUInt32LE(28);
    const size = header.readUInt16LE(is64 ? 54 : 42);
    const table = Buffer.alloc(size * header.readUInt16LE(is64 ? 56 : 44));
    readSync(fd, table, 0, table.length, start);
    for (let at = 0; at < table.length; at += size) if (table.readUInt32LE(at) === programInterpreter) return false;
    return true;
  } finally {
    closeSync(fd);
  }
}
