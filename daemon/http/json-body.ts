/** Reads a JSON body, whatever its content type says: curl sends none. Size, depth and time are bounded before anything is parsed. */
import type { Readable } from "node:stream";
import { badRequest } from "../../sdk/api/errors";
import { Slots } from "../platform/processes/slots";

const maxBytes = 1024 * 1024;
/** Of lists and maps in one another; no call needs more than a handful. */
const maxDepth = 100;
/** Items of lists and fields of maps, all together. */
const maxValues = 50_000;
const strangersMs = 5000;
/** Larger bodies are held a few at a time; the rest waits unread, within its patience. */
const smallBytes = 64 * 1024;
const largeOnes = new Slots(8);

export interface JsonBodyOptions {
  /** Content-Length, when the client said it. */
  readonly contentLength: number | undefined;
  /** For the whole body; 30 seconds when absent. */
  readonly patienceMs?: number;
  /** Whoever is not trusted sends little and at once, and never stands in the queue of the others. */
  readonly isOfStranger?: boolean;
}

/** @returns the value, or undefined for an empty body @throws ApiError BAD_REQUEST when too long, too deep, too slow or no JSON */
export async function readJson(
  body: Readable,
  { contentLength, isOfStranger = false, patienceMs = isOfStranger ? strangersMs : 30_000 }: JsonBodyOptions,
): Promise<unknown> {
  const most = isOfStranger ? smallBytes : maxBytes;
  if (contentLength !== undefined && contentLength > most) throw tooLong(most);
  let timer: NodeJS.Timeout | undefined;
  const tooSlow = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          badRequest(`Invalid request: the body did not come within ${patienceMs / 1000} seconds. Send it at once.`),
        ),
      patienceMs,
    );
  });
  const read = async () => parse(await collect(body, most));
  const isSmall = isOfStranger || (contentLength !== undefined && contentLength <= smallBytes);
  try {
    const work = isSmall ? read() : largeOnes.run(read);
    return await Promise.race([work, tooSlow]);
  } finally {
    clearTimeout(timer);
  }
}

const tooLong = (most: number) => badRequest(`Invalid request: the body is longer than ${most} bytes. Send less.`);

async function collect(body: Readable, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  // The connection must outlive a refusal, which is sent on it.
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > most) throw tooLong(most);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function parse(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  requireSimple(bytes);
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw badRequest(`Invalid request: the body is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

const [quote, backslash, openList, openMap, closeList, closeMap, comma] = [...Buffer.from('"\\[{]},')];

/** A million of "[" would take a hundred times their size in memory. */
function requireSimple(bytes: Buffer): void {
  let depth = 0;
  let values = 1;
  let isText = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (isText) {
      if (byte === backslash) at += 1;
      else if (byte === quote) isText = false;
    } else if (byte === quote) isText = true;
    else if (byte === openList || byte === openMap) {
      depth += 1;
      if (depth > maxDepth)
        throw badRequest(
          `Invalid request: lists and maps of the body are nested more than ${maxDepth} deep. Send it flatter.`,
        );
    } else if (byte === closeList || byte === closeMap) depth -= 1;
    else if (byte === comma) {
      values += 1;
      if (values > maxValues)
        throw badRequest(`Invalid request: the body has more than ${maxValues} values. Send less.`);
    }
  }
}
