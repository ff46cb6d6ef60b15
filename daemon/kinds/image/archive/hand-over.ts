/** Hand over: a chunk for a program's standard input, lent until the program has taken it. */
import type { Writable } from "node:stream";

/** Resolves when the chunk may be written over. A program that has ended takes none; its exit code tells why. */
export const handOver = (stdin: Writable, chunk: Buffer): Promise<void> =>
  new Promise((resolve) => {
    if (stdin.writable) stdin.write(chunk, () => resolve());
    else resolve();
  });
