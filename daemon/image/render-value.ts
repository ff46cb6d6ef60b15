/** Values of file templates: plain data, and how it reads as text and as a condition. */
import { badRequest } from "../../sdk/api/errors";

export const wrong = (cause: string) => badRequest(`Cannot render the template: ${cause}. Correct it in the image.`);

/** Text, numbers, lists and maps; functions only where the caller gives them, such as config_get. */
export type Value =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly Value[]
  | { readonly [key: string]: Value }
  | ((...values: Value[]) => Value);

/** Characters of a text, and of all output. */
export const maxText = 1 << 20;

/** A value as a template prints it; nothing for what is not there, and for functions. */
export function textOf(value: Value): string {
  if (value === undefined || value === null || typeof value === "function") return "";
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Empty text, zero, empty lists and maps, and what is not there are false. */
export function truthy(value: Value): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}
