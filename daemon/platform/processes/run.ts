/** Run: a host program as a child, by argument list and never through a shell. */
import { spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { internal } from "../../../sdk/api/errors";
import { type Launched, launcherOf } from "./launcher";
import { Tail } from "./tail";

export interface RunOptions {
  readonly input?: string | Buffer;
  /** Gets the program's standard input, to write and end it; not together with `input`. */
  readonly stdin?: ((stream: Writable) => void) | undefined;
  readonly signal?: AbortSignal;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Exit codes that are no failure; 0 when absent. */
  readonly accept?: readonly number[];
  /** Of the output, in bytes, beyond which the program is killed; 16 MiB when absent. */
  readonly maxOutput?: number;
  /** That it is one of the programs that somebody else may start (launcher.ts), whatever its name. */
  readonly isSmall?: boolean;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  /** The last part of it. */
  readonly stderr: string;
}

const defaultMaxOutput = 16 * 1024 * 1024;

/**
 * Runs a program to its end; what it says is held in memory up to a bound.
 * @throws ApiError INTERNAL with the command and what it printed, or that it is missing and what to install
 */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const ended = await (launchOf(command, args, options)?.() ?? spawned(command, args, options));
  const { maxOutput = defaultMaxOutput } = options;
  if (ended.stdout.length > maxOutput)
    throw internal(`Cannot run "${command} ${args.join(" ")}": it said more than ${maxOutput} bytes.`);
  const exit = ended.code ?? 128;
  const stdout = ended.stdout.toString("utf8");
  if ((options.accept ?? [0]).includes(exit)) return { code: exit, stdout, stderr: ended.stderr };
  const why = ended.signal === undefined ? `exit code ${exit}` : `signal ${ended.signal}`;
  const said = ended.stderr || stdout.trim().slice(0, 4096);
  const shown = `${command} ${args.join(" ")}`.slice(0, 4096);
  throw internal(`Cannot run "${shown}": ${why}${said === "" ? "" : `: ${said}`}`, {
    details: { code: exit, stderr: ended.stderr },
  });
}

/** Whatever can be asked of a launcher: it knows neither streams nor an end before the program's own. */
const launchOf = (command: string, args: readonly string[], { input, isSmall, ...rest }: RunOptions) =>
  Buffer.isBuffer(input) || (rest.stdin ?? rest.signal ?? rest.cwd ?? rest.env) !== undefined
    ? undefined
    : launcherOf(command, args, { input, isSmall });

interface Ended extends Omit<Launched, "signal"> {
  readonly signal: string | number | undefined;
}

/** Runs it as a child of our own. Output beyond the bound ends it. */
function spawned(command: string, args: readonly string[], options: RunOptions): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: [(options.input ?? options.stdin) === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      cwd: options.cwd,
      env: options.env,
    });
    const output: Buffer[] = [];
    let outputBytes = 0;
    const { maxOutput = defaultMaxOutput } = options;
    child.stdout?.on("data", (bytes: Buffer) => {
      if (outputBytes <= maxOutput) output.push(bytes);
      outputBytes += bytes.length;
      if (outputBytes > maxOutput) child.kill("SIGKILL");
    });
    const complaint = child.stderr === null ? new Tail() : Tail.of(child.stderr);
    // Not by spawn's own signal, which would answer before the program has ended: it may still write.
    const abort = () => child.kill("SIGKILL");
    options.signal?.addEventListener("abort", abort, { once: true });
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" && error.syscall?.startsWith("spawn"))
        reject(
          internal(`Cannot run "${command}": the program is not installed. See "bothy doctor".`, { cause: error }),
        );
      else reject(error);
    });
    child.on("close", (code, signal) => {
      options.signal?.removeEventListener("abort", abort);
      if (options.signal?.aborted) reject(options.signal.reason);
      else
        resolve({
          code: code ?? undefined,
          signal: signal ?? undefined,
          stdout: Buffer.concat(output),
          stderr: complaint.text,
        });
    });
    if (child.stdin !== null) options.stdin?.(child.stdin);
    if (options.input !== undefined) {
      // A program that ended early takes no more input; its exit code tells why.
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(options.input);
    }
  });
}
