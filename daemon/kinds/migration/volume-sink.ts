/** Volume sink: a custom volume comes from another server. A failure or a crash leaves nothing of it, and of a refresh what was there. */
import { truncate } from "node:fs/promises";
import path from "node:path";
import { storageVolumeConfig } from "../../../sdk/api/config/storage-volume";
import { badRequest } from "../../../sdk/api/errors";
import type { StorageVolumesPost } from "../../../sdk/api/storage-volume";
import { packProgress } from "../../platform/archive/pack-progress";
import { receiveBlock } from "../../platform/migration/block";
import type { Channel } from "../../platform/migration/channel";
import {
  byBlock,
  byRsync,
  decodeHeader,
  encodeHeader,
  type Features,
  type Header,
  type SnapshotMessage,
  shared,
} from "../../platform/migration/messages";
import { receiveTree } from "../../platform/migration/rsync";
import { Talk } from "../../platform/migration/talk";
import type { RunningOperation } from "../../platform/operations";
import { nowText } from "../../platform/time";
import type { Volume } from "../storage-pool/driver";
import { boundOf, fillNew, imageFile } from "../storage-volume/content";
import type { ComingVolume } from "../storage-volume/home";
import { snapshotVolumeOf, type VolumeId, type VolumeRecord, volumeOf } from "../storage-volume/record";
import { type Channels, sinkEnd } from "./channels";
import type { MigrationHome } from "./home";
import { idsOfVolume, isSameOfVolume, namedSnapshots, volumeSnapshotOf } from "./messages";
import type { Queue } from "./queue";
import { onceEach } from "./sink";
import { featuresOf } from "./source";

type Post = StorageVolumesPost & { readonly source: NonNullable<StorageVolumesPost["source"]> };

/** Checks a request, but for whether its name is free. @throws ApiError BAD_REQUEST */
export function planVolumeSink(home: MigrationHome, queue: Queue, id: VolumeId, post: Post): ComingVolume {
  const { storageVolumes } = home;
  const given = Object.fromEntries(Object.entries(post.config).filter(([key]) => !key.startsWith("volatile.")));
  const contentType = post.content_type || "filesystem";
  const record: VolumeRecord = {
    ...id,
    description: post.description,
    config: storageVolumes.configOfCopy(id.pool, contentType, given),
    contentType,
    createdAt: nowText(),
  };
  const ids = idsOfVolume(post.config);
  const isRefresh = post.source.refresh && storageVolumes.find(id) !== undefined;
  if (isRefresh) requireAlike(storageVolumes.record(id), record);
  if (isRefresh) storageVolumes.requireAtRest(id);
  const end = sinkEnd(post.source);
  return {
    isRefresh,
    operation: end.operation,
    work: async (operation) => {
      try {
        const channels = await end.open(operation.signal);
        await using talk = new Talk(channels.control, operation.signal);
        await talk.run(async (signal) => {
          const offer = decodeHeader(await talk.hear());
          const withSnapshots = !post.source.volume_only;
          const snapshots = withSnapshots ? namedSnapshots(offer) : [];
          const about = { offer, channels, talk, signal, operation, ids, contentType, withSnapshots, snapshots };
          await queue.run(operation, talk, signal, () =>
            isRefresh ? refresh(home, id, about) : make(home, record, about),
          );
          await talk.succeed();
        });
      } finally {
        end.close();
      }
    },
  };
}

/** @throws ApiError BAD_REQUEST */
function requireAlike({ name, contentType }: VolumeRecord, coming: Pick<VolumeRecord, "contentType">): void {
  if (contentType !== coming.contentType)
    throw badRequest(
      `Cannot refresh volume "${name}": its content type is "${contentType}", and that of what comes "${coming.contentType}". Choose another name.`,
    );
}

interface Arriving {
  readonly offer: Header;
  readonly channels: Channels;
  readonly talk: Talk;
  readonly signal: AbortSignal;
  readonly operation: RunningOperation;
  readonly ids: ReturnType<typeof idsOfVolume>;
  readonly contentType: VolumeRecord["contentType"];
  readonly withSnapshots: boolean;
  readonly snapshots: readonly SnapshotMessage[];
}

