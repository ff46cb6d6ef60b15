/** Devices in a pool: what an instance brings along says where its root was, which may be another pool than it is in now. */
import type { Devices } from "../../../sdk/api/common";
import { rootOf } from "../instance/record";
import type { BackedUpInstance } from "./format/read";
import type { BackupHome } from "./home";

/** Devices of an instance that is in this pool, wherever it was. */
export function devicesIn(
  { instances }: BackupHome,
  project: string,
  pool: string,
  { devices, profiles }: Pick<BackedUpInstance, "devices" | "profiles">,
): Devices {
  const expanded = instances.home.book.expanded({ project, config: {}, devices, profiles }).devices;
  const root = rootOf(expanded);
  if (root?.pool === pool) return devices;
  const name = Object.keys(expanded).find((device) => expanded[device] === root) ?? "root";
  return { ...devices, [name]: { type: "disk", path: "/", ...root, pool } };
}
