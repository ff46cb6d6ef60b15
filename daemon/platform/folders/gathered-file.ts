/** Gathered file: a new file that is written in large blocks, of whatever small chunks come. */
import { type FileHandle, open } from "node:fs/promises";

/** One block is filled while another one is on its way to the disk. */
const blockBytes = 1 << 20;

/** Its last bytes are in it when they are written. */
export class GatheredFile implements AsyncDisposable {
  #filling = Buffer.allocUnsafeSlow(blockBytes);
  #other = Buffer.allocUnsafeSlow(blockBytes);
  #filled = 0;
  #at = 0;
  #writing: Promise<void> | undefined;
  #writtenBytes = 0;

  private constructor(private readonly file: FileHandle) {}

  /** @param path of no file @throws Error of the system, as the other calls do */
  static async create(path: string): Promise<GatheredFile> {
    return new GatheredFile(await open(path, "wx", 0o600));
  }

  /** Bytes that whoever reads the file finds in it. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Copies a chunk. @returns what to wait for before the next one, if anything */
  add(chunk: Buffer): Promise<void> | undefined {
    const fits = chunk.copy(this.#filling, this.#filled);
    this.#filled += fits;
    return this.#filled < blockBytes ? undefined : this.#addRest(chunk.subarray(fits));
  }

  async #addRest(rest: Buffer): Promise<void> {
    await this.#flush();
    await this.add(rest);
  }

  /** Begins to write what was gathered, when all before it is written. */
  async #flush(): Promise<void> {
    await this.#writing;
    const block = this.#filling.subarray(0, this.#filled);
    [this.#filling, this.#other] = [this.#other, this.#filling];
    this.#filled = 0;
    this.#writing = this.#write(block);
    // Whoever waits for it gets the failure.
    this.#writing.catch(() => undefined);
  }

  /** On a disk that is almost full a write may take a part. */
  async #write(block: Buffer): Promise<void> {
    for (let done = 0; done < block.length; ) {
      const { bytesWritten } = await this.file.write(block, done, block.length - done, this.#at);
      done += bytesWritten;
      this.#at += bytesWritten;
      this.#writtenBytes = this.#at;
    }
  }

  /** Writes what was gathered. */
  async written(): Promise<void> {
    await this.#flush();
    await this.#writing;
  }

  /** Waits for what is being written, so that nothing is written to a file that is removed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing?.catch(() => undefined);
    await this.file.close();
  }
}
