/** Publishables: instances and snapshots, as what images are made of. */
import { instanceConfig } from "../../../sdk/api/config/instance";
import { badRequest } from "../../../sdk/api/errors";
import { snapshotRef } from "../../core/ref";
import type { ImageHome, Publishable } from "../image/home";
import { metadataOf } from "../instance/metadata/metadata";
import { type InstanceId, type InstanceRecord, instanceRef } from "../instance/record";
import { ociRuntimeOf } from "../instance/spec/oci";
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
      return { of: instanceRef(instance), requireAtRest, ...contentOf(home, snapshots, record, record, requireAtRest) };
    }
    const snapshot = rest.join("/");
    const { settings } = snapshots.record(instance, snapshot);
    const requireAtRest = () => snapshots.requireThere(instance, snapshot);
    return {
      of: snapshotRef(instanceName, snapshot, project),
      requireAtRest,
      ...contentOf(home, snapshots, record, settings, requireAtRest, snapshot),
    };
  },
});

/** Metadata and templates are the instance's as they are now, also for a snapshot of it. */
function contentOf(
  { instances, volumes }: SnapshotHome,
  { readers }: SnapshotService,
  record: InstanceRecord,
  { architecture, config }: Pick<SnapshotSettings, "architecture" | "config">,
  requireAtRest: () => void,
  snapshot?: string,
): Pick<Publishable, "instance" | "architecture" | "origin" | "runs" | "read"> {
  const base = instanceConfig(config).get("volatile.base_image");
  return {
    instance: instanceRef(record),
    architecture,
    // The environment may hold secrets of the instance's user; only what its image has said of it is told.
    runs: ociRuntimeOf(config, base === undefined ? undefined : instances.home.images.runtimeOf(base)),
    origin: metadataOf(instances.home, record),
    read: (signal, work) =>
      readers.read({ instance: record, snapshot, signal, begin: requireAtRest }, ({ volume }, reading) =>
        work(volumes.root(record.pool, volume), reading),
      ),
  };
}
