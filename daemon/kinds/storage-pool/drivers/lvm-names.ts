/**
 * LVM names: what a volume is called among the logical volumes of its pool, as LXD calls it:
 *
 *     containers_web            the root of an instance; images_FINGERPRINT that of an image, custom_default_data a custom volume
 *     containers_web-snap0      a snapshot; a dash of a name itself is doubled
 *     partial_HEX, ready_HEX    unfinished work
 *
 * LVM takes letters, digits and "+_.-" only, and keeps some words for itself (lvm(8), Valid Names): what it does not take is written as "+" and the
 * two hexadecimal digits of each byte.
 */
import { badRequest } from "../../../../sdk/api/errors";
import type { Volume, VolumeFolder } from "../driver";

const prefixes: Readonly<Record<VolumeFolder, string>> = {
  containers: "containers_",
  "containers-snapshots": "containers_",
  images: "images_",
  custom: "custom_",
  "custom-snapshots": "custom_",
};

/** Types by prefix: of a volume itself, and of a snapshot of it. */
const types: readonly [string, VolumeFolder, VolumeFolder | undefined][] = [
  ["containers_", "containers", "containers-snapshots"],
  ["images_", "images", undefined],
  ["custom_", "custom", "custom-snapshots"],
];

/** Parts of names that LVM gives to what it makes for itself. */
const reserved =
  /_(?=cdata|cmeta|corig|cpool|cvol|imeta|iorig|mimage|mlog|pmspare|rimage|rmeta|tdata|tmeta|tpool|vdata|vmeta|vorigin|vpool|wcorig)(.)/g;

/** The device mapper's name of a logical volume, volume group included, and LVM's own of either. */
const maxBytes = 127;

const hex = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `+${byte.toString(16).padStart(2, "0")}`).join("");

const escaped = (text: string): string => text.replace(/[^A-Za-z0-9_.-]/gu, hex).replaceAll("-", "--");

/** Name of a volume among the logical volumes. */
export function lvNameOf({ type, name }: Volume): string {
  const slash = name.indexOf("/");
  const [owner, snapshot] = slash < 0 ? [name, undefined] : [name.slice(0, slash), name.slice(slash + 1)];
  // A dash at its beginning would be read as one at the owner's end.
  const tail = snapshot === undefined ? "" : `-${escaped(snapshot).replace(/^--/, hex("-"))}`;
  return (prefixes[type] + escaped(owner) + tail).replace(reserved, (_, letter: string) => `_${hex(letter)}`);
}

/** The other way round; nothing for a logical volume that is none of a pool's volumes. */
export function volumeOfLv(lv: string): Volume | undefined {
  for (const [prefix, own, snapshots] of types) {
    if (!lv.startsWith(prefix)) continue;
    const [owner = "", snapshot, ...more] = partsOf(lv.slice(prefix.length));
    if (owner === "" || snapshot === "" || more.length > 0) return undefined;
    if (snapshot === undefined) return { type: own, name: owner };
    return snapshots && { type: snapshots, name: `${owner}/${snapshot}` };
  }
  return undefined;
}

/** Splits at single dashes. */
function partsOf(text: string): string[] {
  const parts: number[][] = [[]];
  for (const [word] of text.matchAll(/--|-|\+[0-9a-f]{2}|./gsu)) {
    if (word === "-") parts.push([]);
    else parts.at(-1)?.push(...bytesOf(word));
  }
  return parts.map((bytes) => Buffer.from(bytes).toString());
}

const bytesOf = (word: string): number[] =>
  word === "--" ? [0x2d] : /^\+../.test(word) ? [Number.parseInt(word.slice(1), 16)] : [...Buffer.from(word)];

/** Name of a logical volume as the device mapper has it. */
export const mapped = (vg: string, lv: string): string => `${vg.replaceAll("-", "--")}-${lv.replaceAll("-", "--")}`;

/** Device of an active logical volume. */
export const deviceOf = (vg: string, lv: string): string => `/dev/mapper/${mapped(vg, lv)}`;

/** @throws ApiError BAD_REQUEST for a volume whose name does not fit into one of LVM */
export function requireName(vg: string, volume: Volume): string {
  const lv = lvNameOf(volume);
  if (lv.length > maxBytes || mapped(vg, lv).length > maxBytes)
    throw badRequest(
      `Cannot make volume "${volume.name}" in the volume group "${vg}": its name is too long for LVM. Choose a shorter one.`,
    );
  return lv;
}

/** @returns what is wrong with the name of a volume group or a thin pool, or nothing */
export const wrongName = (name: string): string | undefined =>
  /^[A-Za-z0-9_.+][A-Za-z0-9_.+-]*$/.test(name) && name !== "." && name !== ".." && name.length <= 60
    ? undefined
    : `"${name}" is no name for LVM: it takes up to 60 letters, digits and "+_.-"`;

const partialPrefix = "partial_";
const readyPrefix = "ready_";

/** Name of a logical volume for unfinished work. @param id hexadecimal */
export const partialLv = (id: string): string => partialPrefix + id;

/** Name of a logical volume that is to take another's place. */
export const readyLv = (id: string): string => readyPrefix + id;

export const isPartial = (lv: string): boolean => lv.startsWith(partialPrefix);
export const isReady = (lv: string): boolean => lv.startsWith(readyPrefix);
export const isUnfinished = (lv: string): boolean => isPartial(lv) || isReady(lv);
