/** Systemd: asked through systemctl, on a host that was booted with it. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Runs systemctl. @throws Error with what it said */
export async function systemctl(...args: string[]): Promise<void> {
  try {
    await execute("systemctl", args);
  } catch (error) {
    const said = (error as { stderr?: string }).stderr?.trim();
    throw new Error(said || (error as Error).message, { cause: error });
  }
}

/** Whether a unit runs or is about to. */
export async function isActive(unit: string): Promise<boolean> {
  try {
    await execute("systemctl", ["is-active", "--quiet", unit]);
    return true;
  } catch {
    // Its exit code is the answer.
    return false;
  }
}

/** The last lines of a unit's log. */
export async function journalOf(unit: string, lines: number): Promise<string> {
  const args = ["--unit", unit, "--lines", String(lines), "--output", "cat", "--no-pager"];
  return (await execute("journalctl", args)).stdout.trim();
}
