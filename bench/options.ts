/** Options of the benchmark. */
import { parseArgs } from "node:util";
import { besideMeasures } from "./beside/measures";
import { crowdName, ordinaryCrowd } from "./crowd/curve";
import { measures } from "./measures";
import { hundredName } from "./provider/hundred";
import { wayMeasures } from "./ways/measures";

export interface Options {
  readonly rounds: number;
  /** Names of measures; all when empty. */
  readonly only: readonly string[];
  /** How many containers the crowd comes to. */
  readonly crowd: number;
  readonly withPeer: boolean;
  /** State folder and network namespace of an LXD that runs already; without it one is started. */
  readonly lxd: { readonly dir: string; readonly netns: string } | undefined;
  /** Whether the figures go into docs/benchmarks.md. */
  readonly isForDoc: boolean;
  /** What is said of the machine in it. */
  readonly note: string | undefined;
  /** Where to write all samples as JSON. */
  readonly json: string | undefined;
}

const names = [...[...measures, ...besideMeasures, ...wayMeasures].map(({ name }) => name), crowdName, hundredName];

export const usage = `Usage: npm run bench -- [--rounds N] [--only NAME]... [--crowd N] [--no-peer | --lxd DIR] [--doc [--note TEXT]] [--json FILE]

  --rounds N    samples a figure; 15 when absent
  --only NAME   one measure (may be repeated): ${names.join(", ")}
  --crowd N     how many containers there are at once at the end of the measure ${crowdName}; ${ordinaryCrowd} when absent
  --no-peer     measure Bothy alone, even where /usr/bin/lxd is there
  --lxd DIR     the peer is the LXD of that state folder, which runs already, in a project of its own;
                --netns FILE says its network namespace where that is not this one
  --doc         write the figures into docs/benchmarks.md; --note TEXT is what to say of the machine
  --json FILE   write machine, rows and samples there
`;

/** @returns the options, or "help" @throws Error for an unknown option, measure or number */
export function parseOptions(args: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "15" },
      only: { type: "string", multiple: true, default: [] },
      crowd: { type: "string", default: String(ordinaryCrowd) },
      "no-peer": { type: "boolean", default: false },
      lxd: { type: "string" },
      netns: { type: "string", default: "/proc/self/ns/net" },
      doc: { type: "boolean", default: false },
      note: { type: "string" },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const number = (option: "rounds" | "crowd") => {
    const value = Number(values[option]);
    if (!Number.isInteger(value) || value < 1) throw new Error(`Invalid --${option} "${values[option]}".\n\n${usage}`);
    return value;
  };
  const unknown = values.only.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new Error(`No measure is named "${unknown.join('", "')}".\n\n${usage}`);
  if (values.doc && values.only.length > 0) throw new Error(`--doc is for all measures.\n\n${usage}`);
  return {
    rounds: number("rounds"),
    crowd: number("crowd"),
    only: values.only,
    withPeer: !values["no-peer"],
    lxd: values.lxd === undefined ? undefined : { dir: values.lxd, netns: values.netns },
    isForDoc: values.doc,
    note: values.note,
    json: values.json,
  };
}
