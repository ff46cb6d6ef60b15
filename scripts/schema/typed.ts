/** Typed: which property of schema.json a value of an example is of. */
import { packageSchema } from "../../provider/schema/package";
import type { PropertySpec } from "../../provider/schema/property";

export type Property = PropertySpec;

const { resources, types } = packageSchema();

/** Inputs of a kind by its name in programs. @throws Error for one that is not there */
export function propertiesOf(type: string): Record<string, Property> {
  const found = resources[`bothy:index:${type}`];
  if (found === undefined) throw new Error(`Cannot write an example: there is no kind "${type}".`);
  return found.inputProperties;
}

/** The object type that a property is of, without the package's prefix. */
export const typeNameOf = (property: Property | undefined): string | undefined =>
  /^#\/types\/bothy:index:(\w+)$/.exec(property?.$ref ?? "")?.[1];

/**
 * What a member of a value is of.
 * @returns whether keys are names of the schema, not texts @throws Error for a member that the schema has not
 */
export function inner(
  property: Property | undefined,
  key?: string,
): { isNamed: boolean; property: Property | undefined } {
  const name = typeNameOf(property);
  if (name === undefined) return { isNamed: false, property: property?.additionalProperties ?? property?.items };
  const found = types[`bothy:index:${name}`]?.properties[key ?? ""];
  if (found === undefined) throw new Error(`Cannot write an example: ${name} has no "${key}".`);
  return { isNamed: true, property: found };
}
