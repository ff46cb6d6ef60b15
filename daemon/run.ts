/** Run: a host program as a child, by argument list and never through a shell. */
import { spawn } from "node:child_process";
import { internal } from "../sdk/api/errors";

export interface RunOptions {
  readonly input?: string;
  readonly signal?: AbortSignal;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Exit codes that are no failure; 0 when absent. */
  readonly accept?: readonly number[];
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end.
 * @throws ApiError INTERNAL with the command and what it printed, or that it is missing and what to install
 */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: [options.input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
      signal: options.signal,
      cwd: options.cwd,
      env: options.env,
    });
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" && error.syscall?.startsWith("spawn"))
        reject(
          internal(`Cannot run "${command}": the program is not installed. See "bothy doctor".`, { cause: error }),
        );
      else reject(error);
    });
    child.on("close", (code, signal) => {
      const exit = code ?? 128;
      if ((options.accept ?? [0]).includes(exit)) resolve({ code: exit, stdout, stderr });
      else {
        const why = signal === null ? `exit code ${exit}` : `signal ${signal}`;
        const said = stderr.trim() || stdout.trim();
        reject(
          internal(`Cannot run "${command} ${args.join(" ")}": ${why}${said === "" ? "" : `: ${said}`}`, {
            details: { code: exit, stderr },
          }),
        );
      }
    });
    if (options.input !== undefined) {
      // A program that ended early takes no more input; its exit code tells why.
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(options.input);
    }
  });
}
