/** Output: the one way to the terminal. Tables for people, JSON for scripts, colours and progress only where they are seen. */
import type { WriteStream } from "node:tty";

export type Format = "table" | "json";
export type Colour = "green" | "yellow" | "red" | "grey";

const colourCodes: Readonly<Record<Colour, number>> = { green: 32, yellow: 33, red: 31, grey: 90 };

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  readonly colour?: (row: Row) => Colour | undefined;
}

export interface Streams {
  readonly out: NodeJS.WritableStream;
  readonly error: NodeJS.WritableStream;
}

const isTerminal = (stream: NodeJS.WritableStream): boolean => (stream as WriteStream).isTTY === true;

/** Characters that could steer a terminal are shown as their escape: names and messages come from elsewhere. */
const printable = (text: string): string =>
  text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`);

const oneLine = (text: string): string => printable(text.replace(/\s+/g, " "));

export class Output {
  readonly #streams: Streams;
  readonly format: Format;
  readonly #colours: boolean;

  constructor(streams: Streams, format: Format, env: NodeJS.ProcessEnv = process.env) {
    this.#streams = streams;
    this.format = format;
    this.#colours = isTerminal(streams.out) && !env.NO_COLOR && env.TERM !== "dumb";
  }

  /** Shows rows as a table, or as a JSON array of the data behind them. */
  list<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
    if (this.format === "json") this.json(rows);
    else this.#write(this.#table(rows, columns));
  }

  /** Shows one object: lines of name and value, or its JSON. */
  object(data: unknown, lines: readonly (readonly [string, string])[]): void {
    if (this.format === "json") {
      this.json(data);
      return;
    }
    const width = Math.max(...lines.map(([name]) => name.length)) + 1;
    for (const [name, value] of lines) this.#write(`${`${name}:`.padEnd(width)} ${oneLine(value)}`.trimEnd());
  }

  json(data: unknown): void {
    this.#write(JSON.stringify(data, null, 2));
  }

  /** Says something to people; scripts that asked for JSON do not see it. */
  say(text: string): void {
    if (this.format !== "json") this.#write(printable(text));
  }

  /** Text that is the answer itself, such as the help. */
  text(text: string): void {
    this.#write(text);
  }

  error(text: string): void {
    this.#streams.error.write(`${printable(text)}\n`);
  }

  /**
   * Shows that something takes long: nothing for a second, then a line that is rewritten on a terminal and added to elsewhere,
   * at most once a second.
   * @param label such as "Launching web"
   */
  async progress<T>(label: string, work: (tell: (text: string) => void) => Promise<T>): Promise<T> {
    const { error: stream } = this.#streams;
    const rewrites = isTerminal(stream);
    const begun = Date.now();
    let told = "";
    let shown = "";
    const show = () => {
      const seconds = rewrites ? ` ${Math.round((Date.now() - begun) / 1000)} s` : "";
      const line = printable(`${label}${told === "" ? "" : `: ${told}`}${seconds}`);
      if (line === shown) return;
      shown = line;
      stream.write(rewrites ? `\r\x1b[K${line}` : `${line}\n`);
    };
    const timer = setInterval(show, 1000);
    try {
      return await work((text) => {
        told = text;
      });
    } finally {
      clearInterval(timer);
      if (rewrites && shown !== "") stream.write("\r\x1b[K");
    }
  }

  #table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
    const cells = rows.map((row) => columns.map(({ cell }) => oneLine(cell(row))));
    const widths = columns.map(({ title }, at) =>
      Math.max(title.length, ...cells.map((line) => line[at]?.length ?? 0)),
    );
    const line = (texts: string[], paint: (text: string, at: number) => string) =>
      texts
        .map((text, at) => paint(at === texts.length - 1 ? text : text.padEnd(widths[at] ?? 0), at))
        .join("  ")
        .trimEnd();
    return [
      line(
        columns.map(({ title }) => title),
        (text) => text,
      ),
      ...rows.map((row, index) =>
        line(cells[index] ?? [], (text, at) => this.#paint(text, columns[at]?.colour?.(row))),
      ),
    ].join("\n");
  }

  #paint(text: string, colour: Colour | undefined): string {
    return colour === undefined || !this.#colours ? text : `\x1b[${colourCodes[colour]}m${text}\x1b[0m`;
  }

  #write(text: string): void {
    this.#streams.out.write(`${text}\n`);
  }
}
