/** Service: the daemon as a unit of this host's systemd, which `bothy daemon --install` writes. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** Where an administrator's units lie (systemd.unit(5)). */
export const unitFolder = "/etc/systemd/system";
export const daemonUnit = "bothyd.service";
export const containersUnit = "bothy-containers.service";

/** Whether this host was booted with systemd (sd_booted(3)). */
export const hasSystemd = (): boolean => existsSync("/run/systemd/system");

/** A word of a unit's line: percent signs are specifiers there, a dollar begins a variable (systemd.service(5)). */
export const unitWord = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%").replaceAll("$", "$$$$")}"`;

/** Whether the daemon of a state folder is a service here, so that nobody else should start one. */
export function isService(stateDir: string): boolean {
  const file = path.join(unitFolder, daemonUnit);
  return hasSystemd() && existsSync(file) && readFileSync(file, "utf8").includes(` "--dir" ${unitWord(stateDir)}`);
}
