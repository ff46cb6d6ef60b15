/** The pid file of a network's dnsmasq. */
import path from "node:path";
import { readText } from "../../platform/folders/files";
import { isAsleep } from "../../platform/processes/others";
import type { NetworkPlace } from "./driver";

export const pidFileOf = (network: NetworkPlace): string => path.join(network.path, "dnsmasq.pid");

/** Whether it waits for what comes next, or there is none: it is in the middle of nothing. */
export async function isIdle(network: NetworkPlace): Promise<boolean> {
  const pid = Number(((await readText(pidFileOf(network))) ?? "").trim());
  return !Number.isInteger(pid) || pid <= 1 || isAsleep(pid);
}
