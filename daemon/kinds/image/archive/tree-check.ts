/** Tree check: the tree that an archive builds up, as far as it takes to see that every entry goes where its name says. */
import { beyond, type ImageLimits } from "./limits";
import { refuse, shown } from "./refuse";
import type { TarEntry, TarType } from "./tar";

const types: readonly TarType[] = ["file", "directory", "symlink", "hardlink", "character", "block", "fifo"];
const directory = types.indexOf("directory");
const symlink = types.indexOf("symlink");

const remedy = "Pack the image from a real folder in one go.";

/** Number of the root. */
const top = 0;

/** Entries by number; one knows its folder's number and its own name, so that a name is kept once however many lie below it. */
export class Tree {
  readonly #numbers = new Map<string, number>();
  #types = new Uint8Array(1024);
  #count = 1;
  /** Folder of the entry before: most entries lie beside the one before them. */
  #lastFolder = "";
  #lastNumber = top;

  constructor(private readonly limits: ImageLimits) {
    this.#types[top] = directory;
  }

  /** @param target of a hard link @throws ApiError BAD_REQUEST for an entry or target below what is not a folder, and past the limits */
  add(parts: readonly string[], entry: TarEntry, target: readonly string[] | undefined): void {
    if (parts.length > this.limits.depth.value)
      throw beyond(this.limits, "depth", `the entry ${shown(entry.name)} lies deeper`);
    const name = parts.at(-1);
    if (name === undefined) return;
    const folder = this.#folder(parts, entry.name, "the entry");
    const key = `${folder}/${name}`;
    const before = this.#numbers.get(key);
    const type = types.indexOf(entry.type);
    if (before !== undefined && (this.#types[before] === directory) !== (type === directory))
      throw refuse(`the entry ${shown(entry.name)} comes twice, once as a folder`, remedy);
    if (target !== undefined) this.#requireFile(target, entry);
    if (before === undefined) this.#make(key, type);
    else this.#types[before] = type;
  }

  #requireFile(target: readonly string[], entry: TarEntry): void {
    const folder = this.#folder(target, entry.linkName, "the target of the hard link");
    const found = this.#numbers.get(`${folder}/${target.at(-1)}`);
    if (found === undefined || this.#types[found] === directory)
      throw refuse(
        `the hard link ${shown(entry.name)} has the target ${shown(entry.linkName)}, which is not an earlier file`,
        remedy,
      );
  }

  /** The number of the folder that a path lies in. Every folder above must be one, and not a symlink that the archive carried. */
  #folder(parts: readonly string[], name: string, what: string): number {
    const folders = parts.slice(0, -1);
    const path = folders.join("/");
    if (path === this.#lastFolder) return this.#lastNumber;
    let number = top;
    for (const [index, part] of folders.entries()) {
      const key = `${number}/${part}`;
      const found = this.#numbers.get(key) ?? this.#make(key, directory);
      if (this.#types[found] !== directory) {
        const at = shown(folders.slice(0, index + 1).join("/"));
        throw this.#types[found] === symlink
          ? refuse(`${what} ${shown(name)} goes through the symlink ${at} of the same tarball`, remedy)
          : refuse(`${what} ${shown(name)} lies below ${at}, which is not a folder`, remedy);
      }
      number = found;
    }
    this.#lastFolder = path;
    this.#lastNumber = number;
    return number;
  }

  #make(key: string, type: number): number {
    const number = this.#count;
    if (number > this.limits.entries.value) throw beyond(this.limits, "entries", "it has more files and folders");
    if (number === this.#types.length) {
      const larger = new Uint8Array(2 * number);
      larger.set(this.#types);
      this.#types = larger;
    }
    this.#count += 1;
    this.#types[number] = type;
    this.#numbers.set(key, number);
    return number;
  }
}
