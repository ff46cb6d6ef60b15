/** Growing file: the bytes of a file that may still be written, as they come. Who writes it tells (early-check.ts). */
import { readSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Readable } from "node:stream";

const chunkBytes = 1 << 20;

/** What a check process is told of its files: any byte says that there is more, the end that they are whole. */
export class Growth {
  #count = 0;
  #isWhole = false;
  #waiting: (() => void)[] = [];

  /** @param told such as standard input; /dev/null for files that are whole */
  constructor(told: Readable) {
    told.on("data", () => {
      this.#count += 1;
      this.#wake();
    });
    told.on("end", () => {
      this.#isWhole = true;
      this.#wake();
    });
  }

  /** What was told so far. */
  get news(): { readonly count: number; readonly isWhole: boolean } {
    return { count: this.#count, isWhole: this.#isWhole };
  }

  /** Waits until something is told that is newer. */
  async after(count: number): Promise<void> {
    while (this.#count === count && !this.#isWhole) await this.#next();
  }

  async whole(): Promise<void> {
    while (!this.#isWhole) await this.#next();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

export class GrowingFile implements AsyncDisposable {
  /** Bytes that were read. */
  #read = 0;

  private constructor(
    private readonly file: FileHandle,
    private readonly growth: Growth,
  ) {}

  static async open(path: string, growth: Growth): Promise<GrowingFile> {
    return new GrowingFile(await open(path, "r"), growth);
  }

  /** All bytes up to the end of the whole file. A chunk is there until the next one is asked for. */
  async *bytes(): AsyncGenerator<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(chunkBytes);
    for (;;) {
      // Before the read: what is written after it is told after this.
      const { count, isWhole } = this.growth.news;
      // It waits for the disk here: the process has nothing else to do, and what was just written is in memory.
      const bytesRead = readSync(this.file.fd, buffer, 0, chunkBytes, null);
      this.#read += bytesRead;
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      else if (isWhole) return;
      else await this.growth.after(count);
    }
  }

  /** Bytes that it surely has. */
  get readBytes(): number {
    return this.#read;
  }

  /** Bytes of the whole file, when it is whole. */
  async wholeBytes(): Promise<number> {
    await this.growth.whole();
    return (await this.file.stat()).size;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.file.close();
  }
}
