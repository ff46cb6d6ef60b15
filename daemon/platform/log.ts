/** Log: lines to standard error or a file, and to the listeners of logging events (docs/logging.md). */
import { createWriteStream, type WriteStream } from "node:fs";
import { currentTrace } from "./trace";

/** The least serious first. */
export const levels = ["debug", "info", "warning", "error"] as const;
export type Level = (typeof levels)[number];

export const formats = ["text", "json"] as const;
export type LogFormat = (typeof formats)[number];

export interface LogEntry {
  readonly level: Level;
  readonly message: string;
  readonly context: Readonly<Record<string, string>>;
}

export interface LogSettings {
  /** File that lines are added to; standard error when absent. */
  readonly path?: string;
  /** The least serious lines that are written. Listeners of events get all. */
  readonly level?: Level;
  readonly format?: LogFormat;
}

type Context = Readonly<Record<string, unknown>>;

const reopenMs = 1000;

/** Where all modules' lines go. */
class Output {
  #file: WriteStream | undefined;
  #failedAt = 0;
  listener: ((entry: LogEntry) => void) | undefined;

  constructor(readonly settings: LogSettings) {
    // A full disk or a closed terminal loses lines, and not the daemon.
    if (settings.path === undefined) process.stderr.on("error", () => undefined);
    else this.#open(settings.path);
  }

  #open(path: string): void {
    const file = createWriteStream(path, { flags: "a", mode: 0o600 });
    file.on("error", () => {
      this.#failedAt = Date.now();
      if (this.#file === file) this.#file = undefined;
    });
    this.#file = file;
  }

  /** The file, opened anew some time after it could not be written. */
  get stream(): NodeJS.WritableStream | undefined {
    const { path } = this.settings;
    if (path === undefined) return process.stderr;
    if (this.#file === undefined && Date.now() - this.#failedAt > reopenMs) this.#open(path);
    return this.#file;
  }

  /** Whether anybody reads lines of a level. */
  wants(level: Level): boolean {
    return this.listener !== undefined || this.writes(level);
  }

  writes(level: Level): boolean {
    return levels.indexOf(level) >= levels.indexOf(this.settings.level ?? "info");
  }

  async close(): Promise<void> {
    const file = this.#file;
    if (file !== undefined) await new Promise<void>((resolve) => file.end(resolve));
  }
}

export class Log {
  readonly #output: Output;

  /** @param to a file that lines are added to, or all settings */
  constructor(
    to: string | LogSettings | Output = {},
    private readonly module?: string,
  ) {
    this.#output = to instanceof Output ? to : new Output(typeof to === "string" ? { path: to } : to);
  }

  /** The same log for a part of the daemon, which its lines name. */
  of(module: string): Log {
    return new Log(this.#output, module);
  }

  /** Sends every entry also to this listener; the events hub is the one user. */
  onEntry(listener: (entry: LogEntry) => void): void {
    this.#output.listener = listener;
  }

  debug(message: string, context: Context = {}): void {
    this.#write("debug", message, context);
  }

  info(message: string, context: Context = {}): void {
    this.#write("info", message, context);
  }

  warning(message: string, context: Context = {}): void {
    this.#write("warning", message, context);
  }

  error(message: string, context: Context = {}): void {
    this.#write("error", message, context);
  }

  #write(level: Level, message: string, given: Context): void {
    const output = this.#output;
    if (!output.wants(level)) return;
    const all: Context = { ...given, ...(this.module === undefined ? {} : { module: this.module }), ...currentTrace() };
    const context = Object.fromEntries(Object.entries(all).map(([key, value]) => [key, asText(value)]));
    const entry: LogEntry = { level, message, context };
    output.listener?.(entry);
    if (output.writes(level)) output.stream?.write(`${lineOf(entry, output.settings.format)}\n`);
  }

  /** Ends the file, if there is one; resolves when its last line is written. */
  close(): Promise<void> {
    return this.#output.close();
  }
}

/** One line, whatever stands in it. */
function lineOf({ level, message, context }: LogEntry, format: LogFormat = "text"): string {
  const time = new Date().toISOString();
  if (format === "json") return JSON.stringify({ time, level, message, context });
  const tail = Object.entries(context).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  return `${time} ${level} ${message}${tail.join("")}`;
}

const asText = (value: unknown): string =>
  value instanceof Error ? (value.stack ?? value.message) : typeof value === "string" ? value : JSON.stringify(value);
