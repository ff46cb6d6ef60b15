/**
 * Sysvinit: the init that takes a signal for a failure of power, about which a stock /etc/inittab does nothing, and that changes its level by a request in
 * its pipe (inittab(5), telinit(8)). OpenRC on Debian has it as its init too.
 */
import { readlinkSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** Its pipe always has this number (PIPE_FD of its initreq.h). */
const pipe = { descriptor: 10, name: "initctl" } as const;

const firstLookMs = 20;
const longestLookMs = 500;

/** What asks for level 0, at which it powers off: a program of the container's. */
export const powerOffCommand = ["/sbin/telinit", "0"] as const;

/** Both are told by the kernel without a question to a file system of the guest's. @param pid of the init on the host */
const mayBeSysvinit = (pid: number): boolean => nameOf(`/proc/${pid}/exe`) === "init";
const hasPipe = (pid: number): boolean => nameOf(`/proc/${pid}/fd/${pipe.descriptor}`) === pipe.name;

/** @returns the last part of what a link of proc says, "" when it is gone */
function nameOf(link: string): string {
  try {
    return path.basename(readlinkSync(link).replace(/ \(deleted\)$/, ""));
  } catch {
    return "";
  }
}

/** Whether an init is sysvinit, and takes requests. */
export const takesRequests = (pid: number): boolean => mayBeSysvinit(pid) && hasPipe(pid);

/** Waits until an init that may be sysvinit opens its pipe, as it does some time after it began. @param signal ends the wait @returns whether it did */
export async function willTakeRequests(pid: number, signal: AbortSignal): Promise<boolean> {
  for (
    let pauseMs = firstLookMs;
    mayBeSysvinit(pid) && !signal.aborted;
    pauseMs = Math.min(longestLookMs, pauseMs * 1.5)
  ) {
    if (hasPipe(pid)) return true;
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
