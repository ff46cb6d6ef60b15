/** Peers: who is at the other end of sockets of this process, which Node cannot ask the kernel (docs/native-protocol.md, Verb `peers`). */
import { getSystemErrorName } from "node:util";
import { internal } from "../../../sdk/api/errors";
import type { CellConnection } from "./connection";

export class Peers {
  #connection: Promise<CellConnection> | undefined;
  /** Questions are asked one after the other: answers come in their order and name no descriptor. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly open: () => Promise<CellConnection>) {}

  /** @param fd a descriptor of this process, which stays open until the answer is there @returns the user id @throws ApiError INTERNAL */
  uidOf(fd: number): Promise<number> {
    const answer = this.#last.then(() => this.#ask(fd));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async #ask(fd: number): Promise<number> {
    // Whoever answered before may have died since.
    const line = (this.#connection && (await this.#said(fd).catch(() => undefined))) ?? (await this.#said(fd));
    if (typeof line.uid === "number") return line.uid;
    throw internal(`Cannot tell who connected: ${getSystemErrorName(-Number(line.errno))}.`);
  }

  async #said(fd: number): Promise<Record<string, unknown>> {
    this.#connection ??= this.#begin();
    try {
      const connection = await this.#connection;
      connection.send(`${fd}\n`);
      return await connection.need();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async #begin(): Promise<CellConnection> {
    const connection = await this.open();
    try {
      await connection.need();
      return connection;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  close(): void {
    void this.#connection?.then(
      (connection) => connection.close(),
      () => undefined,
    );
    this.#connection = undefined;
  }
}
