/** Resource pages: docs/resources/, a page for each kind with its example, its inputs and outputs, made of the same definitions as schema.json. */
import { coreOf, cores } from "../provider/core/kinds/cores";
import { formOf } from "../provider/plugin/import-id";
import { packageSchema } from "../provider/schema/package";
import type { PropertySpec } from "../provider/schema/property";
import { anchorOf, bullet, row, wrapped } from "./markdown";
import { exampleOf, type Language } from "./schema/text";

type Properties = Record<string, PropertySpec>;

const { resources, types } = packageSchema();
const typeToken = /^#\/types\/bothy:index:(\w+)$/;
const typeNames = (spec: PropertySpec): string[] => {
  const [, name] = typeToken.exec(spec.$ref ?? "") ?? [];
  return [
    ...(name === undefined ? [] : [name]),
    ...[spec.items, spec.additionalProperties].flatMap((inner) => (inner === undefined ? [] : typeNames(inner))),
  ];
};

function typeText(spec: PropertySpec): string {
  const [, name] = typeToken.exec(spec.$ref ?? "") ?? [];
  if (name !== undefined) return `[${name}](#${anchorOf(name)})`;
  if (spec.$ref !== undefined) return "asset or archive";
  if (spec.items !== undefined) return `list of ${typeText(spec.items)}`;
  if (spec.additionalProperties !== undefined) return `map of ${typeText(spec.additionalProperties)}`;
  return spec.type === "string" ? "text" : (spec.type ?? "text");
}

function table(properties: Properties, required: readonly string[]): string {
  const rows = Object.entries(properties).map(([name, spec]) => {
    const fallback = spec.default === undefined || spec.default === "" ? "" : ` Default: \`${spec.default}\`.`;
    const must = required.includes(name) ? ", required" : "";
    return row([`\`${name}\``, `${typeText(spec)}${must}`, `${spec.description ?? ""}${fallback}`]);
  });
  return [row(["name", "type", "what it is"]), "|---|---|---|", ...rows].join("\n");
}

/** Descriptions link pages of docs/, of which these lie in a folder. */
const fromFolder = (page: string): string => page.replaceAll(/\]\((?=[\w-]+\.md)/g, "](../");

/** Types of properties, and of what is in those. */
function typesIn(properties: Properties): string[] {
  const found = new Set<string>();
  const look = (all: Properties): void => {
    for (const name of Object.values(all).flatMap(typeNames)) {
      if (found.has(name)) continue;
      found.add(name);
      look(types[`bothy:index:${name}`]?.properties ?? {});
    }
  };
  look(properties);
  return [...found].sort();
}

const titles: readonly (readonly [Language, string])[] = [
  ["typescript", "TypeScript"],
  ["python", "Python"],
  ["go", "Go"],
  ["yaml", "YAML"],
];

const fileOf = (type: string): string => `${coreOf(kindOf(type)).kind}.md`;
const kindOf = (type: string): string => cores.find((core) => core.type === type)?.kind ?? type;

function pageOf(type: string): string {
  const core = coreOf(kindOf(type));
  const resource = resources[`bothy:index:${type}`]!;
  const { inputProperties, properties, requiredInputs } = resource;
  const outputs = Object.fromEntries(Object.entries(properties).filter(([name]) => !(name in inputProperties)));
  const code = titles.flatMap(([language, title]) => {
    const block = `\`\`\`${language}\n${exampleOf(type, language)}\`\`\``;
    return language === "typescript" ? [block] : [`<details><summary>${title}</summary>\n\n${block}\n\n</details>`];
  });
  const inner = typesIn(inputProperties).flatMap((name) => {
    const { description = "", properties: members, required } = types[`bothy:index:${name}`]!;
    return [`### ${name}`, wrapped(description), table(members, required)];
  });
  const parts = [
    `# ${type}`,
    "<!-- Made by npm run gen. -->",
    wrapped(resource.description),
    "## Example",
    ...code,
    "## Inputs",
    wrapped("A change replaces the object where the description says so, and changes it in place elsewhere."),
    table(inputProperties, requiredInputs),
    "## Outputs",
    wrapped(`All inputs${Object.keys(outputs).length === 0 ? "." : ", and:"}`),
    ...(Object.keys(outputs).length === 0 ? [] : [table(outputs, [])]),
    ...(inner.length === 0 ? [] : ["## Types", ...inner]),
    "## Import",
    wrapped("By the plugin (docs/provider.md, The plugin); the id is"),
    `    ${formOf(core)}`,
  ];
  return fromFolder(`${parts.join("\n\n")}\n`);
}

/** @returns the text of each page by its name in docs/resources */
export function resourcePages(): Record<string, string> {
  const all = cores.map(({ type }) => type).sort();
  const list = all.map((type) => {
    const [first = ""] = resources[`bothy:index:${type}`]!.description.split(/(?<=\.)\s/);
    return bullet(`[${type}](${fileOf(type)}): ${first}`);
  });
  const index = [
    "# Resources",
    "<!-- Made by npm run gen. -->",
    wrapped(
      "Each kind with an example in TypeScript, Python, Go and YAML, its inputs and outputs. The same is in schema.json, for editors and `pulumi package get-schema`. The TypeScript is that of `bothy/native`; the classes of `bothy` take the same inputs ([provider.md](../provider.md)). Packages of the other languages: [languages.md](../languages.md).",
    ),
    list.join("\n"),
  ].join("\n\n");
  return {
    "README.md": `${index}\n`,
    ...Object.fromEntries(all.map((type) => [fileOf(type), pageOf(type)])),
  };
}
