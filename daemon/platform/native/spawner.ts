/** Spawner: the resident bothy-cell that forks for each request. Started before the daemon's heap grows (docs/kernel.md, Spawning). */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, openSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { ApiError, internal } from "../../../sdk/api/errors";
import { isInUserNamespace } from "../../../sdk/host/user-namespace";
import type { Dirs } from "../folders/dirs";
import type { Log } from "../log";
import { CellConnection, frame, type Op } from "./connection";

const prefix = ".spawner-";

/** A spawner that dies is started again, but not in a tight loop. */
const restartPauseMs = 500;

/** One that takes no request in so many looks hangs, or was stopped. Less than a caller waits for the next one (connection.ts). */
const silentLooks = 8;
const lookMs = 1000;

type SpawnerDirs = Pick<Dirs, "root" | "cells" | "outerSpawner">;

export class Spawner {
  #child: ChildProcess | undefined;
  #isStopping = false;
  /** Reaches the cells folder by a short path: a unix socket's address holds 108 bytes only. */
  readonly #shortDir: string;
  /** The same for the folder of the spawner's own socket. */
  readonly #shortSocketDir: string;
  readonly #name = `${prefix}${process.pid}`;
  /** Requests that it has not taken yet, and the looks since it has taken one. Time alone would not do: this process may have stood still as well. */
  #waiting = 0;
  #looks = 0;
  #look: NodeJS.Timeout | undefined;

  /** Short path to the socket of the spawner in the host's network, for a daemon that has left that one; its folder stays open. */
  readonly #outer: string | undefined;

  private constructor(
    private readonly executable: string,
    { cells: cellsDir, root, outerSpawner }: SpawnerDirs,
    private readonly socketDir: string,
    private readonly log: Log,
  ) {
    if (isInUserNamespace() && existsSync(outerSpawner))
      this.#outer = `/proc/self/fd/${openSync(root, "r")}/${path.basename(outerSpawner)}`;
    this.#shortDir = `/proc/self/fd/${openSync(cellsDir, "r")}`;
    this.#shortSocketDir = socketDir === cellsDir ? this.#shortDir : `/proc/self/fd/${openSync(socketDir, "r")}`;
  }

  /** Starts it and waits until it listens. @throws ApiError when there is no executable for this machine: how to build it */
  static async start(executable: string, dirs: SpawnerDirs, log: Log, socketDir = dirs.cells): Promise<Spawner> {
    if (!existsSync(executable)) throw missing(executable);
    for (const name of readdirSync(dirs.cells))
      if (name.startsWith(prefix)) rmSync(path.join(dirs.cells, name), { recursive: true, force: true });
    const spawner = new Spawner(executable, dirs, socketDir, log);
    await spawner.#launch();
    return spawner;
  }

  async #launch(): Promise<void> {
    const child = spawn(this.executable, ["spawner", "--socket", path.join(this.socketDir, this.#name)], {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
    this.#child = child;
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said = text.trim();
      this.log.warning("bothy-cell", { text: said });
    });
    await new Promise<void>((resolve, reject) => {
      child.once("error", (error: NodeJS.ErrnoException) =>
        reject(error.code === "ENOEXEC" ? missing(this.executable) : error),
      );
      // Not at "exit": what it said last may come later.
      child.once("close", (code) => reject(internal(`Cannot start bothy-cell: it left with code ${code}. ${said}`)));
      child.stdout?.once("data", () => resolve());
    });
    child.on("exit", (code, signal) => {
      if (this.#isStopping) return;
      this.log.error("The spawner has left and is started again; containers go on", { code, signal });
      this.#relaunch();
    });
  }

  #relaunch(): void {
    setTimeout(() => {
      if (this.#isStopping) return;
      this.#launch().catch((error: unknown) => {
        this.log.error("Cannot start the spawner again; no container can be started", { error });
        this.#relaunch();
      });
    }, restartPauseMs).unref();
  }

  /** Sends a request, also to a spawner that is just started again; the caller reads the answers. */
  async request(verb: string, ops: readonly Op[], signal?: AbortSignal): Promise<CellConnection> {
    const data = frame(verb, ops);
    const socket = path.join(this.#shortSocketDir, this.#name);
    if (this.#waiting === 0) this.#looks = 0;
    this.#waiting += 1;
    this.#look ??= setInterval(() => this.#requireLife(), lookMs).unref();
    try {
      const connection = await CellConnection.request(socket, data, signal);
      this.#looks = 0;
      return connection;
    } catch (cause) {
      signal?.throwIfAborted();
      if (ApiError.is(cause)) throw cause;
      throw internal("Cannot reach bothy-cell: its spawner does not answer. The daemon's log says why.", { cause });
    } finally {
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#stopLooking();
    }
  }

  /** As request(), but of a spawner in the host's network: proxies have a side there. */
  requestOutside(verb: string, ops: readonly Op[]): Promise<CellConnection> {
    return this.#outer === undefined ? this.request(verb, ops) : CellConnection.request(this.#outer, frame(verb, ops));
  }

  /** Ends a spawner that takes no requests any more, so that another one does; what it has begun goes on. */
  #requireLife(): void {
    this.#looks += 1;
    if (this.#looks < silentLooks) return;
    this.#looks = 0;
    this.log.error("The spawner does not answer and is ended");
    this.#child?.kill("SIGKILL");
  }

  #stopLooking(): void {
    clearInterval(this.#look);
    this.#look = undefined;
  }

  /** Connects to the supervisor of a running container. @throws ENOENT or ECONNREFUSED when there is none any more */
  async watch(instance: string): Promise<CellConnection> {
    // The name of an instance in a project fills an address by itself.
    return await CellConnection.openAt(path.join(this.#shortDir, instance, "sock"));
  }

  /** Lets it leave; containers go on. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#stopLooking();
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.stdin?.end();
    const patience = setTimeout(() => child.kill("SIGKILL"), silentLooks * lookMs);
    await gone;
    clearTimeout(patience);
  }
}

const missing = (executable: string) =>
  internal(
    `Cannot start bothy-cell: there is none for this ${process.arch} machine at ${executable}. Build it with "make -C native" (needs a C compiler, make and libseccomp).`,
  );
