/** Source: values as TypeScript writes them. */

/** An expression, in place of a value that is known. */
export class Code {
  constructor(readonly text: string) {}
}

export type Value = string | number | boolean | Code | readonly Value[] | Values;
export interface Values {
  readonly [key: string]: Value | undefined;
}

const width = 100;
const isList = (value: Value): value is readonly Value[] => Array.isArray(value);
const keyOf = (key: string): string => (/^[a-z_]\w*$/i.test(key) ? key : JSON.stringify(key));

/** @param indent of the line that the value begins on @param used columns that stand before it */
export function source(value: Value, indent = "", used = 0): string {
  if (value instanceof Code) return value.text;
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}  `;
  const [open, close] = isList(value) ? ["[", "]"] : ["{ ", " }"];
  const parts = (deep: boolean): string[] =>
    isList(value)
      ? value.map((item) => source(item, deep ? inner : "", deep ? inner.length : Number.NEGATIVE_INFINITY))
      : Object.entries(value).flatMap(([key, item]) => {
          if (item === undefined) return [];
          const head = `${keyOf(key)}: `;
          return [head + source(item, deep ? inner : "", deep ? inner.length + head.length : Number.NEGATIVE_INFINITY)];
        });
  const flat = parts(false);
  if (flat.length === 0) return isList(value) ? "[]" : "{}";
  const line = `${open}${flat.join(", ")}${close}`;
  if (indent.length + used + line.length < width && !line.includes("\n")) return line;
  return `${open.trim()}\n${parts(true)
    .map((part) => `${inner}${part},\n`)
    .join("")}${indent}${close.trim()}`;
}

const words =
  "bothy await break case catch class const continue debugger default delete do else enum export extends fail false finally for function if import in instanceof let new null process resolve return static super switch this throw true try typeof var void while with yield".split(
    " ",
  );

/** Names of constants, each given once. */
export class Names {
  readonly #taken = new Set(words);

  /** @param suffix of what would not be a name, or is one already */
  give(text: string, suffix: string): string {
    const camel = text.replace(/[^A-Za-z0-9]+(.)?/g, (_, next: string | undefined) => (next ?? "").toUpperCase());
    const first = /^[A-Za-z]/.test(camel)
      ? camel[0]!.toLowerCase() + camel.slice(1)
      : `${suffix.toLowerCase()}${camel}`;
    let name = first;
    for (let count = 1; this.#taken.has(name); count += 1) name = `${first}${suffix}${count > 1 ? count : ""}`;
    this.#taken.add(name);
    return name;
  }
}
