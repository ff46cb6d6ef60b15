/** Cell: a running container as the daemon holds it, by a watch on its supervisor. */
import { z } from "zod";
import type { CellConnection } from "./connection";

export const Started = z.object({ pid: z.number(), supervisor: z.number(), startTime: z.number() });
export type Started = z.infer<typeof Started>;

export const Exit = z.object({
  code: z.number().optional(),
  signal: z.number().optional(),
  reason: z.enum(["halt", "reboot", "exit", "killed"]).optional(),
});
export type Exit = z.infer<typeof Exit>;

/** The container's first process, safe against reuse of its pid. */
export interface Target {
  readonly pid: number;
  readonly startTime: number;
}

export class Cell implements Target {
  readonly pid: number;
  readonly startTime: number;
  readonly supervisorPid: number;
  readonly #connection: CellConnection;
  /** Resolves when the container has ended and its supervisor has cleaned up; never rejects. */
  readonly exited: Promise<Exit>;
  #isForgotten = false;

  private constructor(connection: CellConnection, started: Started) {
    this.pid = started.pid;
    this.startTime = started.startTime;
    this.supervisorPid = started.supervisor;
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
    } catch {
      // A broken connection tells the same as one that ended.
      if (this.#isForgotten) return new Promise(() => undefined);
      return { signal: 9, reason: "killed" };
    } finally {
      this.#connection.close();
    }
    // The supervisor itself was killed: its container lost its keeper and is gone with it.
    return this.#isForgotten ? new Promise(() => undefined) : { signal: 9, reason: "killed" };
  }

  /** @param signal number of the signal for the container's first process */
  signal(signal: number): void {
    this.#connection.send(`signal ${signal}\n`);
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
