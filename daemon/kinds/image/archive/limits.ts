/** Limits: what an image may hold and cost, by the server's configuration (sdk/api/config/server.ts). */
import type { Config } from "../../../../sdk/api/common";
import { parseSize } from "../../../../sdk/api/config/values";
import { type ApiError, badRequest } from "../../../../sdk/api/errors";

/** A value as it is configured, and as a number. */
interface Limit {
  readonly text: string;
  readonly value: number;
}

const defaults = {
  /** Files and folders, those that only lead to others included. A whole desktop has some hundred thousand. */
  entries: "2000000",
  /** Bytes of all names, as the image spells them. */
  names: "256MiB",
  /** Bytes of the unpacked archive. */
  size: "64GiB",
  /** How many times its own size an image may unpack to; distributions pack 3 to 10 times. */
  ratio: "100",
  /** Parts of a path. */
  depth: "200",
  /** Seconds. */
  time: "3600",
} as const;

export type LimitName = keyof typeof defaults;
export type ImageLimits = Readonly<Record<LimitName, Limit>>;

/** A small image may hold a large file of zeros. */
export const ratioFreeBytes = 256 * 1024 * 1024;

/** @param config of the server, checked when it was set */
export function imageLimits(config: Config): ImageLimits {
  const limits = Object.entries(defaults).map(([name, text]) => limitOf(name, config[`images.limits.${name}`] || text));
  return Object.fromEntries(limits) as unknown as ImageLimits;
}

const limitOf = (name: string, text: string): [string, Limit] => [
  name,
  { text: name === "time" ? `${text} seconds` : text, value: parseSize(text) ?? 0 },
];

/** The refusal of an image that is past a limit. @param what it does, with "allows" to follow */
export const beyond = (limits: ImageLimits, name: LimitName, what: string): ApiError =>
  badRequest(
    `Cannot import image: ${what} than "images.limits.${name}" allows (${limits[name].text}). Make the image smaller, or raise the limit in the server's configuration.`,
  );

/** Passes an unpacked archive on and counts it. @param packedBytes of the file that it comes from */
export async function* withinSize(
  chunks: AsyncIterable<Buffer>,
  limits: ImageLimits,
  packedBytes: number,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    requireSize(bytes, limits, packedBytes);
    yield chunk;
  }
}

/** @throws ApiError BAD_REQUEST for more bytes than an image of that size may unpack to */
export function requireSize(bytes: number, limits: ImageLimits, packedBytes: number): void {
  if (bytes > limits.size.value) throw beyond(limits, "size", "it unpacks to more bytes");
  if (bytes > ratioFreeBytes + limits.ratio.value * packedBytes)
    throw beyond(limits, "ratio", "it unpacks to more times its own size");
}
