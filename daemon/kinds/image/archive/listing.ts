/** Listing: the same archive as GNU tar reads it, to be compared with what the check read: two readers, one truth. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { Tail } from "../../../platform/processes/tail";
import { handOver } from "./hand-over";
import { limited } from "./limited";
import { broken, type TarEntry, type TarType } from "./tar";

const letters: Readonly<Record<TarType, string>> = {
  file: "-",
  directory: "d",
  symlink: "l",
  hardlink: "h",
  character: "c",
  block: "b",
  fifo: "p",
};

const memoryBytes = 512 * 1024 * 1024;
/** Blocks that tar reads at once; by itself it reads twenty. */
const blocksAtOnce = 256;
/** Two names of 4095 bytes, four characters a byte, and what stands between. */
const longestLine = 40_000;

/**
 * Runs GNU tar's listing on the bytes that pass through.
 * `feed` hands every chunk also to tar; `compare` notes each entry of the other reader; `end` throws when the two differ.
 */
export class Listing {
  readonly #child = spawn(
    ...limited(
      "tar",
      [
        "--list",
        "--verbose",
        "--numeric-owner",
        "--quoting-style=c",
        "--absolute-names",
        `--blocking-factor=${blocksAtOnce}`,
        "--file=-",
      ],
      memoryBytes,
    ),
    { env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" }, stdio: ["pipe", "pipe", "pipe"] },
  );
  readonly #expected = new Lines();
  readonly #listed = new Lines();
  #rest = "";
  readonly #said = Tail.of(this.#child.stderr);
  readonly #closed = once(this.#child, "close");

  constructor() {
    // Both are told by end(), which waits for the program and reads its exit code.
    this.#closed.catch(() => undefined);
    this.#child.stdin.on("error", () => undefined);
    this.#child.stdout.setEncoding("latin1").on("data", (text: string) => {
      const lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop()!;
      if (this.#rest.length > longestLine) this.stop();
      for (const line of lines) this.#listed.add(parseLine(line));
    });
  }

  /** Passes the chunks on, and to GNU tar. A chunk is there until the next one is asked for. */
  async *feed(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const { stdin } = this.#child;
    for await (const chunk of chunks) {
      // A tar that has ended takes no more; end() tells why.
      const taken = handOver(stdin, chunk);
      yield chunk;
      await taken;
    }
    stdin.end();
  }

  /** Passes the entries on, and remembers them for the comparison. */
  async *compare(entries: AsyncIterable<TarEntry>): AsyncGenerator<TarEntry> {
    for await (const entry of entries) {
      this.#expected.add(lineOf(entry));
      yield entry;
    }
  }

  /** @throws ApiError BAD_REQUEST when GNU tar complained or read other entries */
  async end(): Promise<void> {
    const [code] = await this.#closed;
    if (code !== 0) throw broken(this.#said.text.replaceAll("\n", "; ") || "tar cannot read it");
    if (this.#expected.digest() !== this.#listed.digest()) throw broken("its headers can be read in two ways");
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }
}

/** Lines, of which a digest is kept. */
class Lines {
  readonly #hash = createHash("sha256");
  /** Some lines together, since each call of the hash takes longer than it hashes. */
  #text = "";

  /** With its length, so that no two lists of lines come to the same. */
  add(line: string): void {
    this.#text += `${line.length} ${line}`;
    if (this.#text.length > longestLine) this.#hashText();
  }

  digest(): string {
    this.#hashText();
    return this.#hash.digest("hex");
  }

  #hashText(): void {
    this.#hash.update(this.#text, "latin1");
    this.#text = "";
  }
}

/** Type, name and hard-link or symlink target, one character a byte. */
function lineOf({ type, name, linkName }: TarEntry): string {
  const link = type === "hardlink" || type === "symlink" ? linkName : "";
  return `${letters[type]}\0${trimmed(name)}\0${link}`;
}

const trimmed = (name: string) => (name.endsWith("/") ? name.replace(/\/+$/, "") : name);

/** A line such as `hrw-r--r-- 0/0 0 2026-01-01 00:00 "b" link to "a"`; quotes appear only around names. */
const linePattern = /^([-dlhcbp])[^"]*"((?:[^"\\]|\\.)*)"(?: (?:->|link to) "((?:[^"\\]|\\.)*)")?$/;

function parseLine(line: string): string {
  const match = linePattern.exec(line);
  if (match === null) return line;
  const [, letter, name, link] = match;
  return `${letter}\0${trimmed(unquoted(name!))}\0${link === undefined ? "" : unquoted(link)}`;
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

const unquoted = (text: string) =>
  text.includes("\\")
    ? text.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
        code.length === 3 ? String.fromCharCode(Number.parseInt(code, 8)) : (escapes[code] ?? code),
      )
    : text;
