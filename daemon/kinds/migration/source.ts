/** Source: an instance, or a snapshot of it, is sent to another server (docs/lxd-api.md, Migration). */
import { storagePoolConfig } from "../../../sdk/api/config/storage-pool";
import { badRequest } from "../../../sdk/api/errors";
import type { Call } from "../../core/call";
import { packProgress } from "../../platform/archive/pack-progress";
import type { Channel } from "../../platform/migration/channel";
import { agreed, byRsync, decodeHeader, encodeHeader, type Features } from "../../platform/migration/messages";
import { sendTree } from "../../platform/migration/rsync";
import { Talk } from "../../platform/migration/talk";
import type { RunningOperation } from "../../platform/operations";
import type { Sending } from "../instance/home";
import { metadataOf } from "../instance/metadata/metadata";
import { type InstanceId, type InstanceRecord, instanceRef } from "../instance/record";
import { about } from "../instance/request";
import { snapshotVolume } from "../instance/volume";
import type { StillRoot } from "../snapshot/root-readers";
import { writeBeside } from "./beside";
import { type Channels, endOf } from "./channels";
import type { MigrationHome } from "./home";
import { messageOf } from "./messages";
import type { Queue } from "./queue";

/**
 * Starts the operation that sends. Its websockets wait for the other server, or it connects to those of the target.
 * @throws ApiError BAD_REQUEST
 */
export function startSending(
  home: MigrationHome,
  queue: Queue,
  call: Call,
  id: InstanceId,
  sending: Sending,
): RunningOperation {
  const { changes, instances } = home;
  const { book } = instances.home;
  const { live, snapshot, target } = sending;
  if (live && snapshot === undefined && book.running.isActive(book.record(id)))
    throw badRequest("Unable to perform container live migration. CRIU isn't installed on the source server");
  const end = endOf(target);
  const of = [instanceRef(id)];
  return changes.start(call, {
    of,
    // Whoever does not come keeps nobody waiting, and who starts or stops the instance does not wait for the other server.
    unlocked: true,
    operation: { ...about(id, "Migrating instance", true), ...end.operation },
    work: async (operation) => {
      try {
        const channels = await end.open(operation.signal);
        const work = () => send(home, queue, id, sending, channels, operation);
        await changes.run(call, { of, unlocked: true, content: of, work });
      } finally {
        end.close();
      }
    },
  });
}

/** Runs the work when it is its turn, with somebody to tell how it goes. */
export async function talkInTurn(
  queue: Queue,
  control: Channel,
  operation: RunningOperation,
  work: (talk: Talk, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await using talk = new Talk(control, operation.signal);
  await talk.run((signal) => queue.run(operation, talk, signal, () => work(talk, signal)));
}

/** What this server's rsync does of its own accord, as the pool says. */
export function featuresOf({ instances }: MigrationHome, pool: string): Features {
  const compress = storagePoolConfig(instances.home.storagePools.record(pool).config).get("rsync.compression");
  return { xattrs: true, delete: true, compress, bidirectional: true };
}

function send(
  home: MigrationHome,
  queue: Queue,
  instance: InstanceId,
  { withSnapshots, snapshot }: Sending,
  { control, fs }: Channels,
  operation: RunningOperation,
): Promise<void> {
  const { instances, snapshots } = home;
  const { storagePools, volumes } = instances.home;
  const begin = (record: InstanceRecord) => ({
    record,
    records: withSnapshots && snapshot === undefined ? snapshots.records(record) : [],
    metadata: metadataOf(instances.home, record),
  });
  const sendRoot = async ({ begun, volume }: StillRoot<ReturnType<typeof begin>>, signal: AbortSignal, talk: Talk) => {
    talk.endWith(signal);
    const { record, records, metadata } = begun;
    const names = records.map(({ name }) => name);
    const offer = {
      fs: byRsync,
      idmap: [],
      snapshotNames: names,
      snapshots: records.map(messageOf),
      refresh: false,
      rsyncFeatures: featuresOf(home, record.pool),
    };
    const answer = decodeHeader(await talk.ask(encodeHeader(offer)));
    if (answer.fs !== byRsync) throw badRequest("Cannot migrate: the other server wants another way than rsync.");
    talk.listen();
    const wanted = answer.refresh ? names.filter((name) => answer.snapshotNames.includes(name)) : names;
    const { pool } = record;
    const config = storagePoolConfig(storagePools.record(pool).config);
    const count = packProgress(operation, "fs", instance.name);
    for (const each of [...wanted.map((name) => snapshotVolume(record, name)), volume]) {
      await volumes.requireThere(pool, each);
      await sendTree(home, {
        root: volumes.root(pool, each),
        at: "rootfs",
        channel: fs,
        features: agreed(answer.rsyncFeatures),
        signal,
        count,
        bytesPerSecond: config.get("rsync.bwlimit"),
        beside: (folder) => writeBeside(folder, metadata),
      });
    }
    await talk.verdict();
  };
  return talkInTurn(queue, control, operation, (talk, signal) =>
    snapshots.readers.read({ instance, snapshot, signal, begin }, (root, reading) => sendRoot(root, reading, talk)),
  );
}
