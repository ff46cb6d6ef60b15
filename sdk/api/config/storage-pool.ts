/** Configuration keys of storage pools, by driver; every key here has an effect. */
import { readerOf } from "./reader";
import { lvmVolumeKeys, poolDefaultKeys, zfsVolumeKeys } from "./storage-volume";
import { grouped, type KeyRow, type KeyTable, type ValueType } from "./table";
import { absolutePath, anyText, bool, integer, oneLine, size, text } from "./values";

const since = "0.1.0";

const sourceDoc =
  "Empty folder that holds the pool. That of a btrfs pool lies on btrfs, or is a block device, which is formatted. That of a pool of LVM is a block device, on which a volume group is made, or the name of a volume group that is there. That of a zfs pool is an empty pool or data set of ZFS, such as `tank/containers`, or a block device.";

const place = grouped("place", {
  source: {
    type: absolutePath,
    unset: "made by the daemon",
    computed: true,
    applies: "at creation",
    since,
    extension: "storage",
    example: "/srv/containers",
    doc: sourceDoc,
  },
});

const image = grouped("place", {
  size: {
    type: size,
    unset: "30GiB for an image file, or 80% of the free space if that is less",
    computed: true,
    applies: "now",
    since,
    extension: "storage",
    example: "20GiB",
    doc: "Size of the image file that holds a btrfs, LVM or zfs pool without a `source`. The file takes space as it fills, and the pool can be made larger. Where the state folder lies on btrfs, a btrfs pool with neither needs no such file.",
  },
});

const mount = grouped("btrfs", {
  "btrfs.mount_options": {
    type: oneLine,
    default: "user_subvol_rm_allowed",
    applies: "now",
    since,
    extension: "storage_btrfs_mount_options",
    example: "compress=zstd",
    doc: "Options of the pool's mount, separated by commas. What is taken away counts from the next mount on.",
  },
});

const lvmPlace = grouped("place", {
  source: {
    ...place.source,
    type: text("absolute path, or name of a volume group", (value) =>
      value.includes("/") ? absolutePath.check(value) : oneLine.check(value),
    ),
  },
});

const group = grouped("lvm", {
  "lvm.vg_name": {
    type: oneLine,
    unset: "the name of the pool, or its `source`",
    computed: true,
    applies: "at creation",
    since,
    extension: "storage",
    example: "containers",
    doc: "Name of the volume group.",
  },
  "lvm.thinpool_name": {
    type: oneLine,
    default: "LXDThinPool",
    computed: true,
    applies: "at creation",
    since,
    extension: "storage",
    example: "thin",
    doc: "Thin pool that holds all volumes. It is made of all that is free in the volume group when it is not there.",
  },
  "lvm.thinpool_metadata_size": {
    type: size,
    unset: "what LVM takes",
    applies: "at creation",
    since,
    extension: "storage_lvm_thinpool_metadata_size",
    example: "1GiB",
    doc: "Size of the metadata of a thin pool that is made.",
  },
  "lvm.use_thinpool": {
    type: bool,
    default: "true",
    applies: "at creation",
    since,
    extension: "storage_lvm_use_thinpool",
    example: "true",
    doc: "Whether volumes are in a thin pool. Only `true` is taken.",
  },
  "lvm.vg.force_reuse": {
    type: bool,
    default: "false",
    applies: "at creation",
    since,
    extension: "storage",
    example: "true",
    doc: "Whether a volume group or a thin pool is taken that another pool has, or that holds volumes.",
  },
});

const stripes = grouped("lvm", {
  "volume.lvm.stripes": {
    type: integer(1, 128),
    unset: "1",
    applies: "at creation",
    since,
    extension: "storage_lvm_stripes",
    example: "2",
    doc: "Disks of the volume group that a thin pool which is made lies across.",
  },
  "volume.lvm.stripes.size": {
    type: size,
    unset: "64KiB",
    applies: "at creation",
    since,
    extension: "storage_lvm_stripes",
    example: "256KiB",
    doc: "How much of such a thin pool lies on one disk before the next one: a power of 2, of 4KiB or more.",
  },
});

const zfsPlace = { ...image, source: { ...place.source, type: oneLine } } satisfies KeyTable;

/** How a zfs pool copies: by a clone, byte by byte, or what differs from the image. */
const cloneCopy: ValueType<boolean | "rebase"> = {
  title: "true, false or rebase",
  check: (text) =>
    text === "rebase" || bool.check(text) === undefined ? undefined : "it must be true, false or rebase",
  parse: (text) => (text === "rebase" ? text : bool.parse(text)),
};

