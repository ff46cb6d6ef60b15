/** Devices in a pool: settings that come from elsewhere say where the root was, which may be another pool than it is in now. */
import type { Devices } from "../../../sdk/api/common";
import type { InstanceBook } from "./book";
import { rootOf } from "./record";

/**
 * Devices of an instance, or of its snapshot, that is in this pool. The root disk says so as a device of its own where the profiles of its project
 * say something else, or nothing.
 */
export function devicesIn(
  book: InstanceBook,
  project: string,
  pool: string,
  { devices, profiles }: { readonly devices: Devices; readonly profiles: readonly string[] },
): Devices {
  const expanded = book.expanded({ project, config: {}, devices, profiles }).devices;
  const root = rootOf(expanded);
  if (root?.pool === pool) return devices;
  const [name = "root", disk] =
    Object.entries(expanded).find(([, { type, path }]) => type === "disk" && path === "/") ?? [];
  return { ...devices, [name]: { type: "disk", path: "/", ...disk, pool } };
}
