/** Filter machine: runs a filter of seccomp(2) as the kernel does (its filter.rst), for what a filter answers to a call that nobody makes. */
import assert from "node:assert/strict";

/** Arguments of a call, each as a number of 64 bits. @param audit the kernel's number of the architecture @returns what the kernel would do (SECCOMP_RET_*) */
export function answer(filter: Buffer, audit: number, number: number, args: readonly bigint[] = []): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(audit, 4);
  for (const [at, value] of args.entries()) data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + at * 8);
  let a = 0;
  for (let at = 0; ; at += 1) {
    const [code, yes, no, k] = [
      filter.readUInt16LE(at * 8),
      filter.readUInt8(at * 8 + 2),
      filter.readUInt8(at * 8 + 3),
      filter.readUInt32LE(at * 8 + 4),
    ];
    if (code === 0x20) a = data.readUInt32LE(k);
    else if (code === 0x54) a = (a & k) >>> 0;
    else if (code === 0x15) at += a === k ? yes : no;
    else if (code === 0x25) at += a > k ? yes : no;
    else if (code === 0x35) at += a >= k ? yes : no;
    else if (code === 0x45) at += (a & k) === 0 ? no : yes;
    else if (code === 0x05) at += k;
    else {
      assert.equal(code, 0x06);
      return k;
    }
  }
}
