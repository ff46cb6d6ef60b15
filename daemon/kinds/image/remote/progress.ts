/** Progress: how far a download is, in the words that LXD's clients show. */
import type { RunningOperation } from "../../../platform/operations";

/** How far a file is. */
export interface Position {
  readonly part?: "metadata" | "rootfs";
  readonly bytes: number;
  /** Of the whole file, where that is known. */
  readonly of?: number;
}

export type Tell = (position: Position) => void;

/** Each change of an operation goes to all its listeners. */
const everyMs = 250;

/**
 * Passes positions on as progress of operations, at most some times a second and at the end of a file.
 * @param each reaches the operations that wait for the download now
 */
export function progressOf(each: (update: (operation: RunningOperation) => void) => void): Tell {
  let part: Position["part"];
  let from = { bytes: 0, at: Date.now() };
  let toldAt = 0;
  return (position) => {
    const now = Date.now();
    if (position.part !== part || position.bytes < from.bytes) {
      part = position.part;
      from = { bytes: 0, at: now };
      // Each file is told of at once: a slow server may give no more for long.
      toldAt = 0;
    }
    const isWhole = position.bytes === position.of;
    if (!isWhole && now - toldAt < everyMs) return;
    toldAt = now;
    const speed = Math.round((position.bytes / Math.max(now - from.at, 1)) * 1000);
    const percent = position.of === undefined ? 0 : Math.floor((position.bytes / position.of) * 100);
    const amount = position.of === undefined ? sizeText(position.bytes) : `${percent}%`;
    const text = `${part === undefined ? "" : `${part}: `}${amount} (${sizeText(speed)}/s)`;
    each((operation) => operation.progress("download", percent, text, { processed: position.bytes, speed }));
  };
}

const units = ["B", "kB", "MB", "GB", "TB"];

/** As LXD writes sizes: 1.50MB. */
function sizeText(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return power === 0 ? `${bytes}B` : `${(bytes / 1000 ** power).toFixed(2)}${units[power]}`;
}
