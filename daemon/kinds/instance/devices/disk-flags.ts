/** Disk flags: what the options of a disk are in the words of bothy-cell's mounts. */
import type { Device } from "../../../../sdk/api/common";
import { diskOptions, mayBeMissing, mountOptionsOf } from "../../../../sdk/api/devices/disk";

export function bindFlags(options: Device): string[] {
  const disk = diskOptions(options);
  return [
    disk.get("readonly") ? "ro" : "",
    disk.get("recursive") ? "rec" : "",
    mayBeMissing(options) ? "optional" : "",
    disk.get("shift") ? "shift" : "",
    // Of all that is mounted below, with or without the r; private is what a bind is by itself.
    disk
      .get("propagation")
      .replace(/^r(?=private|shared|slave|unbindable)/, "")
      .replace("private", ""),
    ...mountOptionsOf(options).mount,
  ];
}

/** Those that say something. */
export function flagsText(flags: readonly string[]): string {
  const given = flags.filter((flag) => flag !== "");
  return given.length === 0 ? "-" : given.join(",");
}
