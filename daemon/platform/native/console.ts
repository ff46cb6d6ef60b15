/** Console: a container's console, attached: what it prints and what is typed into it (docs/native-protocol.md, Watch). */
import type { Socket } from "node:net";
import { badRequest, unavailable } from "../../../sdk/api/errors";
import type { RunningCell } from "./cell";
import { type CellConnection, errnoOf } from "./connection";
import { isGone, justEnded } from "./ended";

/** A supervisor answers at once, unless somebody has stopped it. */
const patienceMs = 10_000;

/** The first version of the protocol whose supervisors know how to attach. */
const firstProtocol = 2;

/** @throws ApiError BAD_REQUEST for a container that an older Bothy has started, which knows no console */
export function requireConsole({ protocol }: Pick<RunningCell, "protocol">): void {
  if (protocol < firstProtocol)
    throw badRequest("Cannot attach to the console: an older Bothy has started the instance. Restart it.");
}

/** Has the streams of a process of exec, so that the same websockets serve it. */
export class Console {
  readonly stdin: Socket;
  readonly stdout: Socket;
  readonly stderr: undefined;
  readonly endsWithInput = false;
  /** Resolves when the container has ended, or somebody has detached; never rejects. */
  readonly exited: Promise<number>;

  private constructor(
    private readonly cell: Pick<RunningCell, "resize">,
    socket: Socket,
  ) {
    this.stdin = socket;
    this.stdout = socket;
    this.exited = new Promise((resolve) => socket.once("close", () => resolve(0)));
  }

  /** Asks a watch for the console. @throws ApiError BAD_REQUEST when somebody else is attached */
  static async from(connection: CellConnection, cell: Pick<RunningCell, "resize">): Promise<Console> {
    let isOver = false;
    const patience = setTimeout(() => {
      isOver = true;
      connection.close();
    }, patienceMs);
    try {
      // What it says first is who is watched.
      await connection.need();
      connection.send("console\n");
      await connection.need();
      return new Console(cell, connection.takeSocket());
    } catch (error) {
      connection.close();
      if (isOver) throw unavailable("Cannot attach to the console: the container's supervisor does not answer.");
      if (errnoOf(error) === "EBUSY")
        throw badRequest("This console is already connected. Detach the other client first.", { cause: error });
      throw isGone(error) ? justEnded(error) : error;
    } finally {
      clearTimeout(patience);
    }
  }

  /** A console takes no signals: what is typed makes them inside. */
  signal(): void {}

  /** @param width columns @param height rows */
  resize(width: number, height: number): void {
    this.cell.resize(width, height);
  }

  /** Detaches; the container goes on. */
  kill(): void {
    this.stdin.destroy();
  }
}
