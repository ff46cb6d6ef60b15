/** Volume sink: a custom volume comes from another server. A failure or a crash leaves nothing of it, and of a refresh what was there. */
import { badRequest } from "../../../sdk/api/errors";
import type { StorageVolumesPost } from "../../../sdk/api/storage-volume";
import { packProgress } from "../../platform/archive/pack-progress";
import {
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
import { boundOf } from "../storage-volume/content";
import type { ComingVolume } from "../storage-volume/home";
import { snapshotVolumeOf, type VolumeId, type VolumeRecord, volumeOf } from "../storage-volume/record";
import { type Channels, sinkEnd } from "./channels";
import type { MigrationHome } from "./home";
import { idsOfVolume, isSameOfVolume, namedSnapshots, volumeSnapshotOf } from "./messages";
import { featuresOf } from "./source";

type Post = StorageVolumesPost & { readonly source: NonNullable<StorageVolumesPost["source"]> };

/** Checks a request, but for whether its name is free. @throws ApiError BAD_REQUEST */
export function planVolumeSink(home: MigrationHome, id: VolumeId, post: Post): ComingVolume {
  const { storageVolumes } = home;
  if (post.content_type === "block")
    throw badRequest(`Cannot take volume "${id.name}": it holds a block device. Send volumes of files.`);
  const given = Object.fromEntries(Object.entries(post.config).filter(([key]) => !key.startsWith("volatile.")));
  const record: VolumeRecord = {
    ...id,
    description: post.description,
    config: storageVolumes.configFor(id.pool, "filesystem", given),
    contentType: "filesystem",
    createdAt: nowText(),
  };
  const ids = idsOfVolume(post.config);
  const isRefresh = post.source.refresh && storageVolumes.find(id) !== undefined;
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
          const about = { offer, channels, talk, signal, operation, ids, withSnapshots, snapshots };
          await (isRefresh ? refresh(home, id, about) : make(home, record, about));
          await talk.succeed();
        });
      } finally {
        end.close();
      }
    },
  };
}

interface Arriving {
  readonly offer: Header;
  readonly channels: Channels;
  readonly talk: Talk;
  readonly signal: AbortSignal;
  readonly operation: RunningOperation;
  readonly ids: ReturnType<typeof idsOfVolume>;
  readonly withSnapshots: boolean;
  readonly snapshots: readonly SnapshotMessage[];
}

/** Tells the other server what is wanted. @returns what makes a volume what comes next */
async function begin(
  home: MigrationHome,
  pool: string,
  { offer, channels, talk, signal, operation, ids }: Arriving,
  isRefresh: boolean,
  wanted: readonly SnapshotMessage[],
): Promise<(volume: Volume) => Promise<void>> {
  const features: Features = shared(featuresOf(home, pool), offer.rsyncFeatures);
  if (!features.bidirectional) throw badRequest("Cannot take the volume: the other server is older than LXD 3.8.");
  const snapshotNames = wanted.map(({ name }) => name);
  const answer = { fs: byRsync, idmap: [], snapshotNames, snapshots: [...wanted], refresh: isRefresh };
  await talk.tell(encodeHeader({ ...answer, rsyncFeatures: features }));
  talk.listen();
  const count = packProgress(operation, "fs", "Received");
  return (volume) =>
    receiveTree(home, {
      root: { type: "dir", path: home.storageVolumes.home.volumes.customPath(pool, volume) },
      at: ".",
      channel: channels.fs,
      features,
      signal,
      count,
      ids,
      deviceNodes: false,
    });
}

function make(home: MigrationHome, record: VolumeRecord, about: Arriving): Promise<void> {
  const { snapshots, home: volumeHome } = home.storageVolumes;
  const { pool } = record;
  return home.storageVolumes.create(record, async (volume) => {
    await volumeHome.volumes.createEmpty(pool, volume, boundOf(record));
    const receive = await begin(home, pool, about, false, about.snapshots);
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
  storageVolumes.record(id);
  storageVolumes.requireAtRest(id);
  const own = about.withSnapshots ? snapshots.records(id) : [];
  const outdated = new Set(
    own.filter((one) => !about.snapshots.some((theirs) => isSameOfVolume(one, theirs))).map(({ name }) => name),
  );
  const missing = about.snapshots.filter(({ name }) => outdated.has(name) || !own.some((one) => one.name === name));
  const receive = await begin(home, pool, about, true, missing);
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
