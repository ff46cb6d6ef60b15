/** Runs the command line as its users do: a process of its own, its output caught. */
import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";

/** By hand the modules as they are compiled; npm test has bundles. */
const main = path.resolve(
  __dirname,
  "../../..",
  process.env.BOTHY_TEST_BUNDLE === "1" ? "bundle/bothy/start.js" : "cli/main.js",
);

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Run {
  readonly child: ChildProcess;
  readonly result: Promise<Result>;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input; null leaves it open. Absent: empty, and open under a terminal, where script(1) would type the end of its own input. */
  readonly input?: string | null;
  /** Runs under a terminal made by script(1). */
  readonly isTerminal?: boolean;
  /** Words of a program that runs it in another world, such as unshare(1). */
  readonly prefix?: readonly string[];
}

/** Starts `bothy ARGS`. */
export function startCli(
  args: readonly string[],
  { env = {}, isTerminal = false, input = isTerminal ? null : "", prefix = [] }: RunOptions = {},
): Run {
  const words = [...prefix, process.execPath, "--disable-warning=ExperimentalWarning", main, ...args];
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const [program = "", ...rest] = isTerminal ? ["script", "-qec", quoted, "/dev/null"] : words;
  const child = spawn(program, rest, { env: { ...process.env, BOTHY_ENDPOINT: "", ...env } });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  if (input !== null) child.stdin.end(input);
  const result = new Promise<Result>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, result };
}

export const runCli = (args: readonly string[], options?: RunOptions): Promise<Result> =>
  startCli(args, options).result;
