/** Run: a host program as a child, by argument list and never through a shell. */
import { spawn } from "node:child_process";
import type { Writable } from "node:stream";
import { internal } from "../../../sdk/api/errors";
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
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) {
      reject(options.signal.reason);
      return;
    }
    const child = spawn(command, args, {
      stdio: [(options.input ?? options.stdin) === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      cwd: options.cwd,
      env: options.env,
    });
    const output: Buffer[] = [];
    let outputBytes = 0;
    const { maxOutput = defaultMaxOutput } = options;
    child.stdout?.on("data", (bytes: Buffer) => {
      outputBytes += bytes.length;
      if (outputBytes <= maxOutput) output.push(bytes);
      else child.kill("SIGKILL");
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
      if (options.signal?.aborted) {
        reject(options.signal.reason);
        return;
      }
      const exit = code ?? 128;
      const stdout = Buffer.concat(output).toString("utf8");
      const stderr = complaint.text;
      if (outputBytes > maxOutput) {
        reject(internal(`Cannot run "${command} ${args.join(" ")}": it said more than ${maxOutput} bytes.`));
        return;
      }
      if ((options.accept ?? [0]).includes(exit)) resolve({ code: exit, stdout, stderr });
      else {
        const why = signal === null ? `exit code ${exit}` : `signal ${signal}`;
        const said = stderr || stdout.trim().slice(0, 4096);
        const shown = `${command} ${args.join(" ")}`.slice(0, 4096);
        reject(
          internal(`Cannot run "${shown}": ${why}${said === "" ? "" : `: ${said}`}`, {
            details: { code: exit, stderr },
          }),
        );
      }
    });
    if (child.stdin !== null) options.stdin?.(child.stdin);
    if (options.input !== undefined) {
      // A program that ended early takes no more input; its exit code tells why.
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(options.input);
    }
  });
}
