/**
 * Host tags: whether a running dnsmasq may know a host by tags. dnsmasq 2.90 links the tags of a host that asks it into a list of its own, and frees
 * that whole list with the host when it is told to read the entries anew (SIGHUP): it crashes. Such a one is started anew instead.
 */
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { entries, isThere, readText } from "../../platform/folders/files";
import type { NetworkPlace } from "./driver";

/** There from the first such entry until dnsmasq's next start: one that is gone on disk is still in its memory. */
const markOf = (network: NetworkPlace): string => path.join(network.path, "dnsmasq.tagged");

/** Whether a line of dnsmasq's dhcp-host files has tags. */
const hasTags = (line: string): boolean => line.split(",").some((part) => part.startsWith("set:"));

/** Whether dnsmasq must not be told to read the entries anew. */
export const knowsTags = (network: NetworkPlace): Promise<boolean> => isThere(markOf(network));

/** To be called before dnsmasq can see the line. */
export async function noteTags(network: NetworkPlace, line: string): Promise<void> {
  if (hasTags(line)) await writeFile(markOf(network), "", { mode: 0o600 });
}

/** Takes note of entries that are there when dnsmasq starts, or is found running. @param isFresh whether it starts: what was there before is forgotten */
export async function noteAllTags(network: NetworkPlace, folder: string, isFresh: boolean): Promise<void> {
  if (isFresh) await rm(markOf(network), { force: true });
  for (const name of await entries(folder)) await noteTags(network, (await readText(path.join(folder, name))) ?? "");
}
