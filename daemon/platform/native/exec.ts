/** Exec: a process inside a container, its streams and its end. */
import { constants, openSync } from "node:fs";
import { Socket } from "node:net";
import os from "node:os";
import * as z from "zod";
import { ApiError, badRequest } from "../../../sdk/api/errors";
import type { CellConnection, CellError } from "./connection";
import { justEnded } from "./ended";

const Ready = z.object({ pid: z.number(), fds: z.record(z.string(), z.number()) });
const Exited = z.object({ code: z.number().optional(), signal: z.number().optional() });

/** Output may still be in a pipe when the process ends; one that stays silent this long is held open by a background process. */
const silenceMs = 50;

export class ExecProcess {
  readonly stdin: Socket | undefined;
  readonly stdout: Socket | undefined;
  readonly stderr: Socket | undefined;
  /** Whether an end of its input means anything to it. */
  readonly endsWithInput = true;
  readonly #connection: CellConnection;
  #isKilled = false;
  /** Exit code, 128 + signal for a death by signal. Rejects with ApiError when the process could not be set up. */
  readonly exited: Promise<number>;

  private constructor(connection: CellConnection, streams: { stdin?: Socket; stdout?: Socket; stderr?: Socket }) {
    this.#connection = connection;
    this.stdin = streams.stdin;
    this.stdout = streams.stdout;
    this.stderr = streams.stderr;
    this.exited = this.#wait();
    // Whoever waits gets the rejection; when nobody does it is not a crash.
    this.exited.catch(() => undefined);
  }

  /**
   * Takes over a sent exec request.
   * @param hasStreams whether any of the three is a pipe or a tty, so that bothy-cell hands over descriptors first
   */
  static async from(connection: CellConnection, hasStreams: boolean, isTty: boolean): Promise<ExecProcess> {
    if (!hasStreams) return new ExecProcess(connection, {});
    const opened: Socket[] = [];
    try {
      const ready = Ready.parse((await connection.need()).ready);
      const open = (name: string, flags: number): Socket | undefined => {
        const number = ready.fds[name];
        if (number === undefined) return undefined;
        const fd = openSync(`/proc/${ready.pid}/fd/${number}`, flags | constants.O_NONBLOCK);
        const isOutput = flags === constants.O_RDONLY;
        const stream = new Socket({ fd, readable: isOutput, writable: !isOutput });
        opened.push(stream);
        // Whoever uses it listens as well; a broken pipe between the two is nobody's fault.
        return stream.on("error", () => stream.destroy());
      };
      const streams = {
        stdin: open("0", constants.O_WRONLY),
        stdout: open("1", constants.O_RDONLY),
        stderr: isTty ? undefined : open("2", constants.O_RDONLY),
      };
      connection.send("go\n");
      return new ExecProcess(connection, streams);
    } catch (error) {
      for (const stream of opened) stream.destroy();
      connection.close();
      throw execError(error);
    }
  }

  async #wait(): Promise<number> {
    try {
      for (;;) {
        const line = await this.#connection.need();
        if (line.exited === undefined) continue;
        const { code, signal } = Exited.parse(line.exited);
        this.stdin?.destroy();
        for (const output of [this.stdout, this.stderr]) if (output !== undefined) endAfterSilence(output);
        return signal === undefined ? (code ?? 0) : 128 + signal;
      }
    } catch (error) {
      this.stdin?.destroy();
      this.stdout?.destroy();
      this.stderr?.destroy();
      if (this.#isKilled) return 128 + os.constants.signals.SIGKILL;
      throw execError(error);
    } finally {
      this.#connection.close();
    }
  }

  signal(signal: number): void {
    this.#connection.send(`signal ${signal}\n`);
  }

  /** @param width columns @param height rows */
  resize(width: number, height: number): void {
    this.#connection.send(`resize ${width} ${height}\n`);
  }

  /** Kills the process. */
  kill(): void {
    this.#isKilled = true;
    this.#connection.close();
  }
}

/** What the client asked for and the container has not is the client's to mend. */
function execError(error: unknown): unknown {
  if (!ApiError.is(error)) return error;
  const { op, path, errno } = (error.details ?? {}) as CellError;
  if (errno === "ESRCH") return justEnded(error);
  const what = { cwd: `"${path}"`, user: "id", group: "id" }[op ?? ""];
  if (what === undefined) return error;
  return badRequest(`Cannot execute: ${error.message} Choose another ${op}: the container has no such ${what}.`, {
    details: error.details,
  });
}

function endAfterSilence(output: Socket): void {
  if (output.closed) return;
  let heard = true;
  output.on("data", () => {
    heard = true;
  });
  const timer = setInterval(() => {
    if (!heard && !output.isPaused() && output.readableLength === 0) output.destroy();
    heard = false;
  }, silenceMs);
  output.on("close", () => clearInterval(timer));
}
