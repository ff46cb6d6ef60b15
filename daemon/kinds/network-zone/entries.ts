/** Entries of a record: what DNS says by them, and which can be none. */
import type { Answer } from "dns-packet";
import { badRequest } from "../../../sdk/api/errors";
import { apex, type NetworkZoneRecordEntry } from "../../../sdk/api/network-zone-record";
import { entryData, entryTypes } from "../../../sdk/api/zone-entry";

/** LXD's, for what says none. */
export const usualTtl = 300;

/** Whole name of what a record is about. */
export const ownerOf = (zone: string, record: string): string => (record === apex ? zone : `${record}.${zone}`);

/** What DNS says by an entry of a zone. @returns nothing of one that cannot be read, as a damaged one */
export function answerOf(
  zone: string,
  record: string,
  { type, ttl, value }: NetworkZoneRecordEntry,
): Answer | undefined {
  const data = entryData(zone, type.toUpperCase(), value);
  if (data === undefined) return undefined;
  const name = ownerOf(zone, record);
  return { name, type: type.toUpperCase(), ttl: ttl || usualTtl, data } as Answer;
}

/** @throws ApiError BAD_REQUEST that says which entry cannot be */
export function requireEntries(entries: readonly NetworkZoneRecordEntry[]): void {
  const known = new Set<string>();
  for (const entry of entries) {
    const type = entry.type.toUpperCase();
    if (!entryTypes.includes(type))
      throw badRequest(
        `Bad zone record entry: dns: unknown RR type: ${JSON.stringify(entry.type)}. Known are ${entryTypes.join(", ")}.`,
      );
    if (entryData("zone", type, entry.value) === undefined)
      throw badRequest(
        `Bad zone record entry: dns: bad ${type} ${type}: ${JSON.stringify(entry.value)}. Write it as a zone file has it.`,
      );
    const key = `${type} ${entry.value}`;
    if (known.has(key)) throw badRequest(`Duplicate record for type "${entry.type}" and value "${entry.value}"`);
    known.add(key);
  }
}
