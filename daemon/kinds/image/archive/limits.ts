/** Limits: what an image may hold and cost, by the server's configuration (sdk/api/config/server.ts). */
import type { Config } from "../../../../sdk/api/common";
import { serverConfig } from "../../../../sdk/api/config/server";
import { type ApiError, badRequest } from "../../../../sdk/api/errors";

/** A value as it is configured, and as a number. */
interface Limit {
  readonly text: string;
  readonly value: number;
}

/** A whole desktop has some hundred thousand entries; distributions pack to a third or a tenth of the size. */
const names = ["entries", "names", "size", "ratio", "depth", "time"] as const;

export type LimitName = (typeof names)[number];
export type ImageLimits = Readonly<Record<LimitName, Limit>>;

/** A small image may hold a large file of zeros. */
export const ratioFreeBytes = 256 * 1024 * 1024;

/** @param config of the server, checked when it was set */
export function imageLimits(config: Config): ImageLimits {
  const set = serverConfig(config);
  const limits = names.map((name): [LimitName, Limit] => {
    const text = set.text(`images.limits.${name}`);
    return [name, { text: name === "time" ? `${text} seconds` : text, value: set.get(`images.limits.${name}`) }];
  });
  return Object.fromEntries(limits) as Record<LimitName, Limit>;
}

/** The refusal of an image that is past a limit. @param what it does, with "allows" to follow */
export const beyond = (limits: ImageLimits, name: LimitName, what: string): ApiError =>
  badRequest(
    `Cannot import image: ${what} than "images.limits.${name}" allows (${limits[name].text}). Make the image smaller, or raise the limit in the server's configuration.`,
  );

/** The file that an archive comes from, which may still be coming. */
interface PackedSize {
  /** Bytes that it surely has. */
  readonly readBytes: number;
  readonly wholeBytes: () => Promise<number>;
}

/** Passes an unpacked archive on and counts it. */
export async function* withinSize(
  chunks: AsyncIterable<Buffer>,
  limits: ImageLimits,
  packed: PackedSize,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    // What is read of it may unpack to more than the rest.
    if (isBeyondRatio(bytes, limits, packed.readBytes)) requireSize(bytes, limits, await packed.wholeBytes());
    else requireSize(bytes, limits, packed.readBytes);
    yield chunk;
  }
}

const isBeyondRatio = (bytes: number, limits: ImageLimits, packedBytes: number): boolean =>
  bytes > ratioFreeBytes + limits.ratio.value * packedBytes;

/** @throws ApiError BAD_REQUEST for more bytes than an image of that size may unpack to */
export function requireSize(bytes: number, limits: ImageLimits, packedBytes: number): void {
  if (bytes > limits.size.value) throw beyond(limits, "size", "it unpacks to more bytes");
  if (isBeyondRatio(bytes, limits, packedBytes)) throw beyond(limits, "ratio", "it unpacks to more times its own size");
}
