/** Operation events: one websocket for all operations that a client follows, opened when first needed. */
import type { RawData } from "ws";
import { untilAborted } from "../api/abort";
import { ApiError, unavailable } from "../api/errors";
import { Event } from "../api/event";
import { isFinal, Operation } from "../api/operation";
import type { OpenSocket } from "./websocket";

/** One followed operation: its latest state, and a promise of its end. */
export class Follower {
  latest: Operation;
  /** Whether the websocket was lost once while this operation ran. */
  wasLost = false;
  readonly finished: Promise<Operation>;
  readonly #listeners = new Set<(operation: Operation) => void>();
  readonly #waiters: (change: 1 | -1) => void;
  #resolve!: (operation: Operation) => void;
  #reject!: (error: unknown) => void;

  constructor(operation: Operation, waiters: (change: 1 | -1) => void) {
    this.latest = operation;
    this.#waiters = waiters;
    this.finished = new Promise<Operation>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever waits gets the rejection; when nobody does it is not a crash.
    this.finished.catch(() => undefined);
    if (isFinal(operation)) this.#resolve(operation);
  }

  /** Takes a newer state; an answer that was overtaken by the final event is ignored. */
  update(operation: Operation): void {
    if (isFinal(this.latest)) return;
    this.latest = operation;
    for (const listener of this.#listeners) listener(operation);
    if (isFinal(operation)) this.#resolve(operation);
  }

  fail(error: unknown): void {
    this.#reject(error);
  }

  /** Waits for the end; the process stays alive meanwhile. */
  async wait(listener?: (operation: Operation) => void, signal?: AbortSignal): Promise<Operation> {
    this.#waiters(1);
    if (listener !== undefined) {
      this.#listeners.add(listener);
      listener(this.latest);
    }
    try {
      return await untilAborted(this.finished, signal);
    } finally {
      if (listener !== undefined) this.#listeners.delete(listener);
      this.#waiters(-1);
    }
  }
}

export class OperationEvents {
  readonly #open: (signal?: AbortSignal) => Promise<OpenSocket>;
  readonly #read: (id: string) => Promise<Operation>;
  readonly #followers = new Map<string, Follower>();
  #connection: Promise<OpenSocket> | undefined;
  #current: OpenSocket | undefined;
  #waiters = 0;
  #closed = false;

  constructor(open: (signal?: AbortSignal) => Promise<OpenSocket>, read: (id: string) => Promise<Operation>) {
    this.#open = open;
    this.#read = read;
  }

  /** Makes sure that events are listened to; all callers share one websocket. */
  async listen(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#closed) throw unavailable("Cannot start an operation: the client is closed. Make a new one.");
    this.#connection ??= this.#connect();
    await untilAborted(this.#connection, signal);
  }

  async #connect(): Promise<OpenSocket> {
    try {
      const opened = await this.#open();
      if (this.#closed) {
        opened.ws.terminate();
        throw unavailable("Cannot listen to events: the client was closed.");
      }
      this.#current = opened;
      opened.ws.on("message", (data) => this.#receive(data));
      opened.ws.on("close", () => this.#lost());
      opened.ws.resume();
      this.#holdProcess();
      return opened;
    } catch (error) {
      this.#connection = undefined;
      throw error;
    }
  }

  /** Follows an operation that listen() came before. It is read once, since its last event may have come before its id did. */
  follow(operation: Operation): Follower {
    const known = this.#followers.get(operation.id);
    if (known !== undefined) return known;
    const follower = new Follower(operation, (change) => {
      this.#waiters += change;
      this.#holdProcess();
    });
    if (isFinal(operation)) return follower;
    this.#followers.set(operation.id, follower);
    const forget = () => this.#followers.delete(operation.id);
    follower.finished.then(forget, forget);
    if (this.#current === undefined) this.#reconnect();
    else void this.#reread(follower);
    return follower;
  }

  async #reread(follower: Follower): Promise<void> {
    const id = follower.latest.id;
    try {
      follower.update(await this.#read(id));
    } catch (error) {
      const gone = ApiError.is(error) && error.code === "NOT_FOUND";
      follower.fail(gone ? lostError(id) : error);
    }
  }

  #receive(data: RawData): void {
    const event = Event.safeParse(JSON.parse(String(data)));
    if (!event.success || event.data.type !== "operation") return;
    const operation = Operation.safeParse(event.data.metadata);
    if (operation.success) this.#followers.get(operation.data.id)?.update(operation.data);
  }

  #lost(): void {
    this.#current = undefined;
    this.#connection = undefined;
    for (const [id, follower] of this.#followers) {
      if (follower.wasLost || this.#closed) {
        this.#followers.delete(id);
        follower.fail(lostError(id));
      }
      follower.wasLost = true;
    }
    if (this.#followers.size > 0) this.#reconnect();
  }

  /** Connects again for the operations under way and reads each; one that loses its events twice has failed. */
  #reconnect(): void {
    this.listen().then(
      () => {
        for (const follower of this.#followers.values()) void this.#reread(follower);
      },
      (error) => {
        for (const follower of this.#followers.values()) follower.fail(error);
      },
    );
  }

  /** An idle websocket must not keep the process alive, one that somebody waits on must. */
  #holdProcess(): void {
    const socket = this.#current?.socket;
    if (this.#waiters > 0) socket?.ref();
    else socket?.unref();
  }

  close(): void {
    this.#closed = true;
    this.#current?.ws.terminate();
  }
}

const lostError = (id: string) =>
  unavailable(
    `Cannot follow operation "${id}": the daemon ended the connection and does not know the operation any more. Look whether its work was done, then try again.`,
  );
