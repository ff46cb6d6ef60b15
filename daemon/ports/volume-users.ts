/** Volume users: who has a custom volume, and what is done to it while they run. */
import type { Devices } from "../../sdk/api/common";
import type { Ref } from "../core/ref";
import { withVolumeMoved } from "../core/references/devices";
import type { References } from "../core/references/references";
import type { InstanceBook } from "../kinds/instance/book";
import { replaceDevices, runningUsersOf, whileAllStill } from "../kinds/instance/change/volume-users";
import type { InstanceService } from "../kinds/instance/service";
import type { ProfileService } from "../kinds/profile/service";
import type { VolumeUsers } from "../kinds/storage-volume/home";
import { refOf } from "../kinds/storage-volume/record";

interface Parts {
  readonly references: References;
  readonly book: InstanceBook;
  readonly instances: InstanceService;
  readonly profiles: ProfileService;
}

/** Whether the daemon itself keeps something in a volume. */
export const isOfDaemon = (parts: { readonly references: References }, volume: Ref): boolean =>
  parts.references.to(volume).some(({ kind }) => kind === "server");

/** What custom volumes ask of those who use them. */
export const volumeUsers = (parts: Parts): VolumeUsers => ({
  isRunning: (volume) =>
    isOfDaemon(parts, refOf(volume)) || runningUsersOf(parts.references, parts.book, refOf(volume)).length > 0,
  whileStill: (volume, work) =>
    whileAllStill(parts.instances.lifecycle, runningUsersOf(parts.references, parts.book, refOf(volume)), work),
  moved: (from, to) => {
    const users = parts.references.to(refOf(from));
    const next = (devices: Devices) => withVolumeMoved(devices, from, to);
    for (const user of users.filter(({ kind }) => kind === "profile")) parts.profiles.replaceDevices(user, next);
    replaceDevices(parts.book, users, next);
  },
});
