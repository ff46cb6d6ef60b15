/** Cell: a running container as the daemon holds it, by a watch on its supervisor. */
import * as z from "zod";
import type { CellConnection } from "./connection";

export const Started = z.object({
  pid: z.number(),
  supervisor: z.number(),
  startTime: z.number(),
  /** A supervisor that names none is of the time before there were versions. */
  protocol: z.number().default(0),
  /** Why its device rules are not in force; absent when they are. */
  unguarded: z.string().optional(),
});
export type Started = z.infer<typeof Started>;

/** The version of docs/native-protocol.md that this daemon speaks (native/wire/protocol.h, PROTOCOL_VERSION). */
export const protocolVersion = 2;

export const Exit = z.object({
  code: z.number().optional(),
  signal: z.number().optional(),
  /** "lost": the supervisor was killed, and nobody knows how its guest ended. */
  reason: z.enum(["halt", "reboot", "exit", "killed", "lost"]).optional(),
  /** How many of its processes the kernel ended for lack of memory; absent for none. */
  oomKills: z.number().optional(),
});
export type Exit = z.infer<typeof Exit>;

const Interception = z.object({ deaths: z.number() });

/** The container's first process, safe against reuse of its pid. */
export interface Target {
  readonly pid: number;
  readonly startTime: number;
}

/** A container that runs, as far as it can be told what to do. */
export interface RunningCell extends Target {
  readonly protocol: number;
  readonly unguarded: string | undefined;
  /** Tells whenever the helper that answers its intercepted system calls has died; another one follows by itself. */
  onHelperDeath?: ((deaths: number) => void) | undefined;
  /** Resolves when its supervisor has ended; never rejects. */
  readonly exited: Promise<Exit>;
  signal(signal: number): void;
  /** Sets the size of its console. @param width columns @param height rows */
  resize(width: number, height: number): void;
  kill(): void;
  forget(): void;
}

const lost: Exit = { signal: 9, reason: "lost" };

export class Cell implements RunningCell {
  readonly pid: number;
  readonly startTime: number;
  readonly supervisorPid: number;
  readonly protocol: number;
  readonly unguarded: string | undefined;
  onHelperDeath: ((deaths: number) => void) | undefined;
  readonly #connection: CellConnection;
  readonly exited: Promise<Exit>;
  #isForgotten = false;

  private constructor(connection: CellConnection, started: Started) {
    this.pid = started.pid;
    this.startTime = started.startTime;
    this.supervisorPid = started.supervisor;
    this.protocol = started.protocol;
    this.unguarded = started.unguarded;
    this.#connection = connection;
    this.exited = this.#waitForExit();
  }

  /** Reads the "started" line. @throws ApiError when the start failed */
  static async from(connection: CellConnection): Promise<Cell> {
    try {
      return new Cell(connection, Started.parse((await connection.need()).started));
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async #waitForExit(): Promise<Exit> {
    try {
      for (let line = await this.#connection.line(); line !== undefined; line = await this.#connection.line())
        if (line.exited !== undefined) return Exit.parse(line.exited);
        else if (line.interception !== undefined) this.onHelperDeath?.(Interception.parse(line.interception).deaths);
    } catch {
      // A broken connection tells the same as one that ended.
      return this.#isForgotten ? new Promise(() => undefined) : lost;
    } finally {
      this.#connection.close();
    }
    // The supervisor itself was killed. Whether its guest lives on is for its control groups to say.
    return this.#isForgotten ? new Promise(() => undefined) : lost;
  }

  /** @param signal number of the signal for the container's first process */
  signal(signal: number): void {
    this.#connection.send(`signal ${signal}\n`);
  }

  resize(width: number, height: number): void {
    this.#connection.send(`resize ${width} ${height}\n`);
  }

  /** Kills every process of the container. */
  kill(): void {
    this.#connection.send("kill\n");
  }

  /** Lets go of the watch; the container goes on. */
  forget(): void {
    this.#isForgotten = true;
    this.#connection.close();
  }
}
