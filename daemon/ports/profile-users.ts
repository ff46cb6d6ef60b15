/** Profile users: instances, snapshots and images follow a profile. */

import type { ImageService } from "../kinds/image/service";
import { checkProfile, followProfile, renameInUsers } from "../kinds/instance/change/profile-users";
import type { InstanceHome } from "../kinds/instance/home";
import type { InstanceService } from "../kinds/instance/service";
import type { ProfileUsers } from "../kinds/profile/home";
import type { SnapshotService } from "../kinds/snapshot/service";

interface Parts extends InstanceHome {
  readonly instances: InstanceService;
  readonly snapshots: SnapshotService;
  readonly images: ImageService;
}

/** What profiles ask of those who use them. */
export const profileUsers = (parts: Parts): ProfileUsers => ({
  check: (after) => checkProfile(parts, after),
  changed: (profile) => {
    for (const user of parts.book.usersOfProfile(profile)) parts.book.store.referAgain(user);
  },
  follow: (before) => followProfile(parts, parts.instances.lifecycle, before, before),
  renamed: (from, to) => {
    renameInUsers(parts, from, to);
    parts.snapshots.followProfile(from, to);
    parts.images.followProfile(from, to);
  },
  deleted: (profile) => {
    parts.snapshots.followProfile(profile, undefined);
    parts.images.followProfile(profile, undefined);
  },
});
