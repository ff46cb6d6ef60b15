/** Run: a command of the container's that the daemon itself has use for. */
import type { InstanceHome } from "../home";
import type { InstanceRecord } from "../record";
import { execOps } from "./exec";

/**
 * Runs a command as root, without input and output.
 * @param signal ends it when nobody waits any longer
 * @returns its exit code, as a shell has it
 * @throws ApiError when the container does not run
 */
export async function runCommand(
  home: InstanceHome,
  record: InstanceRecord,
  command: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  const { cell } = home.book.running.need(record);
  const ops = execOps(home, record, { command: [...command], user: 0, group: 0, cwd: "/", environment: {} });
  const process = await home.native.exec(
    cell,
    [...ops, ["stdin", "null"], ["stdout", "null"], ["stderr", "null"]],
    "none",
  );
  const kill = () => process.kill();
  signal.addEventListener("abort", kill);
  if (signal.aborted) kill();
  try {
    return await process.exited;
  } finally {
    signal.removeEventListener("abort", kill);
  }
}
