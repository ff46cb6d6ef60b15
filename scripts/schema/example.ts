/** Example: a program in no language, of which those of all languages are written. */

/** An output of another resource of the example. */
export class Ref {
  constructor(
    readonly resource: string,
    readonly property: string,
  ) {}
}

/** @param resource what the example calls it */
export const ref = (resource: string, property = "name"): Ref => new Ref(resource, property);

export type ExampleValue = string | number | boolean | Ref | readonly ExampleValue[] | ExampleMap;
export interface ExampleMap {
  readonly [key: string]: ExampleValue;
}

export interface ExampleResource {
  /** Its name, and that of the constant; a word that no language keeps for itself. */
  readonly name: string;
  /** Such as "Container". */
  readonly type: string;
  readonly inputs: ExampleMap;
  /** Resources that come before, though none of their outputs is used. */
  readonly after?: readonly string[];
}

/** Resources in the order of a program, those that others refer to first. */
export type Example = readonly ExampleResource[];

export const isMap = (value: ExampleValue): value is ExampleMap =>
  typeof value === "object" && !(value instanceof Ref) && !Array.isArray(value);

/** Names of the resources that others refer to. */
export function used(example: Example): Set<string> {
  const names = new Set(example.flatMap(({ after }) => after ?? []));
  const look = (value: ExampleValue): void => {
    if (value instanceof Ref) names.add(value.resource);
    else if (typeof value === "object") for (const one of Object.values(value)) look(one as ExampleValue);
  };
  for (const { inputs } of example) look(inputs);
  return names;
}
