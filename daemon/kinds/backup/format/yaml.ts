/**
 * YAML of plain objects, lists, texts, numbers and booleans. An instance's backup.yaml is written at each change of it, and a library for all of
 * YAML takes a tenth of a second for one with a hundred snapshots. Texts are quoted as JSON has them, which YAML takes, where they could be read otherwise.
 */

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/** Words that are texts in YAML 1.1, which LXD reads, and in 1.2. */
const plain = /^[A-Za-z][A-Za-z0-9_./-]*$/;
const reserved = /^(y|yes|n|no|true|false|on|off|null)$/i;

/** What YAML 1.1 takes for line breaks, or does not take at all, and JSON leaves as it is. */
const special = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

const escaped = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;

const textOf = (text: string): string =>
  plain.test(text) && !reserved.test(text) ? text : JSON.stringify(text).replaceAll(special, escaped);

/** @returns a document that ends with a line break */
export function yamlText(value: { readonly [key: string]: Value }): string {
  const lines: string[] = [];
  mapInto(lines, value, "", "");
  return `${lines.join("\n")}\n`;
}

/** @param first what the first line begins with, in place of the indent */
function mapInto(lines: string[], map: { readonly [key: string]: Value }, indent: string, first: string): void {
  let lead = first;
  for (const [key, value] of Object.entries(map)) {
    into(lines, value, indent, `${lead}${textOf(key)}:`);
    lead = indent;
  }
}

function into(lines: string[], value: Value, indent: string, lead: string): void {
  if (typeof value !== "object") lines.push(`${lead} ${typeof value === "string" ? textOf(value) : value}`);
  else if (Array.isArray(value)) listInto(lines, value as readonly Value[], indent, lead);
  else if (Object.keys(value).length === 0) lines.push(`${lead} {}`);
  else {
    lines.push(lead);
    mapInto(lines, value as { readonly [key: string]: Value }, `${indent}  `, `${indent}  `);
  }
}

function listInto(lines: string[], list: readonly Value[], indent: string, lead: string): void {
  if (list.length === 0) {
    lines.push(`${lead} []`);
    return;
  }
  lines.push(lead);
  for (const entry of list)
    if (typeof entry === "object" && !Array.isArray(entry) && Object.keys(entry).length > 0)
      mapInto(lines, entry as { readonly [key: string]: Value }, `${indent}  `, `${indent}- `);
    else into(lines, entry, `${indent}  `, `${indent}-`);
}
