/** Configuration keys of custom storage volumes; every key here has an effect. */
import { readerOf } from "./reader";
import { volumeSchedule } from "./schedule";
import { grouped, type KeyTable, type ValueType } from "./table";
import { anyText, bool, expiry, integer, oneLine, oneOf, parseSize, size, text } from "./values";

const since = "0.1.0";

const place = grouped("size", {
  size: {
    type: size,
    unset: "no bound; 10GiB for a block volume",
    computed: true,
    applies: "now",
    since,
    extension: "storage",
    example: "10GiB",
    doc: "How much the volume may hold, in a pool that can bound it. The size of a block volume, which can grow but not shrink.",
  },
});

/** Four digits at most, such as 0750, as chmod(1) reads them. */
const mode = text("mode in octal digits such as 0750", (value) =>
  /^0?[0-7]{1,4}$/.test(value) ? undefined : "it must be octal digits such as 0750",
);

const initial = grouped("initial", {
  "initial.uid": {
    type: integer(0, 2 ** 32 - 2),
    unset: "0",
    computed: true,
    applies: "at creation",
    since,
    extension: "storage_initial_owner",
    example: "1000",
    doc: "User that the folder of a new volume belongs to, as containers see it. A volume that is a copy or comes of a backup keeps its owner.",
  },
  "initial.gid": {
    type: integer(0, 2 ** 32 - 2),
    unset: "0",
    computed: true,
    applies: "at creation",
    since,
    extension: "storage_initial_owner",
    example: "1000",
    doc: "Group of that folder, as `initial.uid`.",
  },
  "initial.mode": {
    type: mode,
    unset: "0711",
    computed: true,
    applies: "at creation",
    since,
    extension: "storage_initial_owner",
    example: "0750",
    doc: "Mode of that folder, in octal digits.",
  },
});

const security = grouped("security", {
  "security.shifted": {
    type: bool,
    unset: "false",
    computed: true,
    applies: "now",
    since,
    extension: "storage_shifted",
    example: "true",
    doc: "Whether several containers can share the files. Every container sees the owners of the files as its own users here whatever the value is, by an id-mapped mount of its own, so this is for servers that need to be told.",
  },
  "security.unmapped": {
    type: bool,
    unset: "false",
    computed: true,
    applies: "next start",
    since,
    extension: "storage_unmapped",
    example: "true",
    doc: "Whether containers see the owners of the files as the host has them, without an id map. An unprivileged container then sees them as nobody.",
  },
});

const snapshots = grouped("snapshots", {
  "snapshots.expiry": {
    type: expiry,
    unset: "never",
    computed: true,
    applies: "now",
    since,
    extension: "custom_volume_snapshot_expiry",
    example: "1w 2d",
    doc: "How long a snapshot is kept that is made without a time of its own. Units are `S`, `M`, `H`, `d`, `w`, `m`, `y`.",
  },
  "snapshots.pattern": {
    type: anyText,
    unset: "snap%d",
    computed: true,
    applies: "now",
    since,
    extension: "volume_snapshot_scheduling",
    example: '{{ creation_date|date:"2006-01-02" }}-%d',
    doc: "Name of a snapshot that is made without a name. `%d` counts, and `creation_date` is its time.",
  },
  "snapshots.schedule": {
    type: volumeSchedule,
    unset: "never",
    computed: true,
    applies: "now",
    since,
    extension: "volume_snapshot_scheduling",
    example: "0 3 * * *",
    doc: "When snapshots are made on their own: minute, hour, day of the month, month and day of the week as in a crontab, or a word such as `@daily`. Several are separated by `, `.",
  },
});

/** Of volumes of files in a pool of LVM. */
export const lvmVolumeKeys = grouped("block", {
  "block.filesystem": {
    type: oneOf("ext4", "xfs", "btrfs"),
    unset: "ext4",
    computed: true,
    applies: "at creation",
    since,
    extension: "storage_block_filesystem_btrfs",
    example: "xfs",
    doc: "File system of a volume in a pool of `lvm`. A copy that is given another one is made file by file.",
  },
  "block.mount_options": {
    type: oneLine,
    unset: "discard",
    computed: true,
    applies: "now",
    since,
    extension: "storage_lvm_mount_options",
    example: "noatime,discard",
    doc: "Options of the mount of a volume in a pool of `lvm`, separated by commas. With `discard` what is removed in it is room in the pool at once. What is taken away counts from the next mount on, and what the kernel keeps of each mount (such as `noatime`) in a running container from its next start on.",
  },
});

