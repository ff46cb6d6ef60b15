/**
 * ZFS names: which data set or snapshot a volume is, and what `zfs list` tells of them; LXD's layout below the pool's own data set.
 *
 *     containers/N  custom/N              volumes, each mounted at its folder
 *     images/F                            images; what is made of one is a clone of its snapshot "readonly"
 *     containers/N@snapshot-S             snapshots, mounted at their folders too
 *     deleted/TYPE/ID                     what is gone, and still has snapshots that somebody needs
 *     partial/ID, partial/ready:-TYPE:-N  unfinished work
 *
 * A snapshot of an instance may be the snapshot of another data set: it has been renamed before its instance, it came with a copy or a backup,
 * or its instance was put back. Its property "bothy:volume" says whose it is then.
 */

import { storagePoolConfig } from "../../../../sdk/api/config/storage-pool";
import { badRequest } from "../../../../sdk/api/errors";
import type { PoolPlace, Volume, VolumeFolder } from "../driver";
import { folderOf } from "./volume-folder";

/** User property of a snapshot: the volume that it is. */
export const volumeProperty = "bothy:volume";

/** Folders of data sets with volumes. */
const heads = ["containers", "custom", "images"] as const;
type Head = (typeof heads)[number];

export const deletedSet = "deleted";
export const partialSet = "partial";
const readyMark = "ready:-";
const snapshotMark = "snapshot-";
const imageSnapshot = "readonly";

/** All data sets that hold others, parents first. */
export const parentSets: readonly string[] = [
  ...heads,
  deletedSet,
  ...heads.map((head) => `${deletedSet}/${head}`),
  partialSet,
];

/** Longest name of a data set with a snapshot's. */
const maxName = 255;

/** The pool's own data set: a whole pool of ZFS, or a part of one. */
export function rootSet({ name, config }: Pick<PoolPlace, "name" | "config">): string {
  const set = storagePoolConfig(config);
  const source = set.get("source");
  return set.get("zfs.pool_name") || (source && !source.startsWith("/") ? source : name);
}

