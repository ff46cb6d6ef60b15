/** Connection: one request to bothy-cell, as words out and JSON lines in (docs/native-protocol.md, Frames). */
import { closeSync, constants, openSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { basename, dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { getSystemErrorMap } from "node:util";
import { badRequest, internal } from "../../../sdk/api/errors";

/** One operation: its name and arguments. */
export type Op = readonly [name: string, ...words: (string | number)[]];

/** @returns the frame of a request @throws ApiError BAD_REQUEST for a word with NUL, which no frame can carry */
export function frame(verb: string, ops: readonly Op[]): Buffer {
  const words = [verb, ...ops.flat().map(String)];
  for (const word of words)
    if (word.includes("\0"))
      throw badRequest(`Cannot use ${JSON.stringify(word)}: it contains a NUL character. Remove it.`);
  const body = Buffer.from(words.map((word) => `${word}\0`).join(""));
  return Buffer.concat([Buffer.from(`${body.length}\n`), body]);
}

/** In bytes: a folder of about a million files. */
const longestLine = 32 * 1024 * 1024;

/** Long enough for a spawner that died to be started again on a busy machine. */
const longestConnectMs = 20_000;
const connectPauseMs = 20;

const neverServed: NodeJS.ErrnoException = Object.assign(new Error("the spawner died first"), { code: "ECONNRESET" });

/** Tries again while the attempt fails with one of the codes, for some seconds. */
async function persist<T>(attempt: () => Promise<T>, codes: readonly string[], signal?: AbortSignal): Promise<T> {
  const deadline = Date.now() + longestConnectMs;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!codes.includes((error as NodeJS.ErrnoException).code ?? "") || Date.now() > deadline) throw error;
    }
    await delay(connectPauseMs, undefined, { signal });
  }
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path });
    // It stays after that, so that no error meets a socket without a listener.
    socket.once("error", reject);
    socket.once("connect", () => resolve(socket));
  });
}

/** What reading and writing answer when the other end has left. */
const leftUnread: readonly string[] = ["ECONNRESET", "EPIPE"];

/** A connection in paused mode: lines are taken one by one, the rest may be read as bytes. */
export class CellConnection {
  readonly socket: Socket;
  #buffer: Buffer = Buffer.alloc(0);
  #error: Error | undefined;
  #ended = false;
  #wake: () => void = () => undefined;
  readonly #onReadable = () => this.#wake();

