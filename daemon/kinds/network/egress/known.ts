/**
 * Known addresses: what names had by the answers that guests were given, for as long as these count. A file keeps them for the next daemon: guests
 * go on to use what they were told.
 */
import { readFile, rename, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import path from "node:path";
import { meansName } from "../../../../sdk/api/egress";
import { ignoring } from "../../../platform/folders/files";
import type { EgressGroup } from "./scope";

export const egressFile = "egress.json";

/** A guest may ask and then be slow; of a name with many servers each answer is another part of them. */
const leastSeconds = 60;
const mostSeconds = 86_400;
/** What lies between the answer and the packet. */
const graceSeconds = 30;
/** Of one scope. Whoever owns a name that is allowed can have it answer with any number. */
const mostAddresses = 4096;
/** An answer of a cache has what was left of its time; what it adds is not worth a change of rules. */
const slackMs = 15_000;

/** By name and address: until when it counts, as Date.now() tells it. */
export type Known = Map<string, Map<string, number>>;

export interface TimedAddress {
  readonly address: string;
  /** Time to live of the answer. */
  readonly seconds: number;
}

/** @returns those that are new, or count longer than they did, with the moment at which they end; nothing when there are too many */
export function note(
  known: Known,
  name: string,
  addresses: readonly TimedAddress[],
  nowMs: number,
): Map<string, number> | undefined {
  const own = known.get(name) ?? new Map<string, number>();
  const longer = new Map<string, number>();
  for (const { address, seconds } of addresses) {
    const untilMs = nowMs + (Math.min(Math.max(seconds, leastSeconds), mostSeconds) + graceSeconds) * 1000;
    if (untilMs > (own.get(address) ?? 0) + slackMs) longer.set(address, untilMs);
  }
  if (longer.size === 0) return longer;
  forget(known, nowMs);
  const all = [...known.values()].reduce((sum, { size }) => sum + size, 0);
  if (all + longer.size > mostAddresses) return undefined;
  known.set(name, new Map([...own, ...longer]));
  return longer;
}

/** Drops what counts no more. */
function forget(known: Known, nowMs: number): void {
  for (const [name, addresses] of known) {
    for (const [address, untilMs] of addresses) if (untilMs <= nowMs) addresses.delete(address);
    if (addresses.size === 0) known.delete(name);
  }
}

/** The addresses that a group's names have now, with the moment at which the last of them ends. */
export function addressesOf({ targets }: EgressGroup, known: Known, nowMs: number): Map<string, number> {
  const found = new Map<string, number>();
  for (const [name, addresses] of known)
    if (targets.some((target) => meansName(target, name)))
      for (const [address, untilMs] of addresses)
        if (untilMs > nowMs) found.set(address, Math.max(untilMs, found.get(address) ?? 0));
  return found;
}

/** Writes what is known by scope, in one step. */
export async function writeKnown(folder: string, scopes: ReadonlyMap<string, Known>): Promise<void> {
  const plain = [...scopes].map(([id, known]) => [
    id,
    Object.fromEntries([...known].map(([name, own]) => [name, Object.fromEntries(own)])),
  ]);
  const file = path.join(folder, egressFile);
  await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(plain)), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** What an earlier daemon has known, as far as it can be read; the rest is asked for again. */
export async function readKnown(folder: string, nowMs: number): Promise<Map<string, Known>> {
  const text = await ignoring("ENOENT", readFile(path.join(folder, egressFile), "utf8"));
  const latestMs = nowMs + (mostSeconds + graceSeconds) * 1000;
  const isGood = (address: string, untilMs: unknown): untilMs is number =>
    isIP(address) !== 0 && typeof untilMs === "number" && untilMs > nowMs && untilMs <= latestMs;
  return new Map(
    entriesOf(parsed(text)).map(([id, names]) => [
      id,
      new Map(
        entriesOf(names).map(([name, own]) => [
          name,
          new Map(
            entriesOf(own).flatMap(([address, untilMs]) => (isGood(address, untilMs) ? [[address, untilMs]] : [])),
          ),
        ]),
      ),
    ]),
  );
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "{}");
  } catch (error) {
    // Cut off by a full disk.
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

const entriesOf = (value: unknown): [string, unknown][] =>
  typeof value === "object" && value !== null ? Object.entries(value) : [];
