/** Spawner: the resident bothy-cell that forks for each request. Started before the daemon's heap grows (kernel.md 7). */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, openSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { internal } from "../../sdk/api/errors";
import type { Log } from "../log";
import { CellConnection, frame, type Op } from "./connection";

const prefix = ".spawner-";

export class Spawner {
  readonly #child: ChildProcess;
  /** Reaches the cells folder by a short path: a unix socket's address holds 108 bytes only. */
  readonly #shortDir: string;
  readonly #name: string;

  private constructor(child: ChildProcess, shortDir: string, name: string) {
    this.#child = child;
    this.#shortDir = shortDir;
    this.#name = name;
  }

  /** Starts it and waits until it listens. @throws ApiError when the executable is missing: how to build it */
  static async start(executable: string, cellsDir: string, log: Log): Promise<Spawner> {
    if (!existsSync(executable)) throw missing(executable);
    for (const name of readdirSync(cellsDir)) if (name.startsWith(prefix)) rmSync(path.join(cellsDir, name));
    const name = `${prefix}${process.pid}`;
    const child = spawn(executable, ["spawner", "--socket", path.join(cellsDir, name)], {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => log.warning("bothy-cell", { text: text.trim() }));
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => reject(internal(`Cannot start bothy-cell: it left with code ${code}.`)));
      child.stdout?.once("data", () => resolve());
    });
    child.on("exit", (code, signal) =>
      log.error("The spawner has left; no container can be started", { code, signal }),
    );
    return new Spawner(child, `/proc/self/fd/${openSync(cellsDir, "r")}`, name);
  }

  /** Sends a request; the caller reads the answers. */
  request(verb: string, ops: readonly Op[], signal?: AbortSignal): CellConnection {
    const data = frame(verb, ops);
    const connection = new CellConnection(path.join(this.#shortDir, this.#name), signal);
    connection.send(data);
    return connection;
  }

  /** Connects to the supervisor of a running container. */
  watch(instance: string): CellConnection {
    return new CellConnection(path.join(this.#shortDir, instance, "sock"));
  }

  /** Lets it leave; containers go on. */
  async stop(): Promise<void> {
    this.#child.removeAllListeners("exit");
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin?.end();
    await gone;
  }
}

/** Runs `bothy-cell probe`. @returns what the kernel offers */
export async function runProbe(executable: string): Promise<unknown> {
  if (!existsSync(executable)) throw missing(executable);
  const { stdout } = await promisify(execFile)(executable, ["probe"]);
  return JSON.parse(stdout);
}

const missing = (executable: string) =>
  internal(
    `Cannot start bothy-cell: there is none at ${executable} for this ${process.arch} machine. Build it with "make -C native" (needs a C compiler, make and libseccomp).`,
  );
