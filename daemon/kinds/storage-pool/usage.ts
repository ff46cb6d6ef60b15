/** Who uses a pool: disks of instances and profiles. */
import type { Devices } from "../../../sdk/api/common";
import { ref, urlOf } from "../../core/ref";
import type { DiskOwners } from "./home";

const usesPool = (devices: Devices, pool: string): boolean =>
  Object.values(devices).some((device) => device.type === "disk" && device.pool === pool);

/** Paths of the instances and profiles whose disks lie in the pool. */
export function usedBy(owners: DiskOwners, pool: string): string[] {
  return [
    ...owners
      .all()
      .filter(({ expandedDevices }) => usesPool(expandedDevices, pool))
      .map(({ project, name }) => urlOf(ref("instance", name, project))),
    ...owners
      .profiles()
      .filter(({ devices }) => usesPool(devices, pool))
      .map(({ project, name }) => urlOf(ref("profile", name, project))),
  ];
}
