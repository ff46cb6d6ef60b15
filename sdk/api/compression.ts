/** Compression: how an image or a backup may be packed: the name of an algorithm, with options of its program where LXD takes them. */

/** LXD takes any program of the host; these are the ones whose work it, and Bothy, can read again. */
export const compressionPrograms = ["bzip2", "gzip", "lzma", "pigz", "xz", "zstd"] as const;

/** Levels, threads and windows; nothing that names a file. */
const option =
  /^-(\d{1,2}|e|T\d{1,4}|-best|-extreme|-fast(=\d{1,2})?|-long(=\d{1,2})?|-rsyncable|-threads=\d{1,4}|-ultra)$/;

export interface CompressionWords {
  /** "none", or the name of a program. */
  readonly program: string;
  readonly options: readonly string[];
}

/** @param text such as "zstd -19" @returns nothing for one that is not known */
export function compressionWords(text: string): CompressionWords | undefined {
  const [program = "", ...options] = text.split(" ").filter((word) => word !== "");
  if (program === "none") return options.length === 0 ? { program, options } : undefined;
  const isKnown = (compressionPrograms as readonly string[]).includes(program);
  return isKnown && options.every((word) => option.test(word)) ? { program, options } : undefined;
}

export const compressionForms = `none, ${compressionPrograms.join(", ")}, or one of these with its options, such as "zstd -19"`;
