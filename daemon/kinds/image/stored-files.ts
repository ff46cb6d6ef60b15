/** Stored files: the bytes of images, by their fingerprint: one file, or two of a split image. All projects that have an image share them. */
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { ref, urlOf } from "../../core/ref";
import type { Revert } from "../../core/revert";
import { packPrefix } from "../../platform/archive/tar-tree";
import { syncToDisk } from "../../platform/folders/files";
import { renameAcross } from "../../platform/folders/rename-across";
import { Locks } from "../../platform/locks";
import { migratePrefix } from "../../platform/migration/rsync";
import { scratchPrefix, type Upload } from "./archive/upload";
import type { ImageHome } from "./home";
import type { ImageRow } from "./store";

export interface FilesOfImage {
  readonly row: ImageRow;
  readonly main: string;
  /** Of a split image. */
  readonly rootfs: string | undefined;
}

export class StoredFiles {
  readonly #locks = new Locks();

  constructor(private readonly home: ImageHome) {}

  /** Does work while nobody else brings or removes the files of a fingerprint. */
  alone<T>(fingerprint: string, work: () => Promise<T>): Promise<T> {
    return this.#locks.run(fingerprint, work);
  }

  #file(fingerprint: string): string {
    return path.join(this.home.dirs.images, fingerprint);
  }

  #moves({ fingerprint, main, rootfs }: Upload): [from: string, to: string][] {
    const file = this.#file(fingerprint);
    return rootfs === undefined
      ? [[main, file]]
      : [
          [rootfs, `${file}.rootfs`],
          [main, file],
        ];
  }

  /** Writes uploaded files to the disk, where they are: it takes its time there, as their check does on a processor. */
  async write(upload: Upload): Promise<void> {
    await syncToDisk(...this.#moves(upload).map(([from]) => from));
  }

  /** Puts checked and written files in their place. @param isShared whether another project has them: then they stay when it is undone */
  async bring(upload: Upload, undo: Revert, isShared: () => boolean): Promise<void> {
    for (const [from, to] of this.#moves(upload)) {
      if (!isShared()) undo.add(() => rm(to, { force: true }));
      await renameAcross(from, to);
    }
    await syncToDisk(this.#file(upload.fingerprint));
  }

  async remove(fingerprint: string): Promise<void> {
    for (const file of [this.#file(fingerprint), `${this.#file(fingerprint)}.rootfs`]) await rm(file, { force: true });
  }

  /** @throws ApiError for an image that is damaged */
  of(row: ImageRow): FilesOfImage {
    this.home.damages.requireNone(urlOf(ref("image", row.fingerprint, row.project)), `use image "${row.fingerprint}"`);
    const main = this.#file(row.fingerprint);
    return { row, main, rootfs: row.files.rootfs === undefined ? undefined : `${main}.rootfs` };
  }

  /** Removes unfinished work of a daemon that was killed, and files that no row names, and tells of rows without files. What cannot be removed is logged. */
  async startUp(rows: readonly ImageRow[]): Promise<void> {
    const { dirs, log, native, warnings } = this.home;
    const remove = (file: string) =>
      native.removeTree(file).catch((error: unknown) => log.error("Cannot remove unfinished work", { file, error }));
    for (const name of await readdir(dirs.scratch))
      if ([scratchPrefix, packPrefix, migratePrefix].some((prefix) => name.startsWith(prefix)))
        await remove(path.join(dirs.scratch, name));
    const known = new Set(rows.flatMap((row) => this.#fileNames(row)));
    const files = await readdir(dirs.images);
    for (const name of files.filter((file) => /^[0-9a-f]{64}(\.rootfs)?$/.test(file) && !known.has(file)))
      if (await this.home.isCrashLeftover(path.join(dirs.images, name))) await remove(path.join(dirs.images, name));
    for (const row of rows)
      for (const name of this.#fileNames(row))
        if (!files.includes(name)) {
          const message = `"${path.join(dirs.images, name)}" is missing. Delete the image and import it again; instances made of it go on`;
          warnings.record("imageMissing", { message, entity: urlOf(ref("image", row.fingerprint, row.project)) });
        }
  }

  #fileNames({ fingerprint, files }: ImageRow): string[] {
    return files.rootfs === undefined ? [fingerprint] : [fingerprint, `${fingerprint}.rootfs`];
  }
}
