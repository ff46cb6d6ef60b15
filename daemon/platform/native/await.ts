/** Await: the end of a process of the host, which need not be a child of ours (docs/native-protocol.md). */
import type { CellConnection } from "./connection";

export class ProcessWatch {
  /** Resolves when the process has ended, or when nobody can tell any more: look again then. Never rejects, and never resolves after close(). */
  readonly over: Promise<void>;
  #isClosed = false;

  private constructor(private readonly connection: CellConnection) {
    this.over = this.#wait();
  }

  /** @throws ApiError with the errno ESRCH when there is no such process any more */
  static async from(connection: CellConnection): Promise<ProcessWatch> {
    try {
      await connection.need();
    } catch (error) {
      connection.close();
      throw error;
    }
    return new ProcessWatch(connection);
  }

  async #wait(): Promise<void> {
    await this.connection.line().catch(() => undefined);
    this.connection.close();
    if (this.#isClosed) await new Promise(() => undefined);
  }

  /** Ends the watch; the process goes on. */
  close(): void {
    this.#isClosed = true;
    this.connection.close();
  }
}
