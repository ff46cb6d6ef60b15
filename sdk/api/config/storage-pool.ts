/** Configuration keys of storage pools, by driver; every key here has an effect. */
import path from "node:path";
import type { KeyRow, ValueType } from "./table";
import { anyText, oneLine, size } from "./values";

const absolutePath: ValueType = (value) => (path.isAbsolute(value) ? oneLine(value) : "it must be an absolute path");

const common: readonly KeyRow[] = [
  {
    key: "source",
    type: absolutePath,
    live: false,
    doc: "Empty folder that holds the pool; for btrfs it lies on btrfs or is a block device, which is formatted. Made by the daemon when unset.",
  },
  { key: "user.", type: anyText, live: true, doc: "Free for the user." },
  { key: "volatile.", type: anyText, live: false, doc: "State that the daemon keeps for itself." },
];

const btrfs: readonly KeyRow[] = [
  {
    key: "size",
    type: size,
    live: false,
    doc: "Size of the image file that is made when there is no source; it takes space as it fills.",
  },
  { key: "btrfs.mount_options", type: oneLine, live: false, doc: "Options of the mount." },
];

export const storagePoolKeys: Readonly<Record<string, readonly KeyRow[]>> = {
  btrfs: [...common, ...btrfs],
  dir: common,
  overlay: common,
};
