/** Delegated groups: the control groups of version 2 that systemd gives to an ordinary user's services (systemd.exec(5), Delegate=). */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** Where version 2 is mounted on a host that has it alone. */
const mountPoint = "/sys/fs/cgroup";

/** The folder of the user's service manager; its groups are the user's own. */
export const managerGroup = (uid: number): string =>
  path.join(mountPoint, "user.slice", `user-${uid}.slice`, `user@${uid}.service`);

/** Controllers that a group of this user's can have; nothing where the user has no service manager on a host of version 2 alone. */
export function delegatedControllers(uid: number): string[] | undefined {
  if (uid === 0 || !existsSync(path.join(mountPoint, "cgroup.controllers"))) return undefined;
  const file = path.join(managerGroup(uid), "cgroup.controllers");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split(" ").filter(Boolean) : undefined;
}
