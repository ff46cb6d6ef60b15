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
import type { Volume } from "../storage-pool/driver";
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
    // Whoever does not come keeps nobody waiting.
    unlocked: true,
    operation: { ...about(id, "Migrating instance", true), ...end.operation },
    work: async (operation) => {
      try {
        const channels = await end.open(operation.signal);
        await changes.run(call, { of, work: () => send(home, queue, book.record(id), sending, channels, operation) });
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
  instance: InstanceRecord,
  { withSnapshots, snapshot }: Sending,
  { control, fs }: Channels,
  operation: RunningOperation,
): Promise<void> {
  return talkInTurn(queue, control, operation, async (talk, signal) => {
    const { instances, snapshots } = home;
    const { storagePools, volumes } = instances.home;
    const records = withSnapshots && snapshot === undefined ? snapshots.records(instance) : [];
    const names = records.map(({ name }) => name);
    const offer = {
      fs: byRsync,
      idmap: [],
      snapshotNames: names,
      snapshots: records.map(messageOf),
      refresh: false,
      rsyncFeatures: featuresOf(home, instance.pool),
    };
    const answer = decodeHeader(await talk.ask(encodeHeader(offer)));
    if (answer.fs !== byRsync) throw badRequest("Cannot migrate: the other server wants another way than rsync.");
    talk.listen();
    const wanted = answer.refresh ? names.filter((name) => answer.snapshotNames.includes(name)) : names;
    const { pool } = instance;
    const config = storagePoolConfig(storagePools.record(pool).config);
    const count = packProgress(operation, "fs", instance.name);
    const transfer = async (volume: Volume) => {
      await volumes.requireThere(pool, volume);
      await sendTree(home, {
        root: volumes.root(pool, volume),
        at: "rootfs",
        channel: fs,
        features: agreed(answer.rsyncFeatures),
        signal,
        count,
        bytesPerSecond: config.get("rsync.bwlimit"),
        beside: (folder) => writeBeside(folder, metadataOf(instances.home, instance)),
      });
    };
    for (const name of wanted) await transfer(snapshotVolume(instance, name));
    await (snapshot === undefined
      ? snapshots.whileCopied(instance, transfer)
      : transfer(snapshotVolume(instance, snapshot)));
    await talk.verdict();
  });
}
