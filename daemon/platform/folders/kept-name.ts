/** Kept name: what gives way to something else is kept beside it, under a name that tells when. */
import { lstatSync } from "node:fs";
import { stampOf } from "../time";

/**
 * A name that nothing has yet: what is put aside twice in one second must not replace what was put aside first, as a rename would.
 * @param mark such as ".aside-" @param tails what else takes its name from this one, such as "-wal"
 * @returns such as "bothy.db.aside-2026-11-26T04-00-00Z", or with "-2" after it
 */
export function keptName(file: string, mark: string, tails: readonly string[] = [""]): string {
  const name = `${file}${mark}${stampOf(new Date())}`;
  const isTaken = (kept: string) => tails.some((tail) => lstatSync(kept + tail, { throwIfNoEntry: false }));
  if (!isTaken(name)) return name;
  for (let count = 2; ; count++) if (!isTaken(`${name}-${count}`)) return `${name}-${count}`;
}
