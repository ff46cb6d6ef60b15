/** Values of file templates: plain data, and how it reads as text and as a condition. */
import { badRequest } from "../../../../sdk/api/errors";
import { goTimeText } from "../archive/go-time";

export const wrong = (cause: string) => badRequest(`Cannot render the template: ${cause}. Correct it.`);

/** Text, numbers, lists and maps; functions only where the caller gives them, such as config_get. */
export type Value =
  | string
  | number
  | boolean
  | null
  | undefined
  | Date
  | readonly Value[]
  | { readonly [key: string]: Value }
  | ((...values: Value[]) => Value);

/** Characters of a text, and of all output. */
export const maxText = 1 << 20;

/** A value as a template prints it; nothing for what is not there, and for functions. */
export function textOf(value: Value): string {
  if (value === undefined || value === null || typeof value === "function") return "";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value instanceof Date) return goTimeText(value);
  // As Go prints them by %f.
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : value.toFixed(6);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** @returns the text @throws ApiError BAD_REQUEST when it is too long */
export function whole(text: string): string {
  if (text.length > maxText) throw wrong(`a text is longer than ${maxText} characters`);
  return text;
}

/** Empty text, zero, empty lists and maps, and what is not there are false. */
export function truthy(value: Value): boolean {
  if (value instanceof Date) return true;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** What the files of one image may cost in an instance: steps, and characters that are looked at. A tenth of a second or so. */
const wholeBudget = 20_000_000;

/** Bounds the time that templates take: who has spent it is stopped. */
export class Budget {
  #left = wholeBudget;

  /** @throws ApiError BAD_REQUEST when there is no more */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw wrong("it takes too many steps");
  }

  /** Pays for looking at values as a whole. */
  spendOn(...values: readonly Value[]): void {
    for (const value of values) this.spend(1 + sizeOf(value));
  }
}

function sizeOf(value: Value): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  const parts: readonly Value[] = Array.isArray(value) ? value : Object.values(value as Record<string, Value>);
  return parts.reduce<number>(
    (sum, part) => sum + 10 + (typeof part === "object" ? sizeOf(part) : String(part).length),
    0,
  );
}
