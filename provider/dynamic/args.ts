/** Args: what a program hands to a constructor. */
import * as pulumi from "@pulumi/pulumi";
import { isLate } from "./secret-paths";

/**
 * Reads the arguments of a constructor, none as an empty map.
 * @throws RunError, which Pulumi shows without a stack, for anything but a plain map
 */
export function argsOf<T extends object>(type: string, name: string, args: T | undefined): T {
  const given: unknown = args ?? {};
  const isPlain =
    typeof given === "object" && !Array.isArray(given) && !isLate(given) && !pulumi.Resource.isInstance(given);
  if (isPlain) return given as T;
  throw new pulumi.RunError(
    `Cannot make ${type} "${name}": its arguments must be a map of properties, as in new bothy.${type}("${name}", { ... }). Values that are known later stand inside of it.`,
  );
}