const zfsKeys = grouped("zfs", {
  "zfs.pool_name": {
    type: oneLine,
    unset: "the pool's name",
    computed: true,
    applies: "at creation",
    since,
    extension: "storage",
    example: "tank/containers",
    doc: "Name of the pool or data set of ZFS.",
  },
  "zfs.clone_copy": {
    type: cloneCopy,
    default: "true",
    applies: "now",
    since,
    extension: "storage_zfs_clone_copy",
    example: "false",
    doc: "Whether a copy of a container or a custom volume is a clone, which shares what both have. With `false` it is sent and received byte by byte, and with `rebase` what it does not share with its image is. What is made of an image is a clone always.",
  },
  "zfs.export": {
    type: bool,
    default: "true",
    applies: "now",
    since,
    extension: "storage_zfs_export",
    example: "false",
    doc: "Whether the pool of ZFS is exported when the daemon stops with its containers. One that was there before the storage pool never is.",
  },
});

const rsync = grouped("rsync", {
  "rsync.bwlimit": {
    type: size,
    unset: "no bound",
    applies: "now",
    since,
    extension: "storage_rsync_bwlimit",
    example: "10MB",
    doc: "How many bytes a second rsync sends of an instance of this pool to another server.",
  },
  "rsync.compression": {
    type: bool,
    default: "true",
    applies: "now",
    since,
    extension: "storage_rsync_compression",
    example: "false",
    doc: "Whether rsync compresses what goes between this pool and another server. The other side has its say too.",
  },
});

const user = grouped("user", {
  "user.*": { type: anyText, secret: true, applies: "now", since, example: "fast", doc: "Free for the user." },
});

const volatile = grouped("volatile", {
  "volatile.initial_source": {
    type: anyText,
    computed: true,
    applies: "at creation",
    since,
    extension: "storage_volatile_initial_source",
    example: "/dev/sdb",
    doc: "Block device that the daemon formatted for the pool.",
  },
  "volatile.*": {
    type: anyText,
    computed: true,
    applies: "at creation",
    since,
    example: "1",
    doc: "Any other key that a server keeps for itself.",
  },
});

const docOf = (key: string): string =>
  key === "size"
    ? "How much a new volume can hold: a custom volume that is made without a size, or the root of a container, whose own disk says nothing of it. Volumes that are there keep what they have."
    : `\`${key}\` of custom volumes that are made without one.`;

type Defaults<Rows extends KeyTable> = { readonly [Key in keyof Rows & string as `volume.${Key}`]: Rows[Key] };

/** Defaults of the volumes that are made from then on. @param only says what else a default is for */
const defaultsOf = <const Rows extends KeyTable>(
  rows: Rows,
  docFor: (key: string, row: KeyRow) => string,
): Defaults<Rows> =>
  Object.fromEntries(
    Object.entries(rows).map(([key, { computed: _, ...row }]) => [
      `volume.${key}`,
      { ...row, group: "volume", applies: "now", doc: docFor(key, row) },
    ]),
  ) as unknown as Defaults<Rows>;

const volume = defaultsOf(poolDefaultKeys, docOf);

/** What a driver's own keys are of volumes that have none of their own: roots of containers, images, and custom volumes made from then on. */
const ownDefaultsOf = <const Rows extends KeyTable>(rows: Rows): Defaults<Rows> =>
  defaultsOf(
    rows,
    (key, { doc }) =>
      `\`${key}\` of roots of containers, of images, and of custom volumes that are made without one. ${doc}`,
  );

const btrfs = { ...place, ...image, ...volume, ...mount, ...rsync, ...user, ...volatile } satisfies KeyTable;
const plain = { ...place, ...volume, ...rsync, ...user, ...volatile } satisfies KeyTable;

const lvm = {
  ...lvmPlace,
  ...image,
  ...volume,
  ...ownDefaultsOf(lvmVolumeKeys),
  ...stripes,
  ...group,
  ...rsync,
  ...user,
  ...volatile,
} satisfies KeyTable;

const zfs = {
  ...zfsPlace,
  ...volume,
  ...ownDefaultsOf(zfsVolumeKeys),
  ...zfsKeys,
  ...rsync,
  ...user,
  ...volatile,
} satisfies KeyTable;

export const storagePoolKeys: Readonly<Record<string, KeyTable>> = { zfs, btrfs, dir: plain, lvm, overlay: plain };

/** Reads the configuration of a storage pool of any driver. */
export const storagePoolConfig = readerOf({ ...zfs, ...lvm, ...btrfs });
