/** Table: the demo's output, one row a step with its time, and what the step has shown below it. */

const labelWidth = 60;
const indent = "      ";
/** A step that takes longer says that it is alive. */
const quietMs = 1000;
const terminalPauseMs = 100;
const logPauseMs = 5000;
const spinner = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";

const colours = { bold: 1, dim: 2, red: 31, green: 32, cyan: 36 } as const;

export class Table {
  readonly #isTerminal: boolean;
  #number = 0;
  #detail = "";
  #progress: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(private readonly out: NodeJS.WriteStream) {
    this.#isTerminal = out.isTTY;
  }

  /** A line of its own. */
  line(text = ""): void {
    this.#clear();
    this.out.write(`${text}\n`);
  }

  /** Paints text for a terminal; elsewhere it stays plain. */
  paint(colour: keyof typeof colours, text: string): string {
    return this.#isTerminal ? `\x1b[${colours[colour]}m${text}\x1b[0m` : text;
  }

  /** Tells what the step that runs is about, such as the last line of a program's output. */
  detail(text: string): void {
    this.#detail = text.trim();
  }

  /** Ends the rows: the step that runs writes no more, and no other begins. */
  end(): void {
    this.#isOver = true;
    this.#clear();
  }

  /** Does a step and writes its row. @param work gives the lines to show below the row */
  async step(label: string, work: () => Promise<readonly string[]>): Promise<void> {
    if (this.#isOver) throw new Error("The demo is over.");
    this.#number += 1;
    const row = `${String(this.#number).padStart(4)}  ${label.padEnd(labelWidth)}`;
    const startedMs = performance.now();
    const time = () => `${((performance.now() - startedMs) / 1000).toFixed(2)} s`.padStart(9);
    this.#detail = "";
    let tick = 0;
    const show = () => {
      tick += 1;
      if (this.#isTerminal) {
        const text = `${row}${time()} ${spinner[tick % spinner.length]} ${this.#detail}`;
        this.out.write(`\r${text.slice(0, this.out.columns - 1)}\x1b[K`);
      } else this.out.write(`${indent}... ${label}:${time()}${this.#detail === "" ? "" : `, ${this.#detail}`}\n`);
      this.#progress = setTimeout(show, this.#isTerminal ? terminalPauseMs : logPauseMs);
    };
    this.#progress = setTimeout(show, this.#isTerminal ? terminalPauseMs : quietMs);
    let shown: readonly string[];
    try {
      shown = await work();
    } catch (error) {
      if (!this.#isOver) this.line(this.paint("red", `${row}${time()}  failed`));
      throw error;
    }
    if (this.#isOver) return;
    this.line(`${row}${this.paint("bold", time())}`);
    for (const text of shown) this.line(this.paint("dim", indent + text));
  }

  #clear(): void {
    clearTimeout(this.#progress);
    if (this.#isTerminal) this.out.write("\r\x1b[K");
  }
}
