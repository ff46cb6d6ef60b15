/** Sink: an instance comes from another server (docs/lxd-api.md, Migration). A failure or a crash leaves nothing of it, and of a refresh what was there. */
import { instanceConfig } from "../../../sdk/api/config/instance";
import { badRequest } from "../../../sdk/api/errors";
import type { InstancesPost } from "../../../sdk/api/instance";
import { withoutStamp } from "../../../sdk/api/stamp";
import { packProgress } from "../../platform/archive/pack-progress";
import {
  byRsync,
  decodeHeader,
  encodeHeader,
  type Header,
  runsOn,
  type SnapshotMessage,
  shared,
} from "../../platform/migration/messages";
import { receiveTree } from "../../platform/migration/rsync";
import { Talk } from "../../platform/migration/talk";
import type { RunningOperation } from "../../platform/operations";
import type { CreateWork } from "../instance/create/create";
import { draftInstance } from "../instance/create/draft";
import { leaveToStart } from "../instance/create/file-templates";
import { make } from "../instance/create/make";
import { isRefresh } from "../instance/create/refresh";
import { keptUuid } from "../instance/create/uuid";
import type { KeptMetadata } from "../instance/metadata/store";
import type { InstanceId, InstanceRecord } from "../instance/record";
import { sizeOfNewRoot } from "../instance/root-size";
import { volumeOf } from "../instance/volume";
import type { Volume } from "../storage-pool/driver";
import { readBeside } from "./beside";
import type { Channels, End } from "./channels";
import type { MigrationHome } from "./home";
import { idsOf, idsOfSnapshot, isSame, namedSnapshots, snapshotOf, type WireIds } from "./messages";
import type { Queue } from "./queue";
import { featuresOf } from "./source";

/** Checks a request, but for whether its name is free. @returns the work that makes or refreshes the instance of what comes */
export function planSink(home: MigrationHome, queue: Queue, id: InstanceId, post: InstancesPost, end: End): CreateWork {
  const refreshes = isRefresh(home.instances.home, id, post);
  const withSnapshots = !(post.source.instance_only || post.source.container_only);
  const receive = refreshes ? planRefreshing(home, id) : planMaking(home, id, post);
  return async (operation) => {
    try {
      const channels = await end.open(operation.signal);
      await using talk = new Talk(channels.control, operation.signal);
      await talk.run(async (signal) => {
        const offer = decodeHeader(await talk.hear());
        const arrival = new Arrival(home, id, { offer, channels, talk, signal, operation, withSnapshots });
        await queue.run(operation, talk, signal, () => receive(arrival));
        await talk.succeed();
      });
    } finally {
      end.close();
    }
  };
}

function planMaking(home: MigrationHome, id: InstanceId, post: InstancesPost) {
  const { home: instances } = home.instances;
  const base = post.source["base-image"];
  const config = withoutStamp(post.config);
  const plan = draftInstance(
    instances,
    id,
    { ...post, config },
    { config: base ? { "volatile.base_image": base } : {} },
  );
  const draft = { ...plan, config: { ...plan.config, ...keptUuid(instances.book, config) } };
  return (arrival: Arrival) =>
    make(instances, draft, async (record) => {
      const { book, volumes } = instances;
      const size = sizeOfNewRoot(instances, record.pool, book.expanded(record).devices);
      await volumes.createEmpty(record.pool, volumeOf(record), size);
      await arrival.answer(record, false, arrival.snapshots);
      for (const message of arrival.snapshots) {
        await arrival.receiveSnapshot(record, volumeOf(record), message);
        await addSnapshot(home, record, message, async () => undefined);
      }
      const metadata = await arrival.receiveLast(record, volumeOf(record));
      if (metadata !== undefined) book.store.metadata.set(record, metadata);
      return leaveToStart(instances, record, "copy");
    });
}

/** A snapshot of what the root is now, changed by some work. */
const addSnapshot = (
  { instances, snapshots }: MigrationHome,
  record: InstanceRecord,
  message: SnapshotMessage,
  change: (volume: Volume) => Promise<unknown>,
): Promise<void> =>
  snapshots.addFilled(snapshotOf(instances.home.book, record, message), async (volume) => {
    const { pool } = record;
    await instances.home.volumes.clone({ pool, volume: volumeOf(record) }, { pool, volume });
    await change(volume);
  });

