/** API types: the zod types of the wire as JSON schemas, by the names that sdk/api exports them under. */
import { globSync } from "node:fs";
import path from "node:path";
import * as z from "zod";

export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly default?: unknown;
}

export const schemaPath = "#/components/schemas/";

/** Every object and map that sdk/api names; what has no parts stands where it is used. */
export function namedTypes(): Map<z.ZodType, string> {
  const folder = path.join(__dirname, "../../sdk/api");
  const exported = globSync("*.js", { cwd: folder })
    .sort()
    .flatMap((file) => Object.entries(require(path.join(folder, file)) as Record<string, unknown>));
  return new Map(
    exported.flatMap(([name, type]) =>
      type instanceof z.ZodObject || type instanceof z.ZodRecord ? [[type, name]] : [],
    ),
  );
}

/** What JSON Schema says without being asked, and what is the same for every type. */
function plain(value: unknown, isAnswer: boolean): unknown {
  if (Array.isArray(value)) return value.map((one) => plain(one, isAnswer));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(
    ([key, part]) =>
      key !== "$schema" &&
      key !== "$id" &&
      !(key === "propertyNames" && Object.keys(part).join() === "type") &&
      // More fields may come with any later version.
      !(key === "additionalProperties" && (part === false || Object.keys(part).length === 0)) &&
      // An answer has the field, whatever a client makes of one that has it not.
      !(key === "default" && isAnswer),
  );
  return Object.fromEntries(
    entries.map(([key, part]) => [
      key,
      key === "properties"
        ? Object.fromEntries(Object.entries(part).map(([name, field]) => [name, plain(field, isAnswer)]))
        : plain(part, isAnswer),
    ]),
  );
}

/**
 * Some types as schemas, which refer to the named ones.
 * @param io whether a client writes them or the daemon
 * @returns every named schema, and the types in their order
 */
export function schemasOf(
  names: ReadonlyMap<z.ZodType, string>,
  types: readonly z.ZodType[],
  io: "input" | "output",
): { readonly named: Readonly<Record<string, JsonSchema>>; readonly asked: readonly JsonSchema[] } {
  const all = z.registry<{ id: string }>();
  for (const [type, id] of names) all.add(type, { id });
  // As fields of one object the types come as they would stand in any other.
  all.add(z.object(Object.fromEntries(types.map((type, index) => [`${index}`, type]))), { id: "asked" });
  const { schemas } = z.toJSONSchema(all, { io, uri: (id) => `${schemaPath}${id}`, unrepresentable: "any" });
  const { asked, ...named } = plain(schemas, io === "output") as Record<string, JsonSchema>;
  return { named, asked: types.map((_type, index) => asked?.properties?.[index] ?? {}) };
}

/** The names that a schema refers to, through other schemas too. */
export function namesIn(
  value: unknown,
  named: Readonly<Record<string, JsonSchema>>,
  found = new Set<string>(),
): Set<string> {
  if (typeof value !== "object" || value === null) return found;
  const { $ref } = value as JsonSchema;
  if (typeof $ref === "string" && $ref.startsWith(schemaPath)) {
    const name = $ref.slice(schemaPath.length);
    if (!found.has(name)) {
      found.add(name);
      namesIn(named[name], named, found);
    }
  }
  for (const part of Object.values(value)) namesIn(part, named, found);
  return found;
}
