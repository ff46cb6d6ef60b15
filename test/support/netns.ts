/** A network namespace for the whole test process, and what programs the machine has. */
import { spawnSync } from "node:child_process";

/**
 * Runs the rest of this process in a network namespace of its own, with lo up: executes the test file again there and leaves with its result.
 * Call it first in the file. @returns why that is impossible here, or false once inside
 */
export function enterOwnNetns(): string | false {
  if (process.env.BOTHY_TEST_NETNS === "own") return false;
  const probe = spawnSync("unshare", ["--net", "true"]);
  if (probe.status !== 0) return "this machine cannot make network namespaces (unshare --net failed)";
  const inside = ["sh", "-c", 'ip link set dev lo up && exec "$@"', "sh"];
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status } = spawnSync("unshare", ["--net", ...inside, ...again], {
    stdio: "inherit",
    env: { ...process.env, BOTHY_TEST_NETNS: "own" },
  });
  process.exit(status ?? 1);
}

/** Whether a program is on the PATH. */
export const hasProgram = (name: string): boolean =>
  spawnSync("sh", ["-c", 'command -v "$1"', "sh", name]).status === 0;
