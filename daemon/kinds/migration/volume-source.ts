/** Volume source: a custom volume is sent to another server (docs/lxd-api.md, Migration). */
import path from "node:path";
import { storagePoolConfig } from "../../../sdk/api/config/storage-pool";
import { badRequest } from "../../../sdk/api/errors";
import type { Call } from "../../core/call";
import { urlOf } from "../../core/ref";
import { packProgress } from "../../platform/archive/pack-progress";
import { sendBlock } from "../../platform/migration/block";
import { agreed, byBlock, byRsync, decodeHeader, encodeHeader } from "../../platform/migration/messages";
import { sendTree } from "../../platform/migration/rsync";
import type { Talk } from "../../platform/migration/talk";
import type { RunningOperation } from "../../platform/operations";
import type { Volume } from "../storage-pool/driver";
import { imageFile } from "../storage-volume/content";
import type { SendingVolume } from "../storage-volume/home";
import { refOf, snapshotVolumeOf, type VolumeId, type VolumeRecord } from "../storage-volume/record";
import type { StillContent } from "../storage-volume/volume-readers";
import { type Channels, endOf } from "./channels";
import type { MigrationHome } from "./home";
import { volumeMessageOf } from "./messages";
import type { Queue } from "./queue";
import { featuresOf, talkInTurn } from "./source";

/** What an operation on a volume says of it. */
export const aboutVolume = (id: VolumeId, description: string) => ({
  description,
  resources: { storage_volumes: [urlOf(refOf(id))] },
  mayCancel: true,
});

/** Starts the operation that sends. @throws ApiError NOT_FOUND, BAD_REQUEST */
export function startSendingVolume(
  home: MigrationHome,
  queue: Queue,
  call: Call,
  id: VolumeId,
  sending: SendingVolume,
): RunningOperation {
  const { changes, storageVolumes } = home;
  storageVolumes.record(id);
  const end = endOf(sending.target);
  return changes.start(call, {
    of: [refOf(id)],
    // Whoever does not come keeps nobody waiting.
    unlocked: true,
    operation: { ...aboutVolume(id, "Migrating storage volume"), ...end.operation },
    work: async (operation) => {
      try {
        const channels = await end.open(operation.signal);
        const work = () => send(home, queue, id, sending, channels, operation);
        await changes.run(call, { of: [refOf(id)], unlocked: true, content: [refOf(id)], work });
      } finally {
        end.close();
      }
    },
  });
}

function send(
  home: MigrationHome,
  queue: Queue,
  id: VolumeId,
  { withSnapshots }: SendingVolume,
  { control, fs }: Channels,
  operation: RunningOperation,
): Promise<void> {
  const { storageVolumes } = home;
  const { snapshots, home: volumeHome } = storageVolumes;
  const begin = (record: VolumeRecord) => ({
    isBlock: record.contentType === "block",
    records: withSnapshots ? snapshots.records(id) : [],
  });
  const sendContent = async (
    { begun, volume }: StillContent<ReturnType<typeof begin>>,
    signal: AbortSignal,
    talk: Talk,
  ) => {
    talk.endWith(signal);
    const { isBlock, records } = begun;
    const names = records.map(({ name }) => name);
    const offer = {
      fs: isBlock ? byBlock : byRsync,
      idmap: [],
      snapshotNames: names,
      snapshots: records.map(volumeMessageOf),
      refresh: false,
      rsyncFeatures: featuresOf(home, id.pool),
    };
    const answer = decodeHeader(await talk.ask(encodeHeader(offer)));
    if (answer.fs !== offer.fs)
      throw badRequest(`Cannot migrate: the other server wants another way than ${isBlock ? "bytes" : "rsync"}.`);
    talk.listen();
    const bytesPerSecond = storagePoolConfig(volumeHome.storagePools.record(id.pool).config).get("rsync.bwlimit");
    const count = packProgress(operation, isBlock ? "block" : "fs", id.name);
    const transfer = (each: Volume) => {
      const content = volumeHome.volumes.customPath(id.pool, each);
      const about = { channel: fs, signal, count };
      if (isBlock) return sendBlock({ ...about, file: path.join(content, imageFile) }, bytesPerSecond);
      const features = agreed(answer.rsyncFeatures);
      return sendTree(home, { ...about, root: { type: "dir", path: content }, at: ".", features, bytesPerSecond });
    };
    for (const name of answer.refresh ? names.filter((one) => answer.snapshotNames.includes(one)) : names)
      await transfer(snapshotVolumeOf(id, name));
    await transfer(volume);
    await talk.verdict();
  };
  return talkInTurn(queue, control, operation, (talk, signal) =>
    storageVolumes.readers.read({ volume: id, signal, begin }, (content, reading) =>
      sendContent(content, reading, talk),
    ),
  );
}
