/** Run: takes the samples, round by round and in each round one column after the other, so that all see the same weather. */
import { type Column, columnName, type Measured, type Sampler, type Scene } from "./measures/measure";
import { type Summary, summarize } from "./statistics";

export interface Row {
  readonly measure: Measured;
  /** Column name to its samples, in the measure's unit. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  readonly summaries: Readonly<Record<string, Summary>>;
}

/** The scene that stands, which stays for the next measure that needs the same. */
export class Stage {
  #scene: Scene | undefined;
  #columns: readonly Column[] = [];

  async set(scene: Scene | undefined, columns: readonly Column[]): Promise<void> {
    const names = (all: readonly Column[]) => all.map(columnName).join(" ");
    if (scene === this.#scene && names(columns) === names(this.#columns)) return;
    const before = { scene: this.#scene, columns: this.#columns };
    this.#scene = undefined;
    for (const column of before.columns) await before.scene?.remove(column);
    for (const column of columns) await scene?.make(column);
    this.#scene = scene;
    this.#columns = columns;
  }
}

/**
 * Takes a measure's samples, until the signal ends it between two of them. A first round of each column is left out: it warms
 * caches and unpacks images into pools.
 */
export async function takeSamples<C>(
  measure: Measured & { readonly round: (column: C, sampler: Sampler) => Promise<void> },
  columns: readonly (readonly [name: string, column: C])[],
  rounds: number,
  signal: AbortSignal,
): Promise<Row> {
  const samples: Record<string, number[]> = Object.fromEntries(columns.map(([name]) => [name, []]));
  const count = Math.min(rounds, measure.maxRounds ?? rounds);
  const warmUps = measure.unit === "KiB" ? 0 : 1;
  for (let round = -warmUps; round < count; round += 1)
    for (const [name, column] of columns) {
      signal.throwIfAborted();
      const taken = round < 0 ? [] : samples[name]!;
      await measure.round(column, {
        take: (value) => taken.push(value),
        async time(work, times = 1) {
          const begin = performance.now();
          for (let time = 0; time < times; time += 1) await work();
          taken.push((performance.now() - begin) / times);
        },
      });
    }
  const summaries = Object.entries(samples).map(([name, taken]) => [name, summarize(taken)] as const);
  return { measure, samples, summaries: Object.fromEntries(summaries) };
}
