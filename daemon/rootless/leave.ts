/** Leave: the namespaces of an ordinary user's daemon end with it, once no container is in them. */
import { rmSync } from "node:fs";
import { Dirs } from "../platform/folders/dirs";
import { readTextNow } from "../platform/folders/files";
import { commandOf, send } from "../platform/processes/others";
import { holderFile } from "./enter";
import { disconnectNetwork } from "./uplink";

/** The title that bothy-cell gives to the holder. */
const title = "bothy namespaces";

/** Ends the process that holds them. Does nothing for a daemon that has none of its own. @param dir state folder */
export function leaveNamespaces(dir: string): void {
  const file = holderFile(dir);
  const pid = Number(readTextNow(file) ?? "");
  if (!Number.isInteger(pid) || pid <= 1) return;
  // The pid may have gone to somebody else.
  if (commandOf(pid).join(" ").startsWith(title)) send(pid, "SIGTERM");
  disconnectNetwork(dir);
  for (const left of [file, new Dirs(dir).outerSpawner]) rmSync(left, { force: true });
}
