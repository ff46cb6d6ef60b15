/** Report: all that was measured, for the terminal, for docs/benchmarks.md and as JSON. */
import { cpus, totalmem, version } from "node:os";
import { type Curve, curveText } from "./crowd/curve";
import { aboutFigures } from "./doc";
import { columnName } from "./measures/measure";
import { type Hundred, hundredText } from "./provider/hundred";
import type { Row } from "./run";
import type { Subject } from "./subject";
import { tableOf } from "./table";
import { judge } from "./verdict";

/** What there is so far. */
export interface Taken {
  readonly rows: Row[];
  /** Beside the programs that others run containers by. */
  readonly beside: Row[];
  /** Of ways between containers, beside the same without Bothy. */
  readonly ways: Row[];
  curve: Curve | undefined;
  hundred: Hundred | undefined;
}

/** @param note what is to be said of the machine */
export function figuresOf(subjects: readonly Subject[], note: string | undefined, taken: Taken): string {
  const { rows, beside, ways, curve, hundred } = taken;
  const columns = subjects.flatMap((subject) => subject.pools.map((pool) => columnName({ subject, pool })));
  return [
    aboutFigures(subjects, note),
    ...(rows.length === 0 ? [] : [tableOf(rows, columns)]),
    ...(beside.length === 0 ? [] : [`### Beside crun and LXC\n\n${tableOf(beside, columnsOf(beside))}`]),
    ...(ways.length === 0 ? [] : [`### Between containers\n\n${tableOf(ways, columnsOf(ways), "bothy / without it")}`]),
    ...(curve === undefined ? [] : [`### Many at once\n\n${curveText(curve)}`]),
    ...(hundred === undefined ? [] : [`### A hundred containers by Pulumi\n\n${hundredText(hundred)}`]),
  ].join("\n\n");
}

const columnsOf = (rows: readonly Row[]): string[] => [
  ...new Set(rows.flatMap(({ summaries }) => Object.keys(summaries))),
];

export function reportOf(subjects: readonly Subject[], { rows, beside, ways, curve, hundred }: Taken) {
  return {
    date: new Date().toISOString(),
    machine: { processors: cpus().length, memoryBytes: totalmem(), kernel: version(), node: process.version },
    subjects: subjects.map(({ info, pools, missing }) => ({ name: info.name, version: info.version, pools, missing })),
    rows: rows.map(rowReport),
    beside: beside.map(rowReport),
    ways: ways.map(rowReport),
    crowd: curve ?? null,
    provider: hundred ?? null,
  };
}

const rowReport = (row: Row) => ({
  name: row.measure.name,
  title: row.measure.title,
  unit: row.measure.unit,
  verdict: judge(row) ?? null,
  columns: Object.fromEntries(
    Object.entries(row.summaries).map(([name, summary]) => [name, { ...summary, samples: row.samples[name] }]),
  ),
});
