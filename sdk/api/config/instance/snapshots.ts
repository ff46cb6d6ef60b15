/** Keys of an instance's snapshots. */
import { grouped } from "../table";
import { anyText, expiry } from "../values";

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
});
