/** Pack progress: what an operation tells of bytes that are being packed, often enough to be seen and no oftener. */
import type { RunningOperation } from "../operations";

const everyMs = 500;
/** What is done sooner needs no word of how far it is. */
const firstMs = 5000;

/**
 * @param stage such as "create_backup" @param label that the text begins with, such as "Backup"
 * @returns takes the number of bytes of each chunk
 */
export function packProgress(operation: RunningOperation, stage: string, label: string): (bytes: number) => void {
  const begunAt = Date.now();
  let toldAt = begunAt + firstMs - everyMs;
  let total = 0;
  return (bytes) => {
    total += bytes;
    const now = Date.now();
    if (now - toldAt < everyMs) return;
    toldAt = now;
    const perSecond = (total * 1000) / (now - begunAt);
    operation.update({
      progress: { stage, percent: "0", processed: String(total), speed: String(Math.round(perSecond)) },
      [`${stage}_progress`]: `${label}: ${inUnits(total)} (${inUnits(perSecond)}/s)`,
    });
  };
}

const units = ["B", "kB", "MB", "GB", "TB"];

function inUnits(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000;
  return `${value.toFixed(unit === 0 ? 0 : 2)}${units[unit]}`;
}
