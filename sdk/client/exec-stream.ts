/** Exec streams: websockets of an exec session as Node streams. An empty text frame is the end of file, both ways (docs/lxd-api.md, Exec). */
import { Readable, Writable } from "node:stream";
import type WebSocket from "ws";
import { unavailable } from "../api/errors";

/** Input: each chunk waits until the socket has taken the one before. */
export function inputOf(ws: WebSocket): Writable {
  // Nothing comes this way but the server's own closing, which must be seen and answered.
  ws.resume();
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => ws.send(chunk, { binary: true }, (error) => done(sendError(error))),
    final: (done) => {
      if (ws.readyState !== ws.OPEN) done();
      else ws.send("", { binary: false }, (error) => done(sendError(error)));
    },
  });
}

/** A command that ended takes no more input: like a pipe whose reader is gone. */
function sendError(error: Error | null | undefined): Error | null {
  if (!error) return null;
  return Object.assign(unavailable("Cannot write input: the command has ended.", { cause: error }), { code: "EPIPE" });
}

/** Output: a reader that does not read stops the socket, and so in the end the command. */
export function outputOf(ws: WebSocket): Readable {
  const stream = new Readable({ read: () => ws.resume() });
  let ended = false;
  const end = () => {
    if (!ended) stream.push(null);
    ended = true;
    // A paused socket would never see the other side close it.
    ws.resume();
  };
  ws.on("message", (data, isBinary) => {
    if (ended) return;
    if (!isBinary) end();
    else if (!stream.push(data)) ws.pause();
  });
  ws.on("close", end);
  // What fits the stream's buffer is taken at once, so that an output that nobody reads is closed with the others.
  ws.resume();
  return stream;
}

export const noOutput = (): Readable => Readable.from([]);
