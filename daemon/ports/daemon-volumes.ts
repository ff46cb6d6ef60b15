/** Daemon volumes: the custom volumes in which the daemon itself keeps images and backups. */
import type { VolumePath } from "../../sdk/api/config/values";
import { badRequest } from "../../sdk/api/errors";
import { defaultProject } from "../core/call";
import type { References } from "../core/references/references";
import type { DaemonVolumePort } from "../kinds/server/home";
import { refOf } from "../kinds/storage-volume/record";
import type { StorageVolumeService } from "../kinds/storage-volume/service";

interface Parts {
  readonly references: References;
  readonly storageVolumes: StorageVolumeService;
}

/** What the server asks of volumes. */
export const daemonVolumes = (parts: Parts): DaemonVolumePort => {
  const idOf = ({ pool, name }: VolumePath) => ({ project: defaultProject, pool, name });
  return {
    requireFree: (volume) => {
      const found = parts.storageVolumes.record(idOf(volume));
      if (found.contentType !== "filesystem")
        throw badRequest(
          `Cannot use volume "${volume.name}": it holds blocks. Choose one of the content type filesystem.`,
        );
      if (parts.references.to(refOf(found)).some(({ kind }) => kind !== "server"))
        throw badRequest(`Cannot use volume "${volume.name}": The storage volume is still in use. Choose another one.`);
    },
    requireUsable: (volume) => parts.storageVolumes.requireUsable(idOf(volume)),
    pathOf: (volume) => parts.storageVolumes.pathOf(idOf(volume)),
  };
};
