/** Type tables: types in words, and a table of the fields of each. */
import { anchorOf, row, wrapped } from "../markdown";
import { type JsonSchema, schemaPath } from "./types";

/** Some types are called as what they are about, whose heading is another one. */
const headingOf = (name: string): string => `Type ${name}`;

/** A type with a section of its own. */
export const linkTo = (name: string): string => `[${name}](#${anchorOf(headingOf(name))})`;

const plainNames: Readonly<Record<string, string>> = {
  string: "text",
  boolean: "true or false",
  integer: "whole number",
  number: "number",
  null: "null",
  object: "object",
};

/** A type in words; fields of an object without a name follow in rows of their own. */
export function typeName({ $ref, type, anyOf, items, additionalProperties, ...schema }: JsonSchema): string {
  if ($ref !== undefined) return linkTo($ref.slice(schemaPath.length));
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(", ");
  if (schema.const !== undefined) return schema.const === "" ? "empty" : `\`${schema.const}\``;
  if (anyOf !== undefined) return anyOf.map(typeName).join(" or ");
  if (items !== undefined) return `list of ${typeName(items)}`;
  if (typeof additionalProperties === "object") return `map of names to ${typeName(additionalProperties)}`;
  return type === undefined
    ? "anything"
    : [type]
        .flat()
        .map((one) => plainNames[one] ?? one)
        .join(" or ");
}

interface Field {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly isNeeded: boolean;
}

/** The object within a type, with what leads to it: ".x", "[].x" in a list, ".*.x" in a map. */
function inner(schema: JsonSchema): { readonly by: string; readonly object: JsonSchema } | undefined {
  const { anyOf, items, additionalProperties, properties } = schema;
  if (properties !== undefined) return { by: "", object: schema };
  const step = (by: string, within: JsonSchema) => {
    const found = inner(within);
    return found && { by: `${by}${found.by}`, object: found.object };
  };
  if (items !== undefined) return step("[]", items);
  if (typeof additionalProperties === "object") return step(".*", additionalProperties);
  return anyOf?.map((one) => inner(one)).find((found) => found !== undefined);
}

function fieldsOf(schema: JsonSchema, before = ""): Field[] {
  const found = inner(schema);
  if (found === undefined) return [];
  const { properties = {}, required = [] } = found.object;
  return Object.entries(properties).flatMap(([key, field]) => {
    const name = `${before}${key}`;
    const below = inner(field);
    return [
      { name, schema: field, isNeeded: required.includes(key) },
      ...(below === undefined ? [] : fieldsOf(below.object, `${name}${below.by}.`)),
    ];
  });
}

const defaultText = (value: unknown): string => {
  if (value === undefined) return "";
  const text = typeof value === "string" && value !== "" ? value : JSON.stringify(value);
  return `\`${text}\``;
};

/**
 * Section of a type.
 * @param isBody whether clients write it, so that fields may be absent and have defaults
 * @param more what else there is to say of it
 */
export function fieldTable(name: string, schema: JsonSchema, isBody: boolean, more?: string): string {
  const fields = fieldsOf(schema);
  const told = [schema.description, more, fields.length === 0 ? `A ${typeName(schema)}.` : undefined].filter(Boolean);
  const head = [`### ${headingOf(name)}`, "", ...(told.length === 0 ? [] : [wrapped(told.join(" ")), ""])];
  if (fields.length === 0) return head.join("\n");
  const columns = isBody ? ["field", "type", "default", "meaning"] : ["field", "type", "meaning"];
  const rows = fields.map(({ name: field, schema: of, isNeeded }) => {
    const means = of.description ?? "";
    const fallback = isNeeded ? "needed" : defaultText(of.default);
    const isSeldom = !isBody && !isNeeded;
    return row([
      `\`${field}\``,
      `${typeName(of)}${isSeldom ? ", may be absent" : ""}`,
      ...(isBody ? [fallback] : []),
      means,
    ]);
  });
  return [...head, row(columns), `|${"---|".repeat(columns.length)}`, ...rows, ""].join("\n");
}
