/** What servers tell each other of snapshots, and of ids (docs/lxd-api.md, Migration). */
import * as z from "zod";
import { type Config, type Devices, epoch, never, SnapshotName } from "../../../sdk/api/common";
import { ApiError, badRequest } from "../../../sdk/api/errors";
import { withoutStamp } from "../../../sdk/api/stamp";
import type { Header, IdsMessage, SnapshotMessage } from "../../platform/migration/messages";
import { nowText, timeText } from "../../platform/time";
import type { InstanceBook } from "../instance/book";
import { withoutVolatile } from "../instance/change/volatile";
import { devicesIn } from "../instance/devices-in";
import type { InstanceRecord } from "../instance/record";
import type { SnapshotRecord } from "../snapshot/store";
import type { VolumeId } from "../storage-volume/record";
import type { VolumeSnapshotRecord } from "../storage-volume/snapshot/store";

/** LXD's numbers. */
const architectures = [
  "unknown",
  "i686",
  "x86_64",
  "armv7l",
  "aarch64",
  "ppc",
  "ppc64",
  "ppc64le",
  "s390x",
  "mips",
  "mips64",
  "riscv32",
  "riscv64",
];

const secondsOf = (time: string): number => Math.floor(Date.parse(time) / 1000);

/** Times before 1970 stand for none. */
const timeOf = (seconds: number | undefined, none: string): string =>
  seconds === undefined || seconds <= 0 || seconds > 253_402_300_799 ? none : timeText(seconds * 1000);

/** As LXD sends one. */
export const messageOf = ({ name, createdAt, expiresAt, settings }: SnapshotRecord): SnapshotMessage => ({
  name,
  localConfig: withoutStamp(settings.config),
  profiles: [...settings.profiles],
  ephemeral: settings.ephemeral,
  localDevices: Object.entries(settings.devices).map(([device, config]) => ({ name: device, config })),
  architecture: Math.max(0, architectures.indexOf(settings.architecture)),
  stateful: false,
  creationDate: secondsOf(createdAt),
  lastUsedDate: secondsOf(settings.lastUsedAt),
  expiryDate: secondsOf(expiresAt),
});

/** @throws ApiError BAD_REQUEST */
function nameOf(message: SnapshotMessage): string {
  const { success, data: name } = SnapshotName.safeParse(message.name);
  if (!success)
    throw badRequest(
      `Cannot take snapshot ${JSON.stringify(message.name.slice(0, 300))} of the other server: it is no name.`,
    );
  return name;
}

/** The snapshot as one of an instance here, whose pool its root disk has then, whatever gave it. @throws ApiError BAD_REQUEST for a name that is none */
export function snapshotOf(book: InstanceBook, instance: InstanceRecord, message: SnapshotMessage): SnapshotRecord {
  const devices: Devices = Object.fromEntries(message.localDevices.map((device) => [device.name, device.config]));
  const { project, pool } = instance;
  const { profiles } = message;
  return {
    instance: { project, name: instance.name },
    name: nameOf(message),
    createdAt: timeOf(message.creationDate, epoch),
    expiresAt: timeOf(message.expiryDate, never),
    settings: {
      architecture: architectures[message.architecture] ?? instance.architecture,
      description: "",
      config: withoutStamp(withoutVolatile(message.localConfig)),
      devices: devicesIn(book, project, pool, { devices, profiles }),
      profiles,
      ephemeral: message.ephemeral,
      lastUsedAt: timeOf(message.lastUsedDate, epoch),
    },
  };
}

/** As LXD sends one of a volume, with its time besides. */
export const volumeMessageOf = ({ name, config, createdAt, expiresAt }: VolumeSnapshotRecord): SnapshotMessage => ({
  name,
  localConfig: config,
  profiles: [],
  ephemeral: false,
  localDevices: [],
  architecture: 0,
  stateful: false,
  creationDate: secondsOf(createdAt),
  lastUsedDate: 0,
  expiryDate: secondsOf(expiresAt),
});