  private constructor(socket: Socket, signal?: AbortSignal) {
    this.socket = socket;
    this.socket.on("readable", this.#onReadable);
    this.socket.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      // The other end left with something unread, which is an end like another (unix(7)).
      if (leftUnread.includes(error.code ?? "")) this.#ended = true;
      else this.#error = error;
      this.#wake();
    });
    this.socket.on("close", () => {
      this.#ended = true;
      this.#wake();
    });
    if (signal !== undefined) {
      const abort = () => this.socket.destroy(signal.reason instanceof Error ? signal.reason : undefined);
      if (signal.aborted) abort();
      signal.addEventListener("abort", abort, { once: true });
      this.socket.on("close", () => signal.removeEventListener("abort", abort));
    }
  }

  /**
   * Connects. A listener whose queue is full answers EAGAIN to a connection that does not wait (unix(7)), so it is asked again. One that leaves
   * while the connection is in its queue resets it; asked again, the kernel says that it is gone.
   * @param path of the unix socket, short enough for an address
   * @throws the error of connect(2), EAGAIN when the queue stays full for some seconds, or the reason of the signal
   */
  static open(path: string, signal?: AbortSignal): Promise<CellConnection> {
    return persist(async () => new CellConnection(await connected(path), signal), ["EAGAIN", "ECONNRESET"], signal);
  }

  /** The same for a path of any length; its last part alone has to be short. @throws what open() throws, and the errors of opening the folder */
  static async openAt(file: string, signal?: AbortSignal): Promise<CellConnection> {
    const folder = openSync(dirname(file), constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      return await CellConnection.open(`/proc/self/fd/${folder}/${basename(file)}`, signal);
    } finally {
      closeSync(folder);
    }
  }

  /**
   * Sends a request to a spawner and waits until it is served. A spawner that is just started again, or that died with the
   * request in its queue, is asked again.
   * @throws ApiError of the spawner, or what open() throws
   */
  static request(path: string, data: Buffer, signal?: AbortSignal): Promise<CellConnection> {
    const ask = async () => {
      const connection = await CellConnection.open(path, signal);
      try {
        connection.send(data);
        if ((await connection.line()) === undefined) throw neverServed;
        return connection;
      } catch (error) {
        connection.close();
        throw error;
      }
    };
    return persist(ask, ["EAGAIN", "ECONNREFUSED", "ENOENT", "ECONNRESET", "EPIPE"], signal);
  }

  /** Whether something has come that nobody has read, the end included. */
  get hasAnswer(): boolean {
    return this.#ended || this.#buffer.length > 0 || this.socket.readableLength > 0;
  }

  send(data: Buffer | string): void {
    this.socket.write(data);
  }

  /** Sends with back-pressure. To one that has left it sends nothing: the next line, or its absence, says why. */
  async write(data: Buffer): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#ended) return;
    if (this.socket.write(data)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.socket.off("drain", done).off("close", done);
        resolve();
      };
      this.socket.on("drain", done).on("close", done);
    });
  }

  /** The next JSON line, or nothing at the end of the connection. @throws ApiError for {"error":...} or a broken connection */
  async line(): Promise<Record<string, unknown> | undefined> {
    const parts: Buffer[] = [];
    for (let length = 0; ; ) {
      const end = this.#buffer.indexOf(10);
      parts.push(end < 0 ? this.#buffer : this.#buffer.subarray(0, end));
      length += this.#buffer.length;
      this.#buffer = end < 0 ? Buffer.alloc(0) : this.#buffer.subarray(end + 1);
      if (end >= 0) return checkLine(Buffer.concat(parts).toString("utf8"));
      if (length > longestLine)
        throw badRequest("Cannot read the answer of bothy-cell: it is too long. The folder may hold too many files.");
      if (!(await this.#more())) return undefined;
    }
  }

  /** The next JSON line. @throws ApiError with errno ECONNRESET when there is none */
  async need(): Promise<Record<string, unknown>> {
    const line = await this.line();
    if (line !== undefined) return line;
    const message = "Cannot reach bothy-cell: it closed the connection before it answered.";
    throw internal(message, { details: { errno: "ECONNRESET", message } });
  }

  /** Exactly so many bytes after the lines. @throws ApiError when the connection ends before */
  async *bytes(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      if (this.#buffer.length === 0 && !(await this.#more()))
        throw internal(`Cannot read the file: it ended ${left} bytes early; it was changed meanwhile. Try again.`);
      const chunk = this.#buffer.subarray(0, left);
      this.#buffer = this.#buffer.subarray(chunk.length);
      left -= chunk.length;
      yield chunk;
    }
  }

  /** The connection itself, of which nothing is taken by lines any more. What came behind the last line is read first. */
  takeSocket(): Socket {
    this.socket.off("readable", this.#onReadable);
    if (this.#buffer.length > 0) this.socket.unshift(this.#buffer);
    this.#buffer = Buffer.alloc(0);
    return this.socket;
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const chunk = this.socket.read() as Buffer | null;
      if (chunk !== null) {
        this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
        return true;
      }
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

function checkLine(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw internal(`Cannot read the answer of bothy-cell: ${text}`);
  const error = (value as { error?: CellError }).error;
  if (error !== undefined) throw cellError(error);
  return value as Record<string, unknown>;
}

export interface CellError {
  readonly phase?: string;
  readonly op?: string;
  readonly errno?: string;
  readonly path?: string;
  readonly message: string;
  readonly hint?: string;
}

/** An error of bothy-cell; its phase, operation, errno and path are the details. */
function cellError(error: CellError) {
  const place = error.path === undefined || error.message.includes(error.path) ? "" : ` "${error.path}"`;
  const errno = error.errno === undefined || error.message.includes(error.errno) ? "" : `: ${inWords(error.errno)}`;
  const hint = error.hint === undefined ? "" : ` ${error.hint}`;
  // A disk of the host that cannot be is a matter of who gave it.
  const make = error.op?.startsWith("disk") ? badRequest : internal;
  return make(`${error.message}${place}${errno}.${hint}`, { details: error });
}

/** @param errno such as "ENOENT" @returns "ENOENT, no such file or directory" */
function inWords(errno: string): string {
  const [, description] = [...getSystemErrorMap().values()].find(([name]) => name === errno) ?? [];
  return description === undefined ? errno : `${errno}, ${description}`;
}

/** The errno of an error that bothy-cell reported, such as "ENOENT". */
export function errnoOf(error: unknown): string | undefined {
  const details = (error as { details?: CellError } | undefined)?.details;
  return details?.errno;
}
