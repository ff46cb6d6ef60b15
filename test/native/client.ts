/** A small client of bothy-cell for its own tests; daemon/platform/native is the one of the product. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Readable } from "node:stream";
import { cellPrefix, own, sweepOrphans } from "../../scripts/scene/owner";
import { cellProgram, seccompDir } from "../../sdk/host/package";

export const nativeDir = path.resolve(__dirname, "../../../native");
/** The program under test: the one that is packed, or another build of it, as under sanitizers (docs/native.md). */
export const program = process.env.BOTHY_TEST_CELL ?? cellProgram;
const isSanitized = path.basename(path.dirname(program)) === "sanitize";
/** For tests about memory, of which a sanitizer takes much for itself. */
export const ownMemory = { skip: isSanitized && "the program was built with a sanitizer" };
/** What a sanitizer has to say, as native/tools/sanitized.c tells it to. */
const reports = () => globSync("/tmp/bothy-cell-sanitizer.*");
export const filter = (name: string) => path.join(seccompDir, `${name}.bpf`);

export interface CellError {
  phase: string;
  op: string;
  errno: string;
  path?: string;
  message: string;
  hint?: string;
}
export interface Exited {
  code?: number;
  signal?: number;
  reason?: string;
}
export interface Started {
  pid: number;
  supervisor: number;
  startTime: number;
  protocol?: number;
  unguarded?: string;
}
export interface Line {
  accepted?: boolean;
  error?: CellError;
  started?: Started;
  exited?: Exited;
  ready?: { pid: number; fds: Record<string, number> };
  running?: { pid: number };
  proxying?: { pid: number; startTime: number };
  ended?: object;
  stat?: { type: string; mode: number; uid: number; gid: number; size: number; mtime: number };
  entries?: string[];
  target?: string;
  done?: { existed: boolean };
  console?: object;
  interfaces?: Record<string, unknown>[];
  stderr?: string;
  /** How much a program has printed. */
  stdout?: number;
  removed?: number;
  left?: number;
  first?: { path: string; errno: string }[];
}

/** The words of a request: nested lists are flattened, numbers written out. */
export type Words = readonly (string | number | Words)[];

export function frame(words: Words): Buffer {
  const flat = (words as unknown[]).flat(9) as (string | number)[];
  const body = Buffer.from(flat.map((word) => `${word}\0`).join(""));
  return Buffer.concat([Buffer.from(`${body.length}\n`), body]);
}

/** One connection: lines, raw bytes, and its end. */
export class Connection {
  #data = Buffer.alloc(0);
  #ended = false;
  #waiting: (() => void)[] = [];

  constructor(readonly socket: net.Socket) {
    const wake = () => {
      for (const resolve of this.#waiting.splice(0)) resolve();
    };
    socket.on("data", (chunk: Buffer) => {
      this.#data = Buffer.concat([this.#data, chunk]);
      wake();
    });
    const end = () => {
      this.#ended = true;
      wake();
    };
    socket.on("end", end);
    socket.on("close", end);
    socket.on("error", end);
  }

  async #more(): Promise<boolean> {
    if (this.#ended) return false;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return true;
  }

  async tryLine(): Promise<Line | undefined> {
    for (;;) {
      const end = this.#data.indexOf(10);
      if (end >= 0) {
        const text = this.#data.subarray(0, end).toString();
        this.#data = this.#data.subarray(end + 1);
        return JSON.parse(text) as Line;
      }
      if (!(await this.#more())) return undefined;
    }
  }

  async line(): Promise<Line> {
    const line = await this.tryLine();
    if (line === undefined) throw new Error("bothy-cell closed the connection");
    return line;
  }

  async bytes(count: number): Promise<Buffer> {
    while (this.#data.length < count) {
      if (!(await this.#more())) throw new Error(`the connection ended after ${this.#data.length} of ${count} bytes`);
    }
    const part = this.#data.subarray(0, count);
    this.#data = this.#data.subarray(count);
    return part;
  }

  write(data: string | Buffer): void {
    this.socket.write(data);
  }

  close(): void {
    this.socket.destroy();
  }
}

export async function connect(socketPath: string): Promise<Connection> {
  // an address holds 108 bytes; tests keep their folders short
  const socket = net.connect(socketPath);
  await once(socket, "connect");
  return new Connection(socket);
}

/** For Spawner.start: mounts of its own, so that those of tests beside it are not taken for its own. */
export const ownMounts: readonly string[] = ["unshare", "--mount"];

export class Spawner {
  readonly dir: string;
  readonly socketPath: string;
  child!: ChildProcess;
  /** What stop() does first, so that a failed test leaves nothing running. */
  readonly cleanups: (() => Promise<unknown>)[] = [];

  private constructor(folder: string) {
    this.dir = mkdtempSync(path.join(folder, cellPrefix));
    this.socketPath = path.join(this.dir, "spawner.sock");
  }

  /** @param prefix a program that runs the spawner, such as `ip netns exec NAME` @param folder in which it has one of its own */
  static async start(prefix: readonly string[] = [], folder = tmpdir()): Promise<Spawner> {
    await sweepOrphans(folder);
    const self = new Spawner(folder);
    own(self.dir);
    const command = [...prefix, program, "spawner", "--socket", self.socketPath];
    self.child = spawn(command[0]!, command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
    await once(self.child.stdout as Readable, "data");
    return self;
  }

  async request(...words: Words): Promise<Connection> {
    const connection = await connect(this.socketPath);
    connection.write(frame(words));
    const first = await connection.line();
    if (first.accepted !== true) throw new Error(`bothy-cell did not accept: ${JSON.stringify(first)}`);
    return connection;
  }

  /** A request of one answer. */
  async ask(...words: Words): Promise<Line> {
    const connection = await this.request(...words);
    const line = await connection.line();
    connection.close();
    return line;
  }

  async stop(): Promise<void> {
    for (const cleanup of this.cleanups) await cleanup();
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exit = once(this.child, "exit");
      this.child.stdin?.end();
      await exit;
    }
    rmSync(this.dir, { recursive: true, force: true });
    const found = isSanitized ? reports() : [];
    if (found.length > 0) throw new Error(found.map((file) => readFileSync(file, "utf8")).join("\n"));
  }
}
