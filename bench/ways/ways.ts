/** Ways: what bytes and questions of containers take, by a network of Bothy and by what it is made of. */
import { findProgram } from "../../sdk/host/program";
import type { Row } from "../run";
import { takeSamples } from "../run";
import type { Subject } from "../subject";
import { type WayMeasure, wayMeasures } from "./measures";
import { buildWire } from "./way";

/** @param own Bothy @param dir a folder for the program that sends @returns a row for each measure that is wanted */
export async function takeWays(
  own: Subject,
  pool: string,
  { dir, rounds, signal }: { dir: string; rounds: number; signal: AbortSignal },
  isWanted: (name: string) => boolean,
): Promise<Row[]> {
  const wanted = wayMeasures.filter(({ name }) => isWanted(name));
  if (wanted.length === 0) return [];
  if (findProgram("musl-gcc") === undefined) {
    console.error('Left out: ways between containers: there is no musl-gcc. "apt-get install musl-tools" brings it.');
    return [];
  }
  const wire = buildWire(dir);
  const rows: Row[] = [];
  for (const ways of new Set(wanted.map((measure) => measure.ways)))
    await ways(own, pool, wire, async (columns) => {
      const named = columns.map((way) => [way.name, way] as const);
      for (const measure of wanted.filter((one: WayMeasure) => one.ways === ways)) {
        rows.push(await takeSamples(measure, named, rounds, signal));
        console.error(`Measured: ${measure.title}`);
      }
    });
  return rows;
}
