/** Tail: the last part of what a program says, however much that is. */
import type { Readable } from "node:stream";

/** What a message can use. */
const keptChars = 16 * 1024;

export class Tail {
  #text = "";
  #isCut = false;

  /** Takes all that the stream gives. */
  static of(stream: Readable): Tail {
    const tail = new Tail();
    stream.setEncoding("utf8").on("data", (text: string) => tail.add(text));
    return tail;
  }

  add(text: string): void {
    this.#text += text;
    if (this.#text.length <= keptChars) return;
    this.#isCut = true;
    this.#text = this.#text.slice(-keptChars);
  }

  /** Without blanks around it; begins with "..." when something before it is lost. */
  get text(): string {
    return `${this.#isCut ? "..." : ""}${this.#text.trim()}`;
  }
}

/** Calls back with each line of a stream; of one without end in sight only its beginning is told. */
export function eachLine(stream: Readable, told: (line: string) => void, encoding: BufferEncoding = "utf8"): void {
  let rest = "";
  stream
    .setEncoding(encoding)
    .on("data", (text: string) => {
      const lines = text.split("\n");
      lines[0] = rest + lines[0];
      rest = (lines.pop() ?? "").slice(0, keptChars);
      for (const line of lines) told(line.slice(0, keptChars));
    })
    .on("end", () => {
      if (rest !== "") told(rest);
    });
}
