/** Keys of an instance's snapshots. */

import { instanceSchedule } from "../schedule";
import { grouped } from "../table";
import { anyText, bool, expiry } from "../values";

const since = "0.1.0";

export const snapshotKeys = grouped("snapshots", {
  "snapshots.expiry": {
    type: expiry,
    unset: "never",
    applies: "now",
    since,
    extension: "snapshot_expiry",
    example: "1w 2d",
    doc: "How long a snapshot is kept that is made without a time of its own. Units are `S`, `M`, `H`, `d`, `w`, `m`, `y`.",
  },
  "snapshots.pattern": {
    type: anyText,
    default: "snap%d",
    applies: "now",
    since,
    extension: "snapshot_scheduling",
    example: '{{ creation_date|date:"2006-01-02" }}-%d',
    doc: "Name of a snapshot that is made without a name. `%d` counts, and `creation_date` is its time.",
  },
  "snapshots.schedule": {
    type: instanceSchedule,
    unset: "never",
    applies: "now",
    since,
    extension: "snapshot_scheduling",
    example: "0 3 * * *",
    doc: "When snapshots are made on their own: minute, hour, day of the month, month and day of the week as in a crontab, or a word such as `@daily`. Several are separated by `, `. `@startup` is each start, and `@never` takes the place of what a profile says.",
  },
  "snapshots.schedule.stopped": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "snapshot_scheduling",
    example: "true",
    doc: "Whether `snapshots.schedule` counts for the instance while it is stopped.",
  },
});
