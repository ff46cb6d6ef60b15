/** Exec: a command inside an instance, with its input and output as streams (docs/lxd-api.md, Exec). */
import type { Readable, Writable } from "node:stream";
import { buffer as bufferOf } from "node:stream/consumers";
import * as z from "zod";
import { internal } from "../api/errors";
import { InstanceExecPost } from "../api/instance";
import type { CallOptions } from "./call-options";
import { inputOf, noOutput, outputOf } from "./exec-stream";
import type { PendingOperation } from "./pending-operation";
import { urlOf, withQuery } from "./request";
import { type OpenSocket, openWebSocket } from "./websocket";
import { body, type Wire } from "./wire";

export interface ExecOptions extends CallOptions {
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** As seen inside; root when absent. */
  readonly user?: number;
  readonly group?: number;
  /** Working directory inside. */
  readonly cwd?: string;
  /** Whether the command gets a terminal; its error output is then part of its output. */
  readonly interactive?: boolean;
  /** Size of the terminal in characters. */
  readonly width?: number;
  readonly height?: number;
}

export interface ExecSession {
  /** Ending it is the end of file for the command. */
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Empty when interactive. */
  readonly stderr: Readable;
  /** Exit code: 128 + n when signal n ended the command, 127 not found, 126 not executable. Output may still be under way. */
  readonly exit: Promise<number>;
  /** Sets the size of the terminal, in characters. */
  resize(width: number, height: number): void;
  /** Sends a signal to the command by its number, such as 15. */
  signal(number: number): void;
}

export interface ExecOutput {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** The secrets of the session's websockets; without a terminal there are also 1 and 2. */
const ExecMetadata = z.looseObject({
  fds: z.looseObject({
    control: z.string(),
    "0": z.string(),
    "1": z.string().optional(),
    "2": z.string().optional(),
  }),
});
const ExecResult = z.looseObject({ return: z.number().int() });

const sigkill = 9;
/** Codes that shells give for commands that cannot be run. */
const notExecutable = 126;
const notFound = 127;

export const execCalls = (wire: Wire) => {
  const execInstance = async (instance: string, options: ExecOptions): Promise<ExecSession> => {
    const { signal, command, ...rest } = options;
    const operation = await wire.start("POST", urlOf`/1.0/instances/${instance}/exec`, {
      signal,
      body: body(InstanceExecPost, { ...rest, command: [...command], "wait-for-websocket": true }),
    });
    return openSession(wire, operation, options);
  };

  return {
    /**
     * Runs a command with its input and output as streams. An aborted signal kills the command, and `exit` rejects with its reason.
     * @throws ApiError BAD_REQUEST when the instance is not running
     */
    execInstance,

    /** Runs a command to its end and collects its output. @param input what the command reads; nothing when absent */
    execOutput: async (
      instance: string,
      options: Omit<ExecOptions, "interactive" | "width" | "height">,
      input?: string | Buffer,
    ): Promise<ExecOutput> => {
      const session = await execInstance(instance, options);
      // A command may leave without reading its input; its exit code tells what became of it.
      session.stdin.on("error", () => undefined);
      session.stdin.end(input ?? "");
      const [stdout, stderr, code] = await Promise.all([
        bufferOf(session.stdout),
        bufferOf(session.stderr),
        session.exit,
      ]);
      return { code, stdout, stderr };
    },
  };
};

async function openSession(wire: Wire, operation: PendingOperation, options: ExecOptions): Promise<ExecSession> {
  const told = ExecMetadata.safeParse(operation.latest.metadata);
  if (!told.success)
    throw internal("Cannot open the exec session: the operation tells no websockets. Is the server LXD's?", {
      cause: told.error,
    });
  const { fds } = told.data;
  const open = (secret: string) =>
    openWebSocket(
      wire.endpoint,
      withQuery(urlOf`/1.0/operations/${operation.id}/websocket`, { secret }),
      options.signal,
    );
  const opened: OpenSocket[] = [];
  const closeAll = () => {
    for (const { ws } of opened) ws.terminate();
  };
  try {
    // Control goes first: the server takes the first data websocket as the sign that the client is there.
    for (const secret of [fds.control, fds["0"], fds["1"], fds["2"]])
      if (secret !== undefined) opened.push(await open(secret));
  } catch (error) {
    closeAll();
    throw error;
  }
  const [control, first, second, third] = opened.map(({ ws }) => ws);
  if (control === undefined || first === undefined) throw internal("Cannot open the exec session: no websockets.");
  control.resume();
  // The websocket of a terminal goes both ways: LXD ends the operation when this side has ended it too.
  if (second === undefined) first.on("message", (_data, isBinary) => isBinary || first.close());
  const send = (message: object) => control.send(JSON.stringify(message), () => undefined);

  const aborted = () => {
    send({ command: "signal", signal: sigkill });
    closeAll();
  };
  options.signal?.addEventListener("abort", aborted, { once: true });
  const exit = exitOf(operation, options.signal).finally(() => options.signal?.removeEventListener("abort", aborted));
  // The data websockets are the server's to close: output may still be under way in them.
  const release = () => control.close();
  exit.then(release, release);

  return {
    stdin: inputOf(first),
    stdout: outputOf(second ?? first),
    stderr: third === undefined ? noOutput() : outputOf(third),
    exit,
    resize: (width, height) =>
      send({ command: "window-resize", args: { width: String(width), height: String(height) } }),
    signal: (number) => send({ command: "signal", signal: number }),
  };
}

async function exitOf(operation: PendingOperation, signal: AbortSignal | undefined): Promise<number> {
  try {
    await operation.wait({ signal });
  } catch (error) {
    // LXD fails the operation of a command that cannot be run, and tells the shell's code for it all the same.
    const code = codeOf(operation);
    if (signal?.aborted || (code !== notFound && code !== notExecutable)) throw error;
  }
  const code = codeOf(operation);
  if (code === undefined) throw internal("Cannot tell the exit code: the operation lacks it. Is the server LXD's?");
  return code;
}

const codeOf = ({ latest }: PendingOperation): number | undefined => ExecResult.safeParse(latest.metadata).data?.return;
