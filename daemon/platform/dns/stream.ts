/** Stream: messages of DNS on a connection, each with its length before it (RFC 1035, 4.2.2). */
import type { Socket } from "node:net";

/** Whoever sends nothing, or takes nothing, is let go after this. */
const idleMs = 10_000;

export const withLength = (message: Buffer): Buffer =>
  Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message]);

/** Answers the messages of a connection, one after the other. @param answers never rejects; nothing when the connection is to end */
export function serveStream(
  socket: Socket,
  answers: (message: Buffer) => Promise<readonly Buffer[] | undefined>,
): void {
  let received = Buffer.alloc(0);
  let isBusy = false;
  socket.setTimeout(idleMs, () => socket.destroy());
  // Whoever goes away has no answer to come.
  socket.on("error", () => socket.destroy());
  const next = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0);
      const message = received.subarray(2, end);
      received = received.subarray(end);
      const found = await answers(message);
      if (found === undefined || socket.destroyed) return void socket.destroy();
      for (const answer of found) if (!socket.write(withLength(answer))) await drained(socket);
    }
    isBusy = false;
    socket.resume();
  };
  socket.on("data", (bytes: Buffer) => {
    received = Buffer.concat([received, bytes]);
    // No more than a message and a little is held of whoever sends faster than is answered.
    socket.pause();
    void next();
  });
}

const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    socket.once("drain", resolve);
    socket.once("close", () => resolve());
  });
