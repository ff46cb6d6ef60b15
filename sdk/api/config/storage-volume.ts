/** Configuration keys of custom storage volumes; every key here has an effect. */
import { readerOf } from "./reader";
import { volumeSchedule } from "./schedule";
import { grouped, type KeyTable } from "./table";
import { anyText, bool, expiry, size } from "./values";

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

/** Keys for which a pool has a default, `volume.KEY`. */
export const poolDefaultKeys = { ...place, ...security, ...snapshots } satisfies KeyTable;

/** Of a volume that is a file system. */
export const filesystemVolumeKeys = { ...poolDefaultKeys, ...user, ...volatile } satisfies KeyTable;

/** Of a volume that is a block device's content: it has no owners of files. */
export const blockVolumeKeys = { ...place, ...snapshots, ...user, ...volatile } satisfies KeyTable;

/** Reads the configuration of a custom volume of either content. */
export const storageVolumeConfig = readerOf(filesystemVolumeKeys);
