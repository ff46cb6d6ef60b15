/** Channel: one websocket of a migration. Messages are read one after the other, and the other side waits when nobody reads. */
import type { WebSocket } from "ws";
import { type ApiError, badRequest } from "../../../sdk/api/errors";

/** As long as an upload may pause. */
const idleMs = 10 * 60_000;
/** Bytes that are held before the other side has to wait. */
const most = 1024 * 1024;
/** Bytes that a message takes in memory beside its own: whoever sends empty ones shall wait as well. */
const besideMessage = 256;

export interface ChannelMessage {
  readonly data: Buffer;
  /** A text message ends what an rsync said. */
  readonly isBinary: boolean;
}

export class Channel {
  readonly #held: ChannelMessage[] = [];
  #heldBytes = 0;
  #isClosed = false;
  #aliveAt = 0;
  /** Closed by us: what still comes is for nobody, and is read to its end, where the other side's farewell is. */
  #isOver = false;
  #changed: () => void = () => undefined;

  /** @param socket open, and paused since it opened */
  constructor(private readonly socket: WebSocket) {
    socket.on("message", (data: Buffer, isBinary) => {
      if (this.#isOver) return;
      this.#held.push({ data, isBinary });
      this.#heldBytes += data.length + besideMessage;
      if (this.#heldBytes > most) socket.pause();
      this.#changed();
    });
    socket.on("close", () => {
      this.#isClosed = true;
      this.#changed();
    });
    socket.on("error", () => socket.terminate());
    // Each is a sign of life, and answered; who takes no answers shall not fill the memory with them.
    socket.on("ping", () => {
      this.#aliveAt = performance.now();
      if (socket.bufferedAmount > most) socket.terminate();
    });
    if (socket.readyState >= socket.CLOSING) this.#isClosed = true;
    socket.resume();
  }

  /** Tells the other side that we are there, though there is nothing to say yet. */
  ping(): void {
    if (!this.#isClosed) this.socket.ping(undefined, undefined, () => undefined);
  }

  /** The next message. @throws ApiError BAD_REQUEST when the other side has left or says nothing for ten minutes; the signal's reason */
  async next(signal: AbortSignal, patienceMs = idleMs): Promise<ChannelMessage> {
    // The host's clock may be put back.
    const begunAt = performance.now();
    for (;;) {
      signal.throwIfAborted();
      const message = this.#held.shift();
      if (message !== undefined) {
        this.#heldBytes -= message.data.length + besideMessage;
        if (this.#heldBytes <= most) this.socket.resume();
        return message;
      }
      if (this.#isClosed) throw lost();
      const leftMs = Math.max(begunAt, this.#aliveAt) + patienceMs - performance.now();
      if (leftMs <= 0) throw badRequest("The other server of the migration says nothing any more.");
      await this.#change(signal, leftMs);
    }
  }

  async #change(signal: AbortSignal, ms: number): Promise<void> {
    let wake: () => void = () => undefined;
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    this.#changed = wake;
    const timer = setTimeout(wake, ms);
    signal.addEventListener("abort", wake, { once: true });
    await changed;
    clearTimeout(timer);
    signal.removeEventListener("abort", wake);
  }

  /**
   * Resolves when the message is on its way.
   * @throws ApiError BAD_REQUEST when the other side has left, or takes nothing for ten minutes; the signal's reason
   */
  send(data: Buffer, signal: AbortSignal, patienceMs = idleMs): Promise<void> {
    return this.#send(data, true, signal, patienceMs);
  }

  /** Says that no more bytes come until the other side has ended as well. */
  end(signal: AbortSignal): Promise<void> {
    return this.#send(Buffer.alloc(0), false, signal, idleMs);
  }

  #send(data: Buffer, binary: boolean, signal: AbortSignal, patienceMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error?: unknown) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const abort = () => settle(signal.reason);
      const late = () => settle(badRequest("The other server of the migration takes nothing any more."));
      const timer = setTimeout(late, patienceMs);
      signal.addEventListener("abort", abort, { once: true });
      if (signal.aborted) abort();
      else if (this.#isClosed) settle(lost());
      else this.socket.send(data, { binary }, (error) => settle(error ? lost() : undefined));
    });
  }

  close(): void {
    this.#isOver = true;
    // A paused one would never see the answer.
    this.socket.resume();
    this.socket.close(1000);
  }
}

const lost = (): ApiError => badRequest("The connection to the other server of the migration was lost.");
