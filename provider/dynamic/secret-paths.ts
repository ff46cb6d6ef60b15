/** Secret paths: which inputs of a resource are secrets. Only the program knows: providers of this kind get plain values. */
import * as pulumi from "@pulumi/pulumi";
import { outputOf } from "./reference";

/** Deeper inputs do not exist. */
const deepest = 8;

/** @returns whether a value is known later */
export const isLate = (value: unknown): boolean => pulumi.Output.isInstance(value) || value instanceof Promise;

/** Everything inside of inputs that is known later, with the names that lead there. */
function lateValues(value: unknown, path: readonly string[]): [path: string[], value: unknown][] {
  if (isLate(value)) return [[[...path], value]];
  if (typeof value !== "object" || value === null || pulumi.Resource.isInstance(value) || path.length > deepest)
    return [];
  return Object.entries(value).flatMap(([name, member]) => lateValues(member, [...path, name]));
}

/**
 * @param inputs inputs by name; hidden ones are not looked at @param marked names of inputs that the user declared as secret
 * @returns lists of names that lead to the secrets; nothing when all inputs are plain values
 */
export function secretPathsOf(
  inputs: pulumi.Inputs,
  marked: readonly string[],
): pulumi.Output<string[][] | undefined> | string[][] | undefined {
  const visible = Object.fromEntries(Object.entries(inputs).filter(([name]) => !name.startsWith("__")));
  const declared = marked.filter((name) => visible[name] !== undefined).map((name) => [name]);
  const late = lateValues(visible, []);
  if (late.length === 0) return declared.length === 0 ? undefined : declared;
  const found = Promise.all(
    late.map(async ([path, value]) => ((await pulumi.isSecret(outputOf(value))) ? [path] : [])),
  ).then((paths) => [...declared, ...paths.flat()]);
  return pulumi.output(found.then((paths) => (paths.length === 0 ? undefined : paths)));
}
