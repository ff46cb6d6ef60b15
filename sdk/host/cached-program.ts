/**
 * Cached program: a short program, run with the code that V8 made of it in an earlier run. Node's own code cache (code-cache.ts) keeps a file as it is when it has
 * just been compiled, without the functions that V8 compiles when they are called first: for a command that ends soon, those are a third of its time.
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire, wrap } from "node:module";
import path from "node:path";
import { Script } from "node:vm";
import { crc32 } from "node:zlib";

type Main = (
  exports: unknown,
  require: NodeJS.Require,
  module: { exports: unknown },
  file: string,
  folder: string,
) => void;

/** Before the code in its file: checksums of the program's source and of the code. V8 itself would run damaged code, and crash. */
const headerBytes = 8;

/**
 * Runs a program's main file, whose characters are ASCII. When it ends well, what V8 has made of it is kept for the next run.
 * @param word what the run is about: those of another word call other functions, and are kept by themselves
 * @param folder of the code (useCodeCache); without one nothing is kept
 */
export function runCached(file: string, word: string, folder: string | undefined): void {
  const load = createRequire(file);
  // Node finds the maps of modules that it loads itself.
  if (folder === undefined || process.sourceMapsEnabled) {
    load(file);
    return;
  }
  const source = readFileSync(file, "latin1");
  const kept = path.join(folder, `program-${crc32(`${file} ${word}`).toString(16)}`);
  const cachedData = keptCode(kept, source);
  const script = new Script(wrap(source), { filename: file, ...(cachedData === undefined ? {} : { cachedData }) });
  if (script.cachedDataRejected !== false)
    process.once("exit", (code) => {
      if (code === 0) keep(kept, source, script.createCachedData());
    });
  const main = { exports: {} };
  (script.runInThisContext() as Main)(main.exports, load, main, file, path.dirname(file));
}

/** @returns nothing where there is none, or it is damaged or of another source */
function keptCode(kept: string, source: string): Buffer | undefined {
  try {
    const all = readFileSync(kept);
    const code = all.subarray(headerBytes);
    return all.subarray(0, headerBytes).equals(headerOf(source, code)) ? code : undefined;
  } catch {
    return undefined;
  }
}

function keep(kept: string, source: string, code: Buffer): void {
  const partial = `${kept}.${process.pid}`;
  try {
    writeFileSync(partial, Buffer.concat([headerOf(source, code), code]), { mode: 0o600, flag: "wx" });
    renameSync(partial, kept);
  } catch {
    // A full or read-only disk: the program only starts more slowly.
  }
}

function headerOf(source: string, code: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(crc32(source), 0);
  header.writeUInt32LE(crc32(code), 4);
  return header;
}
