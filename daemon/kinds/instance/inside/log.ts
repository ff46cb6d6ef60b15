/** Log: the lines that the daemon writes about an instance's starts and ends, beside what its console says. */
import { appendFileSync, renameSync, statSync } from "node:fs";
import path from "node:path";
import { ownFile } from "../../../platform/folders/aside";
import { nowText } from "../../../platform/time";
import type { InstanceHome } from "../home";
import { type InstanceId, keyOf } from "../record";

/** The log of an instance begins anew past this size; the old one is kept beside it. */
const logBytes = 128 * 1024;

/** Adds a line to an instance's lxc.log. One that cannot be written, as on a full disk, is lost and hinders nothing. */
export function appendLog({ dirs, log }: InstanceHome, instance: InstanceId, text: string): void {
  const file = path.join(dirs.logs(keyOf(instance)), "lxc.log");
  try {
    // A guest may reboot as often as it likes.
    ownFile(log, file);
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > logBytes) renameSync(file, `${file}.old`);
    appendFileSync(file, `${nowText()} ${instance.name} ${text.replaceAll("\n", " ")}\n`, { mode: 0o600 });
  } catch (error) {
    log.debug("Cannot add a line to the log of an instance", { name: instance.name, error });
  }
}
