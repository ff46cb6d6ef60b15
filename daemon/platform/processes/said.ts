/** Said: what a program of the host prints as JSON. A form that we do not know is the daemon's fault, and not that of whoever asks. */
import type * as z from "zod";
import { internal } from "../../../sdk/api/errors";

/** @param program in words, such as "ip" @throws ApiError INTERNAL that says what does not fit */
export function readSaid<T extends z.ZodType>(program: string, type: T, text: string): z.output<T> {
  const result = type.safeParse(jsonOf(program, text));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw internal(`Cannot read what "${program}" says: ${issue?.path.join(".")}: ${issue?.message}`, {
    cause: result.error,
  });
}

function jsonOf(program: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw internal(`Cannot read what "${program}" says: it is no JSON: ${(error as Error).message}`, { cause: error });
  }
}
