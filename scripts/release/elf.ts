/** Elf: what the headers of an executable say (elf(5)). Bothy's architectures are all of 64 bits, the lower byte first. */

const machines: Readonly<Record<number, string>> = { 62: "x86_64", 183: "aarch64" };

const PT_INTERP = 3;
const SHT_SYMTAB = 2;

export interface Elf {
  /** As `uname -m` calls it; the number where it is none of ours. */
  readonly architecture: string;
  /** It names no program that would load libraries for it. */
  readonly isStatic: boolean;
  /** It holds no table of symbols, and so no lines of its sources. */
  readonly isStripped: boolean;
}

/** @returns what a file is @throws Error when it is no executable of 64 bits */
export function readElf(file: Buffer): Elf {
  const is64Little = file.subarray(0, 6).equals(Buffer.from("\x7fELF\x02\x01", "latin1"));
  if (!is64Little) throw new Error("it is no ELF file of 64 bits");
  const machine = file.readUInt16LE(18);
  const table = (offsetAt: number, sizeAt: number, countAt: number): Buffer[] => {
    const begin = Number(file.readBigUInt64LE(offsetAt));
    const size = file.readUInt16LE(sizeAt);
    return Array.from({ length: file.readUInt16LE(countAt) }, (_, i) => file.subarray(begin + i * size));
  };
  const segments = table(32, 54, 56).map((header) => header.readUInt32LE(0));
  const sections = table(40, 58, 60).map((header) => header.readUInt32LE(4));
  return {
    architecture: machines[machine] ?? String(machine),
    isStatic: !segments.includes(PT_INTERP),
    isStripped: !sections.includes(SHT_SYMTAB),
  };
}
