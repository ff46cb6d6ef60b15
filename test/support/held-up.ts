/** Held up: packing that stands still, for as long as a test wants, since the program that packs is stopped. */
import assert from "node:assert/strict";
import path from "node:path";
import { processesWith, processText } from "./process";
import { until } from "./until";

/** Packs in a program of its own, which can be stopped. */
export const apart = "xz -0";

/** From proc(5): what comes after the name, which may hold anything. */
const parentOf = (pid: string): string => processText(pid, "stat").split(") ").at(-1)?.split(" ")[1] ?? "";

function isBelow(pid: string, ancestor: string): boolean {
  for (let at = pid; at !== "" && at !== "0"; at = parentOf(at)) if (at === ancestor) return true;
  return false;
}

/** Pids of the programs that pack for a daemon. */
const packersOf = (daemon: number): string[] =>
  processesWith(([program = ""]) => path.basename(program) === "xz").filter((pid) => isBelow(pid, String(daemon)));

/** Waits until a daemon packs `apart`, and runs the work while that stands still. @param daemon its pid */
export async function whileHeldUp<T>(daemon: number, work: () => Promise<T>): Promise<T> {
  await until(async () => packersOf(daemon).length > 0);
  const packers = packersOf(daemon).map(Number);
  const tell = (signal: NodeJS.Signals) => {
    for (const pid of packers)
      try {
        process.kill(pid, signal);
      } catch (error) {
        // The daemon may have ended it.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
  };
  tell("SIGSTOP");
  try {
    assert.ok(packersOf(daemon).length > 0, "there was more to pack than a moment takes");
    return await work();
  } finally {
    tell("SIGCONT");
  }
}
