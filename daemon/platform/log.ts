/** Log: lines to standard error or a file, and to the listeners of logging events. */
import { createWriteStream, type WriteStream } from "node:fs";

export type Level = "debug" | "info" | "warning" | "error";

export interface LogEntry {
  readonly level: Level;
  readonly message: string;
  readonly context: Readonly<Record<string, string>>;
}

const reopenMs = 1000;

export class Log {
  #file: WriteStream | undefined;
  #failedAt = 0;
  #listener: ((entry: LogEntry) => void) | undefined;

  /** @param path file that lines are added to; standard error when absent */
  constructor(private readonly path?: string) {
    // A full disk or a closed terminal loses lines, and not the daemon.
    if (path === undefined) process.stderr.on("error", () => undefined);
    else this.#open(path);
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
  #out(): NodeJS.WritableStream | undefined {
    if (this.path === undefined) return process.stderr;
    if (this.#file === undefined && Date.now() - this.#failedAt > reopenMs) this.#open(this.path);
    return this.#file;
  }

  /** Sends every entry also to this listener; the events hub is the one user. */
  onEntry(listener: (entry: LogEntry) => void): void {
    this.#listener = listener;
  }

  debug(message: string, context: Record<string, unknown> = {}): void {
    this.#write("debug", message, context);
  }

  info(message: string, context: Record<string, unknown> = {}): void {
    this.#write("info", message, context);
  }

  warning(message: string, context: Record<string, unknown> = {}): void {
    this.#write("warning", message, context);
  }

  error(message: string, context: Record<string, unknown> = {}): void {
    this.#write("error", message, context);
  }

  #write(level: Level, message: string, context: Record<string, unknown>): void {
    const texts = Object.fromEntries(Object.entries(context).map(([key, value]) => [key, asText(value)]));
    this.#listener?.({ level, message, context: texts });
    if (level === "debug" && process.env.BOTHY_DEBUG === undefined) return;
    const tail = Object.entries(texts).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
    this.#out()?.write(`${new Date().toISOString()} ${level} ${message}${tail.join("")}\n`);
  }

  /** Ends the file, if there is one; resolves when its last line is written. */
  async close(): Promise<void> {
    const file = this.#file;
    if (file !== undefined) await new Promise<void>((resolve) => file.end(resolve));
  }
}

const asText = (value: unknown): string =>
  value instanceof Error ? (value.stack ?? value.message) : typeof value === "string" ? value : JSON.stringify(value);
