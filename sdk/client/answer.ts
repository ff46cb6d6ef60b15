/** Answer: LXD's envelope, and errors rebuilt from it. */
import { text as textOf } from "node:stream/consumers";
import * as z from "zod";
import { detailsKey, Envelope } from "../api/envelope";
import { ApiError, internal } from "../api/errors";
import { issueText } from "./request";
import type { WireRequest, WireResponse } from "./transport";

/** Parses metadata. @throws ApiError INTERNAL that names what does not fit */
export function read<T extends z.ZodType>(method: string, path: string, type: T, metadata: unknown): z.output<T> {
  const first = type.safeParse(metadata);
  if (first.success) return first.data;
  // Go writes an empty list or map as null; where the type wants one, null is as good as absent.
  const result = type.safeParse(withoutNulls(metadata, first.error.issues));
  if (result.success) return result.data;
  throw internal(`Cannot read the answer to ${method} ${path}: ${issueText(result.error)}. Is the server LXD's?`, {
    cause: result.error,
  });
}

/** A copy without the nulls that the issues complain of. */
function withoutNulls(metadata: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  const copy = structuredClone(metadata);
  for (const { path } of issues) {
    const key = path.at(-1);
    const holder = path.slice(0, -1).reduce<unknown>((at, part) => Object(at)[part], copy);
    if (key !== undefined && Object(holder)[key] === null) delete Object(holder)[key];
  }
  return copy;
}

/** Reads the envelope of a whole answer. @throws ApiError INTERNAL when it is none */
export async function envelopeOf(method: string, path: string, response: WireResponse): Promise<Envelope> {
  return read(method, path, Envelope, parsed(await textOf(response.body)));
}

/** Reads a raw answer of one JSON object a line. @throws ApiError INTERNAL that names what does not fit */
export async function linesOf<T extends z.ZodType>(
  { method, path }: WireRequest,
  response: WireResponse,
  type: T,
): Promise<z.output<T>[]> {
  const lines = (await textOf(response.body)).split("\n").filter((line) => line !== "");
  return lines.map((line) => read(method, path, type, parsed(line)));
}

/** Rebuilds the error of an answer; an answer without LXD's envelope keeps its text. */
export async function errorOf({ method, path }: WireRequest, response: WireResponse): Promise<ApiError> {
  return answerError(`${method} ${path}`, response.status, await textOf(response.body));
}

/** @param what the request, such as "GET /1.0" */
export function answerError(what: string, status: number, text: string): ApiError {
  const envelope = Envelope.safeParse(parsed(text));
  if (!envelope.success || envelope.data.error === "")
    return ApiError.fromStatus(status, `Cannot finish ${what}: HTTP status ${status}${text && `: ${text.trim()}`}`);
  return ApiError.fromStatus(status, envelope.data.error, envelope.data[detailsKey]);
}

/** @returns undefined for a text that is no JSON: it fits no type, and the caller says so with the path */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A list that a server may send as null, as Go does for an empty one. */
export const listOf = <T extends z.ZodType>(type: T) =>
  z
    .array(type)
    .nullable()
    .transform((list) => list ?? []);
