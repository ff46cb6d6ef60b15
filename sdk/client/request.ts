/** Request: paths, queries and bodies, checked before anything is sent. */
import type * as z from "zod";
import { badRequest } from "../api/errors";

/** Writes a path; every inserted part is percent-encoded. */
export const urlOf = (fixed: TemplateStringsArray, ...parts: string[]): string =>
  String.raw({ raw: fixed }, ...parts.map(encodeURIComponent));

/** Refuses a path with an empty part: it would name another object, or the whole list. @throws ApiError BAD_REQUEST */
export function requireParts(path: string): void {
  if (/\/(\/|\?|$)/.test(path)) throw badRequest("Invalid request: a name must not be empty.");
}

/** Adds a query, without the values that are undefined. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  if (given.length === 0) return path;
  return `${path}${path.includes("?") ? "&" : "?"}${new URLSearchParams(given)}`;
}

/** Checks what the caller gave. @throws ApiError BAD_REQUEST with the failing paths in its details */
export function validated<T extends z.ZodType>(type: T, value: z.input<T>): z.output<T> {
  const result = type.safeParse(value);
  if (result.success) return result.data;
  throw badRequest(`Invalid request: ${issueText(result.error)}`, {
    details: { issues: result.error.issues.map(({ path, message }) => ({ path: path.join("."), message })) },
    cause: result.error,
  });
}

export const issueText = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => (path.length === 0 ? message : `${path.join(".")}: ${message}`)).join("; ");
