/** Rebuild: a stopped instance gets a new root, of an image or empty; its settings and who it is stay (extension instances_rebuild). */
import type { Config } from "../../../../sdk/api/common";
import { instanceConfig } from "../../../../sdk/api/config/instance";
import { badRequest } from "../../../../sdk/api/errors";
import type { InstanceRebuildPost } from "../../../../sdk/api/instance";
import { withoutStamp } from "../../../../sdk/api/stamp";
import type { Call } from "../../../core/call";
import { requireRunnable } from "../../../platform/host/architecture";
import type { RunningOperation } from "../../../platform/operations";
import type { ImageRecord } from "../../image/catalog";
import type { Volume } from "../../storage-pool/driver";
import { checkSettings } from "../change/checks";
import type { InstanceHome } from "../home";
import type { InstanceRecord } from "../record";
import { ociConfig, withoutOci } from "../spec/oci-filled";
import { imageRequestOf } from "./create";
import { leaveToStart } from "./file-templates";
import { withoutPending } from "./pending-file-templates";

/** @throws ApiError BAD_REQUEST while it runs or has snapshots, as in LXD */
function requireAtRest({ book, snapshots }: InstanceHome, record: InstanceRecord): void {
  if (book.running.isActive(record)) throw badRequest("Instance must be stopped to be rebuilt");
  if (snapshots.names(record).length > 0)
    throw badRequest("Cannot rebuild the instance: it has snapshots. Delete them first.");
}

/** @returns the work, done under the instance's lock @throws ApiError for all that can be refused at once */
export async function planRebuild(
  home: InstanceHome,
  call: Call,
  before: InstanceRecord,
  { source }: InstanceRebuildPost,
): Promise<(operation: RunningOperation) => Promise<void>> {
  requireAtRest(home, before);
  if (source.type === "none")
    return () => rebuild(home, before, undefined, (volume) => home.volumes.createEmpty(before.pool, volume));
  if (source.type !== "image" && source.type !== "template")
    throw badRequest(
      `Cannot rebuild instance "${before.name}": the source type "${source.type}" is not supported. Use image or none.`,
    );
  const imageOf = await imageRequestOf(home, call, before, source);
  return async (operation) => {
    const image = await imageOf(operation);
    requireRunnable(image.architecture, `rebuild instance "${before.name}"`);
    const { config } = home.book.expanded(before);
    const options = {
      deviceNodes: instanceConfig(config).get("security.privileged"),
      warn: (text: string) => operation.warn(text),
      signal: operation.signal,
    };
    await rebuild(home, before, image, (volume) =>
      home.volumes.createFromImage(before.pool, image.fingerprint, volume, options),
    );
    home.images.touch(image);
  };
}

async function rebuild(
  home: InstanceHome,
  before: InstanceRecord,
  image: ImageRecord | undefined,
  fill: (volume: Volume) => Promise<void>,
): Promise<void> {
  await home.sftp.leaveRoot(before);
  const { book, snapshots } = home;
  const record = book.record(before);
  requireAtRest(home, record);
  // What the new image fills in is judged while the old root is still there.
  checkSettings(home, { ...record, config: rebuiltConfig(home, record, image) }, record);
  await snapshots.copies.refillVolume(record, fill);
  home.database.transaction(() => {
    // The templates of the root that is gone go with it.
    book.store.metadata.delete(record);
    book.change(record, (now) => ({
      ...now,
      architecture: image?.architecture ?? now.architecture,
      config: rebuiltConfig(home, now, image),
    }));
  });
  const now = book.record(record);
  const pending = await leaveToStart(home, now, "create");
  book.change(now, (one) => ({ ...one, config: { ...one.config, ...pending } }));
}

/** What is told of the image is that of the new one. */
function rebuiltConfig({ book }: InstanceHome, record: InstanceRecord, image: ImageRecord | undefined): Config {
  const { config } = record;
  const isOfImage = (key: string) => key.startsWith("image.") || key === "volatile.base_image";
  const rest = withoutOci(
    Object.fromEntries(Object.entries(withoutPending(config)).filter(([key]) => !isOfImage(key))),
  );
  if (image === undefined) return rest;
  const properties = Object.entries(withoutStamp(image.properties)).map(([key, value]) => [`image.${key}`, value]);
  return {
    ...rest,
    ...ociConfig(image.files.oci, book.expanded({ ...record, config: rest }).config),
    ...Object.fromEntries(properties),
    "volatile.base_image": image.fingerprint,
  };
}
