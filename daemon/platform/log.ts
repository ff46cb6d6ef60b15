/** Log: lines to standard error or a file, and to the listeners of logging events (docs/logging.md). */
import { appendFileSync, closeSync, openSync } from "node:fs";
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

/**
 * Where all modules' lines go. A line is in the file or pipe before the call returns: what led to a crash, or to an
 * answer, can be read as soon as that is seen.
 */
class Output {
  #file: number | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  listener: ((entry: LogEntry) => void) | undefined;

  constructor(readonly settings: LogSettings) {
    // A full disk or a closed terminal loses lines, and not the daemon.
    if (settings.path === undefined) process.stderr.on("error", () => undefined);
  }

  /** Adds a line, which a full disk or a closed terminal loses. The file is opened anew some time after it failed. */
  write(line: string): void {
    const { path } = this.settings;
    if (path === undefined) {
      process.stderr.write(line);
      return;
    }
    if (performance.now() - this.#failedAt < reopenMs) return;
    try {
      this.#file ??= openSync(path, "a", 0o600);
      appendFileSync(this.#file, line);
    } catch {
      this.#failedAt = performance.now();
      this.close();
    }
  }

  /** Whether anybody reads lines of a level. */
  wants(level: Level): boolean {
    return this.listener !== undefined || this.writes(level);
  }

  writes(level: Level): boolean {
    return levels.indexOf(level) >= levels.indexOf(this.settings.level ?? "info");
  }

  close(): void {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) closeSync(file);
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
    if (output.writes(level)) output.write(`${lineOf(entry, output.settings.format)}\n`);
  }

  /** Closes the file, if there is one; a later line opens it again. */
  close(): void {
    this.#output.close();
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