/** The snapshot as one of a volume here. LXD tells no time of it: then it is of now. @throws ApiError BAD_REQUEST for a name that is none */
export const volumeSnapshotOf = (volume: VolumeId, message: SnapshotMessage): VolumeSnapshotRecord => ({
  volume,
  name: nameOf(message),
  description: "",
  config: Object.fromEntries(Object.entries(message.localConfig).filter(([key]) => !key.startsWith("volatile."))),
  createdAt: timeOf(message.creationDate, nowText()),
  expiresAt: timeOf(message.expiryDate, never),
});

/** Whether both are the same snapshot of a volume: of one name, and of one time where it is told. */
export const isSameOfVolume = (own: VolumeSnapshotRecord, { name, creationDate = 0 }: SnapshotMessage): boolean =>
  own.name === name && (creationDate <= 0 || secondsOf(own.createdAt) === creationDate);

/** Whether both are the same snapshot, as LXD judges it. */
export const isSame = (own: SnapshotRecord, theirs: SnapshotMessage): boolean =>
  own.name === theirs.name && secondsOf(own.createdAt) === theirs.creationDate;

/** Of what ids the files of a root are on the other server's disk: the first is the container's 0. */
export interface WireIds {
  readonly first: number;
  readonly count: number;
}

/** Where LXD keeps of what ids the files of an instance are. */
const diskIdsKey = "volatile.last_state.idmap";

const Kept = z.array(
  z
    .object({ Isuid: z.boolean(), Isgid: z.boolean(), Hostid: z.number(), Nsid: z.number(), Maprange: z.number() })
    .transform((range) => ({
      isuid: range.Isuid,
      isgid: range.Isgid,
      hostid: range.Hostid,
      nsid: range.Nsid,
      maprange: range.Maprange,
    })),
);

/** Those of a snapshot's root, which its own settings tell, as it may be older than the instance's. @throws ApiError as idsOf() */
export function idsOfSnapshot(
  { localConfig }: SnapshotMessage,
  ofInstance: readonly IdsMessage[],
): WireIds | undefined {
  const text = localConfig[diskIdsKey];
  return text === undefined || text === "" ? idsOf(ofInstance) : idsOfText(text);
}

/** Where LXD keeps of what ids the files of a volume are. */
const volumeIdsKey = "volatile.idmap.last";

/** Those of the files of a volume: as a container sees them when nothing is said. @throws ApiError as idsOf() */
export const idsOfVolume = ({ [volumeIdsKey]: text }: Config): WireIds | undefined =>
  text === undefined || text === "" ? undefined : idsOfText(text);

function idsOfText(text: string): WireIds | undefined {
  try {
    return idsOf(Kept.parse(JSON.parse(text) ?? []));
  } catch (error) {
    if (ApiError.is(error)) throw error;
    throw badRequest("Cannot take what the other server sends: what it says of ids is no map of them.");
  }
}

/** Those of an instance's root: the container's own when the other server says none. @throws ApiError BAD_REQUEST for more than one range */
export function idsOf(ranges: readonly IdsMessage[]): WireIds | undefined {
  if (ranges.length === 0) return undefined;
  const [uids, gids] = [ranges.filter(({ isuid }) => isuid), ranges.filter(({ isgid }) => isgid)];
  const [uid, gid] = [uids[0], gids[0]];
  const isFirst = uid?.nsid === 0 && gid?.nsid === 0;
  const isSame = uid?.hostid === gid?.hostid && uid?.maprange === gid?.maprange;
  if (uid === undefined || uids.length > 1 || gids.length > 1 || !isFirst || !isSame || uid.hostid <= 0)
    throw badRequest(
      "Cannot take the instance: its ids on the other server are in more than one range (raw.idmap). Take the key away there, start and stop it once, and try again.",
    );
  return { first: uid.hostid, count: uid.maprange };
}

/** How many there may be of what comes. */
const mostSnapshots = 10_000;

/** Those of an offer; each has a name of its own that it can have here. @throws ApiError BAD_REQUEST */
export function namedSnapshots({ snapshots, snapshotNames }: Header): readonly SnapshotMessage[] {
  const isWhole = snapshots.length === snapshotNames.length && snapshots.length <= mostSnapshots;
  if (!isWhole || new Set(snapshots.map(({ name }) => name)).size < snapshots.length)
    throw badRequest("Cannot migrate: the other server's list of snapshots is not right.");
  for (const snapshot of snapshots) nameOf(snapshot);
  return snapshots;
}
