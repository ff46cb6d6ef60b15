/** Execute: a program of this machine, to its end, which comes with ours at the latest. */
import { spawn } from "node:child_process";

const keptBytes = 4000;

/**
 * Runs a program; it is asked to end when this process dies.
 * @returns what it wrote to standard output
 * @throws Error with the last of what it said, when it leaves with another code than 0
 */
export function execute(
  command: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("setpriv", ["--pdeathsig", "TERM", "--", command, ...args], {
      cwd: options.cwd,
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, LC_ALL: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive" },
    });
    let output = "";
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-keptBytes);
    });
    // A program that ended early takes no more input; its exit code tells why.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(output);
      else
        reject(
          new Error(
            `Cannot run "${command}": it left with ${signal ?? code}. It said last:\n${said}${output.slice(-keptBytes)}`,
          ),
        );
    });
  });
}
