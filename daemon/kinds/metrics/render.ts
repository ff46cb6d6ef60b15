/** Render: samples as text in the form of OpenMetrics, as LXD writes it. */
import { type FamilyName, families, type Sample } from "./families";

export interface InstanceSamples {
  readonly project: string;
  readonly name: string;
  readonly samples: readonly Sample[];
}

/** A guest's names are bytes. */
const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/** LXD says the type everywhere but with file systems. */
const hasType = (family: FamilyName): boolean => !family.startsWith("lxd_filesystem_");

function lineOf({ project, name }: InstanceSamples, { family, labels, value }: Sample): string {
  const all = { ...labels, name, project, ...(hasType(family) ? { type: "container" } : {}) };
  const text = Object.entries(all)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([label, content]) => `${label}="${escaped(content)}"`);
  return `${family}{${text.join(",")}} ${value}\n`;
}

/** Families without a sample are left out, as in LXD. */
export function renderMetrics(instances: readonly InstanceSamples[]): string {
  const lines = new Map<FamilyName, string[]>();
  for (const instance of instances)
    for (const sample of instance.samples) {
      const known = lines.get(sample.family);
      if (known === undefined) lines.set(sample.family, [lineOf(instance, sample)]);
      else known.push(lineOf(instance, sample));
    }
  const texts = (Object.keys(families) as FamilyName[]).flatMap((family) => {
    const own = lines.get(family);
    const { help, type } = families[family];
    return own === undefined ? [] : [`# HELP ${family} ${help}\n# TYPE ${family} ${type}\n`, ...own];
  });
  return `${texts.join("")}# EOF\n`;
}
