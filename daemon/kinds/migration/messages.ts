/** What servers tell each other of snapshots, and of ids (docs/lxd-api.md, Migration). */
import * as z from "zod";
import { type Devices, epoch, never, SnapshotName } from "../../../sdk/api/common";
import { ApiError, badRequest } from "../../../sdk/api/errors";
import { withoutStamp } from "../../../sdk/api/stamp";
import type { IdsMessage, SnapshotMessage } from "../../platform/migration/messages";
import { timeText } from "../../platform/time";
import type { InstanceBook } from "../instance/book";
import { withoutVolatile } from "../instance/change/volatile";
import type { InstanceRecord } from "../instance/record";
import type { SnapshotRecord } from "../snapshot/store";

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

/** The snapshot as one of an instance here, whose pool its root disk has then, whatever gave it. @throws ApiError BAD_REQUEST for a name that is none */
export function snapshotOf(book: InstanceBook, instance: InstanceRecord, message: SnapshotMessage): SnapshotRecord {
  const { success, data: name } = SnapshotName.safeParse(message.name);
  if (!success)
    throw badRequest(
      `Cannot take snapshot ${JSON.stringify(message.name.slice(0, 300))} of the other server: it is no name.`,
    );
  const devices: Devices = Object.fromEntries(message.localDevices.map((device) => [device.name, device.config]));
  const { project, pool } = instance;
  const { profiles } = message;
  const all = book.expanded({ project, config: {}, devices, profiles }).devices;
  const [root = "root", disk] = Object.entries(all).find(([, { type, path }]) => type === "disk" && path === "/") ?? [];
  const own = { type: "disk", path: "/", ...disk, pool };
  return {
    instance: { project, name: instance.name },
    name,
    createdAt: timeOf(message.creationDate, epoch),
    expiresAt: timeOf(message.expiryDate, never),
    settings: {
      architecture: architectures[message.architecture] ?? instance.architecture,
      description: "",
      config: withoutStamp(withoutVolatile(message.localConfig)),
      devices: disk?.pool === pool ? devices : { ...devices, [root]: own },
      profiles,
      ephemeral: message.ephemeral,
      lastUsedAt: timeOf(message.lastUsedDate, epoch),
    },
  };
}

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
  if (text === undefined || text === "") return idsOf(ofInstance);
  try {
    return idsOf(Kept.parse(JSON.parse(text) ?? []));
  } catch (error) {
    if (ApiError.is(error)) throw error;
    throw badRequest("Cannot take a snapshot of the other server: its volatile.last_state.idmap is no map of ids.");
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
