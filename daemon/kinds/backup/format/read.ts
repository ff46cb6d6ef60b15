/** What a backup says of itself, read with suspicion: it comes from elsewhere. */
import * as z from "zod";
import { type Config, epoch, never, SnapshotName, Text } from "../../../../sdk/api/common";
import { type ApiError, badRequest } from "../../../../sdk/api/errors";
import { diskIdsKey } from "./volatile";
import { config, devices, list, parse, time, word, yes } from "./words";

const lastPart = (name: string): string => name.split("/").at(-1) ?? "";

const settings = {
  architecture: word,
  config,
  devices,
  profiles: list(Text),
  ephemeral: yes,
  created_at: time(epoch),
  last_used_at: time(epoch),
};

const Instance = z.object({ ...settings, name: Text, description: word, type: word });
export type BackedUpInstance = z.output<typeof Instance> & OfVolume;

const Snapshot = z.object({
  ...settings,
  // Earlier versions of LXD wrote the instance's name before it.
  name: Text.transform(lastPart).pipe(SnapshotName),
  expires_at: time(never),
});
export type BackedUpSnapshot = z.output<typeof Snapshot> & OfVolume;

/** What the file says of the root's volume beside. */
interface OfVolume {
  /** Keys of the user; LXD has there what its storage drivers know as well. */
  readonly volumeConfig: Config;
}

const VolumeSnapshot = z.object({ name: Text.transform(lastPart), config });

const Whole = z.object({
  container: Instance.nullish(),
  // Newer versions call it so.
  instance: Instance.nullish(),
  snapshots: list(Snapshot),
  volume: z.object({ config }).nullish(),
  volume_snapshots: list(VolumeSnapshot),
  pool: z
    .object({ name: word, driver: word })
    .nullish()
    .transform((pool) => pool ?? { name: "", driver: "" }),
});

const Index = z.object({ pool: word, optimized: yes, type: word, snapshots: list(Text), config: z.unknown() });

export interface BackedUp {
  readonly instance: BackedUpInstance;
  readonly snapshots: readonly BackedUpSnapshot[];
  /** Name of the pool that it was in. */
  readonly pool: string;
  readonly isOptimized: boolean;
}

/** @param index of the backup, as readYaml gives it @param beside backup.yaml of its instance, of which the index of old ones has no copy @throws ApiError BAD_REQUEST */
export function readBackup(index: unknown, beside: unknown): BackedUp {
  const { pool, optimized, type, snapshots, config: inner } = parse("index.yaml", Index, index);
  if (type !== "" && type !== "container")
    throw badRequest(`Cannot import backup: it is of the type "${type}". Send one of a container.`);
  const where = inner === undefined || inner === null ? "backup.yaml" : "index.yaml";
  const whole = readWhole(where, inner ?? beside);
  // The files of those that the index does not name are not there.
  const isThere = ({ name }: BackedUpSnapshot) => snapshots.includes(name);
  return { ...whole, snapshots: whole.snapshots.filter(isThere), pool: pool || whole.pool, isOptimized: optimized };
}

/** Reads backup.yaml. @param name of the file, for errors @throws ApiError BAD_REQUEST */
export function readWhole(name: string, value: unknown): Omit<BackedUp, "isOptimized"> {
  const whole = parse(name, Whole, value);
  const { container, instance: newer, snapshots, pool } = whole;
  const instance = container ?? newer;
  if (instance === undefined || instance === null)
    throw badRequest(`Cannot import backup: its ${name} tells of no instance. Make it again.`);
  const names = new Set(snapshots.map((snapshot) => snapshot.name));
  if (names.size < snapshots.length)
    throw badRequest(`Cannot import backup: its ${name} has two snapshots of one name. Make it again.`);
  const ofVolume = (own: Config = {}): OfVolume => ({
    volumeConfig: Object.fromEntries(Object.entries(own).filter(([key]) => key.startsWith("user."))),
  });
  const volumeOf = new Map(whole.volume_snapshots.map((volume) => [volume.name, volume.config]));
  return {
    instance: { ...instance, ...ofVolume(whole.volume?.config) },
    snapshots: snapshots.map((snapshot) => ({ ...snapshot, ...ofVolume(volumeOf.get(snapshot.name)) })),
    pool: pool.name,
  };
}

/** Which ids the files of a part have: those of the container itself, or a range of its host. */
export interface FileIds {
  readonly first: number;
  readonly count: number;
}

const Mapping = z.array(
  z.object({
    Isuid: z.boolean(),
    Isgid: z.boolean(),
    Hostid: z.number().int().min(0),
    Nsid: z.number().int().min(0),
    Maprange: z.number().int().min(1),
  }),
);

/** The last id that there is stands for none. */
const lastId = 2 ** 32 - 2;

/** @param text of the key @param key that tells of it, for errors @returns nothing where files have the container's own ids @throws ApiError BAD_REQUEST for several ranges */
export function fileIds(text: string | undefined, key = diskIdsKey): FileIds | undefined {
  if (text === undefined || text === "") return undefined;
  const refuse = (cause: string): ApiError =>
    badRequest(`Cannot import backup: its ${key} ${cause}. Make it again of an instance without raw.idmap.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse("is no JSON");
  }
  if (value === null) return undefined;
  const found = Mapping.safeParse(value);
  if (!found.success) throw refuse("is no map of ids");
  if (found.data.length === 0) return undefined;
  const uids = found.data.filter(({ Isuid }) => Isuid);
  const gids = found.data.filter(({ Isgid }) => Isgid);
  const [uid] = uids;
  const [gid] = gids;
  const isOneRange =
    uids.length === 1 &&
    gids.length === 1 &&
    uid?.Nsid === 0 &&
    gid?.Nsid === 0 &&
    uid.Hostid === gid.Hostid &&
    uid.Hostid > 0 &&
    uid.Hostid < lastId;
  if (!isOneRange) throw refuse("maps several ranges of ids");
  const count = Math.min(uid.Maprange, gid.Maprange, lastId - uid.Hostid);
  return { first: uid.Hostid, count };
}