/** Tells the other server what is wanted. @returns what makes a volume what comes next */
async function begin(
  home: MigrationHome,
  record: VolumeRecord,
  { offer, channels, talk, signal, operation, ids }: Arriving,
  isRefresh: boolean,
  wanted: readonly SnapshotMessage[],
): Promise<(volume: Volume) => Promise<void>> {
  const { pool } = record;
  const isBlock = record.contentType === "block";
  // LXD's pools have ways of their own, and take this one too.
  if (offer.fs === (isBlock ? byRsync : byBlock))
    throw badRequest(
      `Cannot take the volume: the other server sends ${isBlock ? "files" : "the bytes of a disk"}. Give the content type of its volume.`,
    );
  const features: Features = shared(featuresOf(home, pool), offer.rsyncFeatures);
  if (!isBlock && !features.bidirectional)
    throw badRequest("Cannot take the volume: the other server is older than LXD 3.8.");
  const snapshotNames = wanted.map(({ name }) => name);
  const fs = isBlock ? byBlock : byRsync;
  const answer = { fs, idmap: [], snapshotNames, snapshots: [...wanted], refresh: isRefresh };
  await talk.tell(encodeHeader({ ...answer, rsyncFeatures: features }));
  talk.listen();
  const count = packProgress(operation, isBlock ? "block" : "fs", record.name);
  const warn = onceEach((text) => operation.warn(text));
  return async (volume) => {
    const content = home.storageVolumes.home.volumes.customPath(pool, volume);
    const about = { channel: channels.fs, signal, count };
    if (isBlock) await receiveBytes(record, content, about);
    else
      await receiveTree(home, {
        ...about,
        root: { type: "dir", path: content },
        at: ".",
        features,
        ids,
        deviceNodes: false,
        warn,
      });
  };
}

/** As many as the volume shall have, if that is said; a source whose volume was smaller sends less. */
async function receiveBytes(
  { config }: VolumeRecord,
  content: string,
  about: { channel: Channel; signal: AbortSignal; count: (bytes: number) => void },
): Promise<void> {
  const file = path.join(content, imageFile);
  const size = storageVolumeConfig(config).get("size") || undefined;
  const came = await receiveBlock({ ...about, file }, size);
  if (size !== undefined && came < size) await truncate(file, size);
}

function make(home: MigrationHome, record: VolumeRecord, about: Arriving): Promise<void> {
  const { snapshots, home: volumeHome } = home.storageVolumes;
  const { pool } = record;
  return home.storageVolumes.create(record, async (volume) => {
    const isBlock = record.contentType === "block";
    const { volumes } = volumeHome;
    await volumes.createEmpty(pool, volume, boundOf(volumes, record), isBlock ? fillNew(record) : undefined);
    const receive = await begin(home, record, about, false, about.snapshots);
    for (const message of about.snapshots) {
      await receive(volume);
      await snapshots.addFilled(volumeSnapshotOf(record, message), (snapshot) =>
        volumeHome.volumes.clone({ pool, volume }, { pool, volume: snapshot }),
      );
    }
    await receive(volume);
  });
}

/** Snapshots that are missing come, those that the source has no more go, and the content is made anew by way of a copy. */
async function refresh(home: MigrationHome, id: VolumeId, about: Arriving): Promise<void> {
  const { storageVolumes } = home;
  const { snapshots, home: volumeHome } = storageVolumes;
  const { pool } = id;
  const record = storageVolumes.record(id);
  requireAlike(record, about);
  storageVolumes.requireAtRest(id);
  const own = about.withSnapshots ? snapshots.records(id) : [];
  const outdated = new Set(
    own.filter((one) => !about.snapshots.some((theirs) => isSameOfVolume(one, theirs))).map(({ name }) => name),
  );
  const missing = about.snapshots.filter(({ name }) => outdated.has(name) || !own.some((one) => one.name === name));
  const receive = await begin(home, record, about, true, missing);
  const now = { pool, volume: volumeOf(id) };
  for (const message of missing) {
    if (outdated.delete(message.name)) await snapshots.erase(id, message.name);
    await snapshots.addFilled(volumeSnapshotOf(id, message), async (volume) => {
      await volumeHome.volumes.clone(now, { pool, volume });
      await receive(volume);
    });
  }
  const passing = await snapshots.takeOver(id, now);
  try {
    const middle = snapshotVolumeOf(id, passing);
    await receive(middle);
    await volumeHome.volumes.restore(pool, middle, now.volume);
  } finally {
    await snapshots.erase(id, passing);
  }
  // Only now: a source that fails takes nothing away.
  for (const name of outdated) await snapshots.erase(id, name);
}
