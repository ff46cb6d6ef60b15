/** Means: what a type says of itself on the API's page. */
import * as z from "zod";

/**
 * Says what a field means. It marks the type itself, since every daemon and command would pay for a copy when it starts; so a type
 * that several fields share takes `.meta` instead, which marks a copy.
 * @returns the type
 */
export function means<T extends z.ZodType>(type: T, description: string): T {
  z.globalRegistry.add(type, { description });
  return type;
}
