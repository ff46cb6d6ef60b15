/** Property: a zod type in Pulumi's schema form. */
import * as z from "zod";

/** A type or a property, as https://www.pulumi.com/docs/iac/extending-pulumi/schema/ has it. */
export interface PropertySpec {
  type?: string;
  description?: string;
  default?: string | number | boolean;
  items?: PropertySpec;
  additionalProperties?: PropertySpec;
  $ref?: string;
  enum?: { value: string }[];
  secret?: boolean;
  /** What documentation says; the plugin's own plan decides. */
  willReplaceOnChanges?: boolean;
}

export interface ObjectSpec {
  type: "object";
  description?: string;
  properties: Record<string, PropertySpec>;
  required: string[];
}

/** Collects the object types that properties refer to. */
export type Types = Record<string, ObjectSpec>;

const tokenOf = (id: string) => `bothy:index:${id}`;

/** Takes off optional and default; the description of the outermost layer counts. */
function peel(schema: z.ZodType): { inner: z.ZodType; description?: string; fallback?: unknown } {
  let inner = schema;
  let fallback: unknown;
  let description = inner.description;
  while (inner instanceof z.ZodOptional || inner instanceof z.ZodDefault) {
    if (inner instanceof z.ZodDefault) fallback = inner.parse(undefined);
    inner = inner.unwrap() as z.ZodType;
    description ??= inner.description;
  }
  return { inner, description, fallback };
}

export const isOptional = (schema: z.ZodType): boolean =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodDefault;

/** @throws Error for a zod type that has no place in the schema yet */
function typeOf(schema: z.ZodType, types: Types): PropertySpec {
  const known = schema.meta()?.ref;
  if (typeof known === "string") return { $ref: known };
  const { inner } = peel(schema);
  if (inner instanceof z.ZodObject) return { $ref: refOf(inner, types) };
  if (inner instanceof z.ZodRecord)
    return { type: "object", additionalProperties: typeOf(inner.valueType as z.ZodType, types) };
  if (inner instanceof z.ZodArray) return { type: "array", items: typeOf(inner.element as z.ZodType, types) };
  if (inner instanceof z.ZodBoolean) return { type: "boolean" };
  if (inner instanceof z.ZodNumber) return { type: inner.format === "safeint" ? "integer" : "number" };
  if (inner instanceof z.ZodString || inner instanceof z.ZodStringFormat) return { type: "string" };
  if (inner instanceof z.ZodEnum || inner instanceof z.ZodLiteral) return { type: "string" };
  throw new Error(`Cannot write the schema: the zod type "${inner.def.type}" has no Pulumi form. Add it to typeOf.`);
}

function refOf(schema: z.ZodObject, types: Types): string {
  const id = schema.meta()?.id;
  if (id === undefined) throw new Error("Cannot write the schema: an object type has no id. Give it one by meta.");
  types[tokenOf(id)] ??= objectOf(schema, types);
  return `#/types/${tokenOf(id)}`;
}

/** A property with its description and its plain default; object types within it are added to the types. */
export function propertyOf(schema: z.ZodType, types: Types): PropertySpec {
  const { description, fallback } = peel(schema);
  const isPlain = typeof fallback === "string" || typeof fallback === "number" || typeof fallback === "boolean";
  return {
    ...typeOf(schema, types),
    ...(description === undefined ? {} : { description }),
    ...(isPlain ? { default: fallback } : {}),
    ...(schema.meta()?.secret ? { secret: true } : {}),
    ...(schema.meta()?.replaces ? { willReplaceOnChanges: true } : {}),
  };
}

/** An object type with its properties, and which of them must be given. */
export function objectOf(schema: z.ZodObject, types: Types): ObjectSpec {
  const fields = Object.entries(schema.shape) as [string, z.ZodType][];
  return {
    type: "object",
    ...(schema.description === undefined ? {} : { description: schema.description }),
    properties: Object.fromEntries(fields.map(([name, field]) => [name, propertyOf(field, types)])),
    required: fields.filter(([, field]) => !isOptional(field)).map(([name]) => name),
  };
}
