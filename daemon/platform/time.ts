/** Times on the wire: RFC 3339 with nine digits of fraction, as Go prints them. */

/** @param at milliseconds since 1970 */
export const timeText = (at: number): string => new Date(at).toISOString().replace("Z", "000000Z");

export const nowText = (): string => timeText(Date.now());

/** A time as it is in names of files, such as "2026-11-26T04-00-00Z". */
export const stampOf = (at: Date): string =>
  at
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replaceAll(":", "-");

/** A longer timer would ring at once: Node counts in 31 bits. @param seconds less than none is none @returns milliseconds */
export const timerMs = (seconds: number): number => Math.max(0, Math.min(seconds * 1000, 2 ** 31 - 1));
