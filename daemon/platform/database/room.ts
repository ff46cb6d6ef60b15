/**
 * Room: blocks and inodes kept in reserve beside the database, for the day when a guest has filled the file system that both are on.
 * They are given up when the database cannot be written or the daemon starts on a full file system, and made again once there is room.
 */
import { randomBytes } from "node:crypto";
import { lstatSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { ownFolder } from "../folders/aside";
import { isNoSpace } from "../folders/files";
import type { Log } from "../log";
import type { WarningPort } from "../warning/port";

const mostBytes = 8 * 2 ** 20;
const leastBytes = 2 ** 20;
/** Part of a small file system. */
const share = 1 / 64;
const files = 32;
const filesAtOnce = 8;
/** So many times the reserve must be free before it is made. */
const timesFree = 4;
const lookMs = 30_000;
/** It is given up part by part. */
const parts = 16;
const partNames = Array.from({ length: parts }, (_, number) => String(number));
const partialName = "partial";

export class Room {
  #timer: NodeJS.Timeout | undefined;
  #isFull = false;
  #making: Promise<void> | undefined;

  constructor(
    private readonly folder: string,
    private readonly warnings: WarningPort,
    private readonly log: Log,
  ) {}

  get #reserve(): string {
    return path.join(this.folder, "reserve");
  }

  get #spares(): string {
    return path.join(this.folder, "spare-inodes");
  }

  /** Gives up a part of the reserve, so that there is one for the next time. @returns whether there was any */
  release(): boolean {
    const block = namesIn(this.#reserve).find((name) => name !== partialName);
    const inodes = namesIn(this.#spares).slice(0, filesAtOnce);
    if (block === undefined && inodes.length === 0) return false;
    if (block !== undefined) rmSync(path.join(this.#reserve, block), { force: true });
    for (const name of inodes) rmSync(path.join(this.#spares, name), { force: true });
    this.log.warning("Gave up space kept in reserve: the file system is full", { folder: this.folder });
    return true;
  }

  /** The database could not be written. */
  full(error: unknown): void {
    if (this.#isFull) return;
    this.#isFull = true;
    const message = `Nothing can be changed but deleted: the file system of "${this.folder}" is full. Make room on it`;
    this.warnings.record("databaseFull", { message, error });
  }

  /** Something was written, which may have made room. */
  written(): void {
    if (this.#isFull && this.#timer !== undefined) void this.make();
  }

  #hasRoom(): void {
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
        if (!isNoSpace(error)) this.log.warning("Cannot keep space in reserve for the database", { error });
      })
      .finally(() => {
        this.#making = undefined;
      });
    return this.#making;
  }

  async #make(): Promise<void> {
    const { bavail, blocks, bsize, ffree, files: all } = statfsSync(this.folder);
    const bytes = Math.min(mostBytes, Math.max(leastBytes, Math.floor(blocks * bsize * share)));
    for (const folder of [this.#reserve, this.#spares]) ownFolder(this.log, folder, 0o700);
    const missing = partNames.filter((name) => !namesIn(this.#reserve).includes(name));
    if (missing.length > 0 && bavail * bsize < bytes * timesFree) return;
    for (const name of missing) await this.#fill(path.join(this.#reserve, name), Math.ceil(bytes / parts));
    this.#hasRoom();
    if (namesIn(this.#spares).length < files && (all === 0 || ffree >= files * timesFree))
      for (let number = 0; number < files; number += 1)
        await writeFile(path.join(this.#spares, String(number)), "", { mode: 0o600 });
  }

  /** With real blocks, also where the file system packs what it can. */
  async #fill(file: string, bytes: number): Promise<void> {
    const partial = path.join(path.dirname(file), partialName);
    try {
      await writeFile(partial, randomBytes(bytes), { mode: 0o600, flush: true });
      await rename(partial, file);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
  }
}

const namesIn = (folder: string): string[] =>
  lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : [];
