/** Gates: the processes between containers and their daemon, behind /dev/lxd/sock. */
import { readlinkSync } from "node:fs";
import { processesWith } from "./process";

/** Those of one daemon, whose network namespace they are in. @param pid of a process in it @returns their pids */
export function gatesOf(pid: number): string[] {
  const netns = readlinkSync(`/proc/${pid}/ns/net`);
  const isIn = (gate: string) => {
    try {
      return readlinkSync(`/proc/${gate}/ns/net`) === netns;
    } catch {
      // It has ended meanwhile.
      return false;
    }
  };
  return processesWith(([title = ""]) => title.startsWith("bothy guest: ")).filter(isIn);
}
