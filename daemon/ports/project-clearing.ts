/** Project clearing: deletes all that lies in a project, each object as its own kind deletes it. */
import type { Call } from "../core/call";
import type { Changes } from "../core/changes";
import { ref, volumeRef } from "../core/ref";
import type { ImageService } from "../kinds/image/service";
import type { InstanceBook } from "../kinds/instance/book";
import type { InstanceService } from "../kinds/instance/service";
import type { ProfileService } from "../kinds/profile/service";
import type { StorageVolumeService } from "../kinds/storage-volume/service";
import { snapshotRefOf } from "../kinds/storage-volume/snapshot/store";

export interface Clearing {
  readonly changes: Changes;
  readonly book: InstanceBook;
  readonly instances: InstanceService;
  readonly images: ImageService;
  readonly storageVolumes: StorageVolumeService;
  readonly profiles: ProfileService;
}

/**
 * Deletes what lies in the project of the call; its default profile gets empty. Users go before what they use. An instance that is protected is
 * found before anything is gone; what fails later leaves the rest.
 * @throws ApiError of the first that cannot be deleted
 */
export async function clearProject(parts: Clearing, call: Call): Promise<void> {
  const { book, instances } = parts;
  const records = book.store
    .ids()
    .filter(isIn(call))
    .flatMap((id) => book.find(id) ?? []);
  for (const record of records) instances.requireDeletable(record, true);
  for (const { name } of records) await deleteInstance(parts, call, name);
  for (const { fingerprint } of parts.images.ids().filter(isIn(call))) await deleteImage(parts, call, fingerprint);
  await clearProfiles(parts, call);
  for (const { pool, name } of parts.storageVolumes.store.ids().filter(isIn(call)))
    await deleteVolume(parts, call, pool, name);
}

const isIn =
  ({ project }: Call) =>
  (one: { readonly project: string }): boolean =>
    one.project === project;

/** It tells of its end itself. */
const deleteInstance = ({ changes, book, instances }: Clearing, call: Call, name: string): Promise<void> =>
  changes.run(call, {
    of: [ref("instance", name, call.project)],
    work: async () => {
      const record = book.find({ project: call.project, name });
      // An ephemeral one may have ended meanwhile.
      if (record !== undefined) await instances.delete(call, record, true);
    },
  });

const deleteImage = ({ changes, images }: Clearing, call: Call, fingerprint: string): Promise<void> => {
  const of = ref("image", fingerprint, call.project);
  return changes.run(call, {
    of: [of],
    told: { action: "image-deleted", of },
    work: () => images.delete(call.project, fingerprint),
  });
};

async function clearProfiles({ changes, profiles }: Clearing, call: Call): Promise<void> {
  for (const { name, description } of profiles.records(call.project)) {
    const of = ref("profile", name, call.project);
    const isFirst = name === "default";
    await changes.run(call, {
      of: [of],
      told: { action: isFirst ? "profile-updated" : "profile-deleted", of },
      work: () =>
        isFirst ? profiles.update(call, name, { description, config: {}, devices: {} }) : profiles.delete(call, name),
    });
  }
}

const deleteVolume = ({ changes, storageVolumes }: Clearing, call: Call, pool: string, name: string): Promise<void> => {
  const id = { project: call.project, pool, name };
  const of = volumeRef(pool, name, call.project);
  return changes.run(call, {
    of: [of],
    told: { action: "storage-volume-deleted", of },
    work: () =>
      storageVolumes.delete(id, (snapshot) =>
        changes.tell(call, { action: "storage-volume-snapshot-deleted", of: snapshotRefOf(id, snapshot) }),
      ),
  });
};