/** LXD's bounds of the blocks of ZFS. */
const blockSize: ValueType<number> = {
  ...size,
  title: "size between 512 bytes and 16MiB, a power of 2",
  check: (text) => {
    const bytes = parseSize(text);
    const isPower = bytes !== undefined && Number.isInteger(Math.log2(bytes));
    return isPower && bytes >= 512 && bytes <= 16 * 2 ** 20
      ? undefined
      : "Value should be between 512 and 16MiB, and be power of 2";
  },
};

/** Of volumes in a pool of ZFS. */
export const zfsVolumeKeys = grouped("zfs", {
  "zfs.blocksize": {
    type: blockSize,
    unset: "128KiB",
    computed: true,
    applies: "now",
    since,
    extension: "storage_zfs_blocksize",
    example: "16KiB",
    doc: "Size of the largest blocks of files in a volume of a `zfs` pool: a power of 2 between 512 bytes and 16MiB. It counts for files that are written from then on.",
  },
  "zfs.remove_snapshots": {
    type: bool,
    unset: "false",
    computed: true,
    applies: "now",
    since,
    extension: "storage_zfs_remove_snapshots",
    example: "true",
    doc: "Whether a restore of a volume of a `zfs` pool may remove newer snapshots. It needs none removed here: they stay, whatever the value is.",
  },
  "zfs.reserve_space": {
    type: bool,
    unset: "false",
    computed: true,
    applies: "now",
    since,
    extension: "storage_zfs_reserve_space",
    example: "true",
    doc: "Whether a volume of a `zfs` pool that has a size has that much of the pool for itself.",
  },
  "zfs.use_refquota": {
    type: bool,
    unset: "false",
    computed: true,
    applies: "now",
    since,
    extension: "storage_zfs_use_refquota",
    example: "true",
    doc: "Whether the size of a volume of a `zfs` pool bounds what can be seen in it (`refquota`), rather than what it alone takes with its snapshots (`quota`).",
  },
});

const user = grouped("user", {
  "user.*": { type: anyText, secret: true, applies: "now", since, example: "backup", doc: "Free for the user." },
});

const volatile = grouped("volatile", {
  "volatile.*": {
    type: anyText,
    computed: true,
    applies: "now",
    since,
    example: "1",
    doc: "A key that a server keeps for itself.",
  },
});

/** Keys for which a pool of any driver has a default, `volume.KEY`. */
export const poolDefaultKeys = { ...place, ...initial, ...security, ...snapshots } satisfies KeyTable;

/** Of a volume that is a file system, in a pool of any driver. */
export const filesystemVolumeKeys = {
  ...poolDefaultKeys,
  ...lvmVolumeKeys,
  ...zfsVolumeKeys,
  ...user,
  ...volatile,
} satisfies KeyTable;

const { "zfs.blocksize": blocksize, "zfs.remove_snapshots": removal } = zfsVolumeKeys;

/** Of a volume that is a block device's content: it has no owners of files, and is a file of its size that nothing else bounds. */
export const blockVolumeKeys = {
  ...place,
  ...snapshots,
  "zfs.blocksize": blocksize,
  "zfs.remove_snapshots": removal,
  ...user,
  ...volatile,
} satisfies KeyTable;

/** Keys that volumes of one driver have, by the driver. */
const driverVolumeKeys: Readonly<Record<string, KeyTable>> = { lvm: lvmVolumeKeys, zfs: zfsVolumeKeys };

/** Drivers whose volumes have a key; empty for one that those of all have, or none. */
export const driversOfVolumeKey = (key: string): string[] =>
  Object.keys(driverVolumeKeys).filter((driver) => Object.hasOwn(driverVolumeKeys[driver] ?? {}, key));

/** Reads the configuration of a custom volume of either content. */
export const storageVolumeConfig = readerOf(filesystemVolumeKeys);
