/** Block: the bytes of a disk go over a websocket as they are, as LXD sends them; a text message ends them, and none comes back. */
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { badRequest } from "../../../sdk/api/errors";
import type { Channel } from "./channel";

const pieceBytes = 256 * 1024;
/** Of zeros that are not written. */
const holeBytes = 4096;
const zeros = Buffer.alloc(holeBytes);

export interface BlockTransfer {
  /** Absolute, in a folder that no guest can write to. */
  readonly file: string;
  readonly channel: Channel;
  readonly signal: AbortSignal;
  /** Told of bytes as they go over. */
  readonly count: (bytes: number) => void;
}

/** Sends a file, which must not change meanwhile. @param bytesPerSecond if they are bounded @throws ApiError; the signal's reason */
export async function sendBlock(
  { file, channel, signal, count }: BlockTransfer,
  bytesPerSecond: number | undefined,
): Promise<void> {
  const from = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  const begunAt = performance.now();
  let sent = 0;
  try {
    for (;;) {
      const { bytesRead, buffer } = await from.read({ buffer: Buffer.allocUnsafe(pieceBytes) });
      if (bytesRead === 0) break;
      await channel.send(buffer.subarray(0, bytesRead), signal);
      count(bytesRead);
      sent += bytesRead;
      if (bytesPerSecond === undefined) continue;
      const early = begunAt + (sent * 1000) / bytesPerSecond - performance.now();
      if (early > 0) await delay(early, undefined, { signal });
    }
  } finally {
    await from.close();
  }
  await channel.end(signal);
}

/**
 * Makes a file that is there what comes; zeros become holes.
 * @param most bytes, if they are bounded @returns how many came @throws ApiError BAD_REQUEST for more; the signal's reason
 */
export async function receiveBlock(
  { file, channel, signal, count }: BlockTransfer,
  most: number | undefined,
): Promise<number> {
  const to = await open(file, constants.O_WRONLY | constants.O_TRUNC | constants.O_NOFOLLOW);
  try {
    let came = 0;
    for (;;) {
      const { data, isBinary } = await channel.next(signal);
      if (!isBinary) break;
      if (came + data.length > (most ?? Number.POSITIVE_INFINITY))
        throw badRequest(`Cannot take the volume: the other server sends more than its "size" (${most} bytes).`);
      await writeSparse(to, data, came);
      came += data.length;
      count(data.length);
    }
    await to.truncate(came);
    await to.sync();
    return came;
  } finally {
    await to.close();
  }
}

async function writeSparse(to: FileHandle, data: Buffer, at: number): Promise<void> {
  for (let from = 0; from < data.length; ) {
    // As far as it is alike: zeros or none.
    const isZero = (start: number) => {
      const part = data.subarray(start, start + holeBytes);
      return part.equals(zeros.subarray(0, part.length));
    };
    const isHole = isZero(from);
    let end = from + holeBytes;
    while (end < data.length && isZero(end) === isHole) end += holeBytes;
    end = Math.min(end, data.length);
    for (let done = from; !isHole && done < end; )
      done += (await to.write(data, done, end - done, at + done)).bytesWritten;
    from = end;
  }
}
