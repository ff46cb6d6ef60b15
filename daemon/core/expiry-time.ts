/** Expiry time: when what is made now expires by a key such as snapshots.expiry: "1M 2H 3d 4w 5m 6y" (docs/lxd-api.md, Instances). */

/** Upper case below a day, lower case above. */
const steps: Readonly<Record<string, (date: Date, count: number) => void>> = {
  S: (date, count) => date.setTime(date.getTime() + count * 1000),
  M: (date, count) => date.setTime(date.getTime() + count * 60_000),
  H: (date, count) => date.setTime(date.getTime() + count * 3_600_000),
  d: (date, count) => date.setDate(date.getDate() + count),
  w: (date, count) => date.setDate(date.getDate() + 7 * count),
  m: (date, count) => date.setMonth(date.getMonth() + count),
  y: (date, count) => date.setFullYear(date.getFullYear() + count),
};

/** The last moment that times on the wire can have (RFC 3339). */
const lastMoment = Date.UTC(9999, 11, 31, 23, 59, 59);

/** @param expiry a checked value of such a key @returns milliseconds since 1970 */
export function expiryTime(expiry: string, now: Date): number {
  const date = new Date(now);
  for (const [, count, unit] of expiry.matchAll(/(\d+)([SMHdwmy])/g)) steps[unit ?? ""]?.(date, Number(count));
  const at = date.getTime();
  return Number.isNaN(at) || at > lastMoment ? lastMoment : at;
}
