/**
 * Room: blocks and inodes kept in reserve beside the database, for the day when a guest has filled the file system that both are on.
 * They are given up when the database cannot be written or the daemon starts on a full file system, and made again once there is room.
 */
import { randomFillSync } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, statfsSync, statSync } from "node:fs";
import { open, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { errnoOf } from "./files";
import type { Log } from "./log";
import type { Warnings } from "./warning/service";

const mostBytes = 16 * 2 ** 20;
const leastBytes = 256 * 2 ** 10;
/** Part of a small file system. */
const share = 1 / 64;
const files = 32;
/** So many times the reserve must be free before it is made. */
const timesFree = 4;
const lookMs = 30_000;
const chunkBytes = 2 ** 20;

export class Room {
  #timer: NodeJS.Timeout | undefined;
  #isFull = false;
  #making: Promise<void> | undefined;

  constructor(
    private readonly folder: string,
    private readonly warnings: Warnings,
    private readonly log: Log,
  ) {}

  get #reserve(): string {
    return path.join(this.folder, "reserve");
  }

  get #spares(): string {
    return path.join(this.folder, "spare-inodes");
  }

  /** For a start: sockets and folders need a little. */
  prepareStart(): void {
    const { bavail, ffree, files: all } = statfsSync(this.folder);
    // File systems without a table of inodes say 0 of 0.
    if (bavail === 0 || (all > 0 && ffree < files)) this.release();
  }

  /** Gives the reserve up. @returns whether there was any */
  release(): boolean {
    const names = statSync(this.#spares, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(this.#spares);
    const hadBytes = statSync(this.#reserve, { throwIfNoEntry: false }) !== undefined;
    if (names.length === 0 && !hadBytes) return false;
    rmSync(this.#reserve, { force: true });
    for (const name of names) rmSync(path.join(this.#spares, name), { force: true });
    this.log.warning("Gave up the space kept in reserve: the file system is full", { folder: this.folder });
    return true;
  }

  /** The database could not be written. */
  full(error: unknown): void {
    if (this.#isFull) return;
    this.#isFull = true;
    const message = `Nothing can be changed but deleted: the file system of "${this.folder}" is full. Make room on it`;
    this.warnings.record("databaseFull", { message, error });
  }

  written(): void {
    if (!this.#isFull) return;
    this.#isFull = false;
    this.warnings.resolve("databaseFull");
  }

  /** Makes the reserve, and again when it was given up and there is room. */
  start(): void {
    this.#timer = setInterval(() => void this.make(), lookMs).unref();
    void this.make();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#making;
  }

  /** Makes what is missing of the reserve, when there is room for it. Never rejects. */
  make(): Promise<void> {
    this.#making ??= this.#make()
      .catch((error: unknown) => {
        // Somebody was quicker to fill the file system again.
        if (!["ENOSPC", "EDQUOT"].includes(errnoOf(error)))
          this.log.warning("Cannot keep space in reserve for the database", { error });
      })
      .finally(() => {
        this.#making = undefined;
      });
    return this.#making;
  }

  async #make(): Promise<void> {
    const { bavail, blocks, bsize, ffree, files: all } = statfsSync(this.folder);
    const bytes = Math.min(mostBytes, Math.max(leastBytes, Math.floor(blocks * bsize * share)));
    const isThere = (statSync(this.#reserve, { throwIfNoEntry: false })?.size ?? 0) > 0;
    if (!isThere && bavail * bsize >= bytes * timesFree) await this.#fill(bytes);
    mkdirSync(this.#spares, { recursive: true, mode: 0o700 });
    const missing = files - readdirSync(this.#spares).length;
    if (missing > 0 && (all === 0 || ffree >= files * timesFree))
      for (let number = 0; number < files; number += 1)
        await writeFile(path.join(this.#spares, String(number)), "", { mode: 0o600 });
  }

  /** With real blocks, also where the file system packs what it can. */
  async #fill(bytes: number): Promise<void> {
    const partial = `${this.#reserve}.partial`;
    const chunk = randomFillSync(Buffer.alloc(chunkBytes));
    try {
      const file = await open(partial, "w", 0o600);
      try {
        for (let left = bytes; left > 0; left -= chunkBytes) await file.write(chunk, 0, Math.min(left, chunkBytes));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(partial, this.#reserve);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  }
}