/** Root and snapshots become what comes; the settings are a matter of the client, as in LXD. */
function planRefreshing(home: MigrationHome, id: InstanceId) {
  const { instances, snapshots } = home;
  const { book, sftp, volumes } = instances.home;
  const requireStopped = () => {
    const record = book.record(id);
    if (book.running.isActive(record))
      throw badRequest(`Failed getting exclusive access to instance: Instance is running. Stop "${id.name}" first.`);
    return record;
  };
  requireStopped();
  return async (arrival: Arrival) => {
    const record = requireStopped();
    await sftp.leaveRoot(record);
    const own = arrival.withSnapshots ? snapshots.records(record) : [];
    const outdated = new Set(
      own.filter((one) => !arrival.snapshots.some((theirs) => isSame(one, theirs))).map(({ name }) => name),
    );
    const missing = arrival.snapshots.filter(({ name }) => outdated.has(name) || !own.some((one) => one.name === name));
    await arrival.answer(record, true, missing);
    for (const message of missing) {
      if (outdated.delete(message.name)) await snapshots.delete(record, message.name);
      await addSnapshot(home, record, message, (volume) => arrival.receiveSnapshot(record, volume, message));
    }
    await snapshots.copies.refillVolume(record, async (middle) => {
      const { pool } = record;
      await volumes.clone({ pool, volume: volumeOf(record) }, { pool, volume: middle });
      await arrival.receiveLast(record, middle);
    });
    // Only now: a source that fails takes nothing away.
    for (const name of outdated) await snapshots.delete(record, name);
  };
}

interface Arriving {
  readonly offer: Header;
  readonly channels: Channels;
  readonly talk: Talk;
  readonly signal: AbortSignal;
  readonly operation: RunningOperation;
  readonly withSnapshots: boolean;
}

/** What comes, as both sides agree. */
class Arrival {
  readonly snapshots: readonly SnapshotMessage[];
  readonly #count: (bytes: number) => void;
  readonly #warnOnce: (text: string) => void;
  #features = shared(noFeatures, undefined);

  constructor(
    private readonly home: MigrationHome,
    { name }: InstanceId,
    private readonly about: Arriving,
  ) {
    const { offer, operation, withSnapshots } = about;
    this.snapshots = withSnapshots ? namedSnapshots(offer) : [];
    // What cannot come is refused before anything is made or goes.
    idsOf(offer.idmap);
    for (const message of this.snapshots) idsOfSnapshot(message, offer.idmap);
    this.#count = packProgress(operation, "fs", name);
    this.#warnOnce = onceEach((text) => operation.warn(text));
  }

  get withSnapshots(): boolean {
    return this.about.withSnapshots;
  }

  /** Tells the other server what is wanted of its offer. */
  async answer(record: InstanceRecord, refresh: boolean, wanted: readonly SnapshotMessage[]): Promise<void> {
    const { offer, talk } = this.about;
    this.#features = shared(featuresOf(this.home, record.pool), offer.rsyncFeatures);
    if (!this.#features.bidirectional)
      throw badRequest("Cannot take the instance: the other server is older than LXD 3.8. Use backups instead.");
    const answer = {
      fs: byRsync,
      ...(offer.criu === runsOn ? { criu: runsOn } : {}),
      idmap: [],
      snapshotNames: wanted.map(({ name }) => name),
      snapshots: [...wanted],
      refresh,
      rsyncFeatures: this.#features,
    };
    await talk.tell(encodeHeader(answer));
    talk.listen();
  }

  /** Makes a volume what comes next. @returns what came beside it */
  async #receive(record: InstanceRecord, volume: Volume, ids: WireIds | undefined): Promise<KeptMetadata | undefined> {
    const { channels, signal, operation } = this.about;
    const isPrivileged = instanceConfig(this.home.instances.home.book.expanded(record).config).get(
      "security.privileged",
    );
    let beside: KeptMetadata | undefined;
    await receiveTree(this.home, {
      root: this.home.instances.home.volumes.root(record.pool, volume),
      at: "rootfs",
      channel: channels.fs,
      features: this.#features,
      signal,
      count: this.#count,
      ids,
      // Nobody may make nodes with ids of another range.
      deviceNodes: isPrivileged && ids === undefined,
      warn: this.#warnOnce,
      beside: async (folder) => {
        beside = await readBeside(folder, (text) => operation.warn(text));
      },
    });
    return beside;
  }

  /** Makes a volume what comes next, which is a snapshot. */
  async receiveSnapshot(record: InstanceRecord, volume: Volume, message: SnapshotMessage): Promise<void> {
    await this.#receive(record, volume, idsOfSnapshot(message, this.about.offer.idmap));
  }

  /** The root itself, which comes a second time where it was in use at first. @returns what came beside it */
  async receiveLast(record: InstanceRecord, volume: Volume): Promise<KeptMetadata | undefined> {
    const { offer } = this.about;
    const ids = idsOf(offer.idmap);
    const beside = await this.#receive(record, volume, ids);
    return offer.criu === runsOn ? this.#receive(record, volume, ids) : beside;
  }
}

const mostTold = 10;

/** Tells each text once, and not too many of them: what is so of a root is so of its snapshots as well. */
export function onceEach(tell: (text: string) => void): (text: string) => void {
  const told = new Set<string>();
  return (text) => {
    if (told.has(text) || told.size >= mostTold) return;
    told.add(text);
    tell(text);
  };
}

const noFeatures = { xattrs: false, delete: false, compress: false, bidirectional: false };
