/** Publishables: instances and snapshots, as what images are made of. */
import { instanceConfig } from "../../../sdk/api/config/instance";
import { ApiError, badRequest } from "../../../sdk/api/errors";
import { snapshotRef } from "../../core/ref";
import type { ImageHome, Publishable } from "../image/home";
import { type InstanceId, type InstanceRecord, instanceRef } from "../instance/record";
import { snapshotVolume, volumeOf } from "../instance/volume";
import type { Volume } from "../storage-pool/driver";
import type { SnapshotHome } from "./home";
import type { SnapshotService } from "./service";
import type { SnapshotSettings } from "./store";

export const publishables = (home: SnapshotHome, snapshots: SnapshotService): ImageHome["publishables"] => ({
  find(project, name) {
    const [instanceName = "", ...rest] = name.split("/");
    const instance: InstanceId = { project, name: instanceName };
    const { book } = home.instances.home;
    const record = book.record(instance);
    if (rest.length === 0) {
      const requireAtRest = () => {
        book.record(instance);
        if (book.running.isActive(instance))
          throw badRequest(
            `Cannot publish instance "${instanceName}": Cannot export a running instance as an image. Stop it first, or publish a snapshot of it.`,
          );
      };
      return { of: instanceRef(instance), requireAtRest, ...contentOf(home, record, record, volumeOf(record)) };
    }
    const snapshot = rest.join("/");
    const { settings } = snapshots.record(instance, snapshot);
    return {
      of: snapshotRef(instanceName, snapshot, project),
      requireAtRest: () => snapshots.requireThere(instance, snapshot),
      ...contentOf(home, record, settings, snapshotVolume(record, snapshot)),
    };
  },
});

function contentOf(
  { instances, volumes }: SnapshotHome,
  { pool }: InstanceRecord,
  { architecture, config }: Pick<SnapshotSettings, "architecture" | "config">,
  volume: Volume,
): Pick<Publishable, "architecture" | "origin" | "root"> {
  const fingerprint = instanceConfig(config).get("volatile.base_image");
  const origin = fingerprint === undefined ? undefined : originOf(instances.home.images, fingerprint);
  return {
    architecture,
    ...(origin === undefined ? {} : { origin }),
    root: async () => {
      await volumes.requireThere(pool, volume);
      return volumes.root(pool, volume);
    },
  };
}

/** What an image says of itself; nothing of one that is gone. */
function originOf(
  images: SnapshotHome["instances"]["home"]["images"],
  fingerprint: string,
): Publishable["origin"] | undefined {
  try {
    return images.readMetadata(fingerprint);
  } catch (error) {
    if (ApiError.is(error) && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}
