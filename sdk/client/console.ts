/** Console: the terminal of an instance's init, as streams (docs/lxd-api.md, Console). */
import type { Readable, Writable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import * as z from "zod";
import { internal } from "../api/errors";
import { InstanceConsolePost } from "../api/instance";
import type { CallOptions } from "./call-options";
import { inputOf, outputOf } from "./exec-stream";
import { urlOf, withQuery } from "./request";
import { openWebSocket } from "./websocket";
import { body, type Wire } from "./wire";

export interface ConsoleOptions extends CallOptions {
  /** Size of the terminal in characters; as it is when absent. */
  readonly width?: number;
  readonly height?: number;
}

export interface ConsoleSession {
  /** What is typed. Its end means nothing to a console. */
  readonly input: Writable;
  /** What the console prints; ends when the instance stops, or after detach(). */
  readonly output: Readable;
  /** Resolves when the session is over. */
  readonly closed: Promise<void>;
  /** Sets the size of the terminal, in characters. */
  resize(width: number, height: number): void;
  /** Leaves the console to others; the instance goes on. */
  detach(): void;
}

const ConsoleMetadata = z.looseObject({ fds: z.looseObject({ control: z.string(), "0": z.string() }) });

export const consoleCalls = (wire: Wire) => ({
  /**
   * Attaches to the console of an instance. An aborted signal detaches.
   * @throws ApiError BAD_REQUEST when the instance is not running, or another client is attached
   */
  attachConsole: async (instance: string, options: ConsoleOptions = {}): Promise<ConsoleSession> => {
    const { signal, width, height } = options;
    const operation = await wire.start("POST", urlOf`/1.0/instances/${instance}/console`, {
      signal,
      body: body(InstanceConsolePost, { type: "console", width, height }),
    });
    const told = ConsoleMetadata.safeParse(operation.latest.metadata);
    if (!told.success)
      throw internal("Cannot open the console: the operation tells no websockets. Is the server LXD's?", {
        cause: told.error,
      });
    const open = (secret: string) =>
      openWebSocket(wire.endpoint, withQuery(urlOf`/1.0/operations/${operation.id}/websocket`, { secret }), signal);
    const { ws: control } = await open(told.data.fds.control);
    const { ws: terminal } = await open(told.data.fds["0"]).catch((error: unknown) => {
      control.terminate();
      throw error;
    });
    control.resume();
    const detach = () => {
      control.close();
      terminal.close();
    };
    signal?.addEventListener("abort", detach, { once: true });
    const closed = operation.wait().then(() => undefined);
    closed
      .finally(() => {
        signal?.removeEventListener("abort", detach);
        detach();
      })
      .catch(() => undefined);
    return {
      input: inputOf(terminal),
      output: outputOf(terminal),
      closed,
      resize: (columns, rows) => {
        const args = { width: String(columns), height: String(rows) };
        control.send(JSON.stringify({ command: "window-resize", args }), () => undefined);
      },
      detach,
    };
  },

  /** What the console has printed last: a bounded part of it. */
  getConsoleLog: async (instance: string, options?: CallOptions): Promise<string> => {
    const path = urlOf`/1.0/instances/${instance}/console`;
    return textOf((await wire.send({ method: "GET", path, signal: options?.signal })).body);
  },

  /** Empties the log of the console. */
  clearConsoleLog: (instance: string, options?: CallOptions): Promise<void> =>
    wire.write("DELETE", urlOf`/1.0/instances/${instance}/console`, options),
});