/** A name as a part of a data set's name: bytes that ZFS does not take are written as ":" and two digits. */
export const partOf = (name: string): string =>
  [...Buffer.from(name)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9_.-]/.test(character) ? character : `:${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");

/** The other way round. */
export function nameOfPart(part: string): string {
  const bytes = part.split(/(:[0-9a-f]{2})/).flatMap((piece) => {
    const [, hex] = /^:([0-9a-f]{2})$/.exec(piece) ?? [];
    return hex === undefined ? [...Buffer.from(piece)] : [Number.parseInt(hex, 16)];
  });
  return Buffer.from(bytes).toString("utf8");
}

/** The folder of data sets that a type's volumes, or those that they are snapshots of, lie in. */
export const headOf = (type: VolumeFolder): Head => type.replace("-snapshots", "") as Head;

/** Data set of a volume, or of what it is a snapshot of. @throws ApiError INTERNAL for a name that is none, BAD_REQUEST for a long one */
export function setOf(pool: PoolPlace, volume: Volume): string {
  folderOf(pool, volume);
  const [owner = ""] = volume.name.split("/");
  return checked(`${rootSet(pool)}/${headOf(volume.type)}/${partOf(owner)}`, volume);
}

/** Full name of a snapshot's usual place. */
export const snapshotSetOf = (pool: PoolPlace, volume: Volume): string =>
  checked(`${setOf(pool, volume)}@${snapshotMark}${partOf(volume.name.split("/")[1] ?? "")}`, volume);

function checked(set: string, { name }: Volume): string {
  if (set.length <= maxName) return set;
  throw badRequest(
    `Cannot use volume "${name}": its name makes "${set}", and ZFS takes ${maxName} characters at most. Choose a shorter name.`,
  );
}

/** Data set that becomes a volume with the next step. */
export const readySetOf = (pool: PoolPlace, volume: Volume): string =>
  `${rootSet(pool)}/${partialSet}/${readyMark}${headOf(volume.type)}:-${partOf(volume.name)}`;

/** The snapshot of an image that its clones are made of. */
export const imageSnapshotOf = (set: string): string => `${set}@${imageSnapshot}`;

/** Whether a snapshot is that of an image, or was that of one that is gone. */
export const isOfImage = (snapshot: string): boolean => snapshot.endsWith(`@${imageSnapshot}`);

/** What the property of a snapshot says. */
export const propertyOf = ({ type, name }: Volume): string => [type, ...name.split("/").map(partOf)].join("/");

/** A data set or a snapshot of one, as `zfs list` tells of it. */
export interface Entry {
  /** Full name, such as "tank/containers/web@snapshot-s0". */
  readonly name: string;
  /** Its data set; of one that is no snapshot itself. */
  readonly set: string;
  /** Name of the data set below the pool's own, such as "containers/web". */
  readonly place: string;
  /** What stands after the "@". */
  readonly snapshot: string | undefined;
  /** The volume that it is, if it is one. */
  readonly volume: Volume | undefined;
  /** Whether something was cloned from it. */
  readonly hasClones: boolean;
  /** Whether ZFS removes it with its last clone. */
  readonly isGoing: boolean;
}

/** Columns of `zfs list` that `parseList` reads. */
export const listColumns = ["name", volumeProperty, "clones", "defer_destroy"].join(",");

/** Reads what `zfs list -H -p -r -t filesystem,snapshot -o COLUMNS ROOT` says: a line each, fields separated by tabs, "-" for none. */
export function parseList(root: string, text: string): Entry[] {
  return text
    .split("\n")
    .filter((line) => line.startsWith(`${root}/`))
    .map((line) => {
      const [name = "", property = "-", clones = "-", going = "-"] = line.split("\t");
      const [set = "", snapshot] = name.split("@");
      const place = set.slice(root.length + 1);
      const said = property === "-" ? undefined : property;
      return {
        name,
        set,
        place,
        snapshot,
        volume: snapshot === undefined ? volumeAt(place) : volumeOfSnapshot(place, snapshot, said),
        hasClones: clones !== "-" && clones !== "",
        isGoing: going === "on",
      };
    });
}

function volumeAt(place: string): Volume | undefined {
  const [head = "", part, ...more] = place.split("/");
  const type = heads.find((each) => each === head);
  return type === undefined || part === undefined || more.length > 0 ? undefined : { type, name: nameOfPart(part) };
}

function volumeOfSnapshot(place: string, snapshot: string, property: string | undefined): Volume | undefined {
  if (!snapshot.startsWith(snapshotMark)) return undefined;
  if (property !== undefined) return volumeOfProperty(property);
  const owner = volumeAt(place);
  if (owner === undefined || owner.type === "images") return undefined;
  return {
    type: owner.type === "custom" ? "custom-snapshots" : "containers-snapshots",
    name: `${owner.name}/${nameOfPart(snapshot.slice(snapshotMark.length))}`,
  };
}

function volumeOfProperty(property: string): Volume | undefined {
  const [type, owner, snapshot, ...more] = property.split("/");
  if ((type !== "containers-snapshots" && type !== "custom-snapshots") || !owner || !snapshot || more.length > 0)
    return undefined;
  return { type, name: `${nameOfPart(owner)}/${nameOfPart(snapshot)}` };
}

/** The volume that an unfinished data set becomes, when nothing but that is left to do. */
export function volumeOfReady({ place, snapshot }: Entry): Volume | undefined {
  const [folder, part = ""] = place.split("/");
  if (folder !== partialSet || snapshot !== undefined || !part.startsWith(readyMark)) return undefined;
  return volumeAt(part.slice(readyMark.length).replace(":-", "/"));
}

/** Whether a snapshot of ours is of nobody any more; its clones are another matter. Those that an administrator makes are not ours. */
export function isNobodys({ snapshot = "", volume, place }: Entry): boolean {
  if (volume !== undefined) return false;
  if (/^(copy|deleted)-/.test(snapshot)) return true;
  return place.startsWith(`${deletedSet}/`) && (snapshot === imageSnapshot || snapshot.startsWith(snapshotMark));
}
