/** Talk: the control websocket of a migration: a header each way, and then one word of either side on how it went. */
import { ApiError, badRequest } from "../../../sdk/api/errors";
import { toApiError } from "../errors";
import type { Channel } from "./channel";
import { decodeVerdict, encodeVerdict, type Verdict } from "./messages";

/** The other side may wait for its turn before its header, and a client that relays hands on no sign of life. */
const headerMs = 10 * 60_000;
/** The last word is short: whoever does not take it at once takes none. */
const verdictMs = 5_000;
const never = new AbortController().signal;

export class Talk implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #heard: Promise<Verdict> | undefined;

  constructor(
    private readonly control: Channel,
    signal: AbortSignal,
  ) {
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  /** Runs the work, and tells the other side when it fails. The signal aborts when the other side fails or leaves. */
  async run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await work(this.#signal);
    } catch (error) {
      const { message } = toApiError(error);
      await this.#say({ success: false, message });
      throw error;
    }
  }

  /** Ends, telling the other side why, when what is sent is there no more. */
  endWith(signal: AbortSignal): void {
    signal.addEventListener("abort", () => this.#stop.abort(signal.reason), { once: true });
  }

  /** Sends a header and hears the other one. */
  async ask(header: Buffer): Promise<Buffer> {
    await this.tell(header);
    return this.hear();
  }

  /** Sends a header. @throws ApiError BAD_REQUEST when the other side does not take it within ten minutes */
  tell(header: Buffer): Promise<void> {
    return this.control.send(header, this.#signal, headerMs);
  }

  /** A header of the other side. @throws ApiError BAD_REQUEST when none comes within ten minutes */
  async hear(): Promise<Buffer> {
    return (await this.control.next(this.#signal, headerMs)).data;
  }

  /** Keeps the other side from losing its patience. */
  stayAlive(): void {
    this.control.ping();
  }

  /** From now on the other side may say how it went at any time. */
  listen(): void {
    this.#heard = this.#next();
    this.#heard.catch(() => undefined);
  }

  async #next(): Promise<Verdict> {
    // What takes long is the files, and those are watched on their own.
    const forever = 2 ** 31 - 1;
    try {
      const verdict = decodeVerdict((await this.control.next(this.#signal, forever)).data);
      if (verdict.success) return verdict;
      throw badRequest(`The other server of the migration failed: ${verdict.message || "it does not say why"}`);
    } catch (error) {
      this.#stop.abort(error);
      throw error;
    }
  }

  /** Waits for the word of a target that all is well. @throws ApiError BAD_REQUEST when it is not */
  async verdict(): Promise<void> {
    await this.#heard;
  }

  /** Says that all is well; what is made stays also where nobody hears that any more. */
  succeed(): Promise<void> {
    return this.#say({ success: true, message: "" });
  }

  /** Also when the migration is over or cancelled. */
  async #say(verdict: Verdict): Promise<void> {
    await this.control.send(encodeVerdict(verdict), never, verdictMs).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new ApiError("BAD_REQUEST", "The migration is over."));
    await this.#heard?.catch(() => undefined);
  }
}
