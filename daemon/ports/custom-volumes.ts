/** Custom volumes: what instances ask of the volumes that their devices name. */
import { isVolume } from "../../sdk/api/devices/disk";
import { lockKeyOf } from "../core/ref";
import type { References } from "../core/references/references";
import type { CustomVolumePort } from "../kinds/instance/home";
import type { Volumes } from "../kinds/storage-pool/volumes";
import { isUnmapped, refOf, volumeOf } from "../kinds/storage-volume/record";
import type { StorageVolumeService } from "../kinds/storage-volume/service";
import type { Platform } from "../platform/platform";
import { isOfDaemon } from "./volume-users";

interface Parts extends Pick<Platform, "locks"> {
  readonly references: References;
  readonly storageVolumes: StorageVolumeService;
  readonly volumes: Volumes;
}

/** The port of instances to custom volumes. */
export const customVolumes = (parts: Parts): CustomVolumePort => ({
  find: (project, pool, name) => {
    const volume = parts.storageVolumes.find(parts.storageVolumes.idFor(project, pool, name));
    return (
      volume && {
        contentType: volume.contentType,
        isUnmapped: isUnmapped(volume),
        isOfDaemon: isOfDaemon(parts, refOf(volume)),
      }
    );
  },
  pathOf: (project, pool, name) => parts.storageVolumes.pathOf(parts.storageVolumes.idFor(project, pool, name)),
  requireUsable: (project, pool, name) =>
    parts.storageVolumes.requireUsable(parts.storageVolumes.idFor(project, pool, name)),
  mustStayWhole: (project, pool, name) =>
    parts.volumes.mustStayWhole(pool, volumeOf(parts.storageVolumes.idFor(project, pool, name))),
  whileHeld: (project, devices, work) => {
    const keys = () =>
      Object.values(devices())
        .filter((device) => device.type === "disk" && isVolume(device))
        .map(({ pool = "", source = "" }) => lockKeyOf(refOf(parts.storageVolumes.idFor(project, pool, source))));
    return parts.locks.runAllOf(keys, work);
  },
});
