/** Reads a JSON body, whatever its content type says: curl sends none. */
import type { Readable } from "node:stream";
import { badRequest } from "../sdk/api/errors";

const maxBytes = 16 * 1024 * 1024;

/** @returns the value, or undefined for an empty body @throws ApiError BAD_REQUEST when too long or no JSON */
export async function readJson(body: Readable): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  // The connection must outlive a refusal, which is sent on it.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > maxBytes) throw badRequest(`Invalid request: the body is longer than ${maxBytes} bytes. Send less.`);
    chunks.push(bytes);
  }
  if (length === 0) return undefined;
  const source = Buffer.concat(chunks).toString("utf8");
  try {
    return JSON.parse(source);
  } catch (error) {
    throw badRequest(`Invalid request: the body is no JSON: ${(error as Error).message}`, { cause: error });
  }
}
