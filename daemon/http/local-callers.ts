/** Local callers: who reached the unix socket, by the user that the kernel says. All of them have the whole server; listeners are told who did what. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Caller } from "../core/call";
import type { Log } from "../platform/log";

/** Who cannot be told by then stays unnamed: no request waits for it. */
const patienceMs = 10_000;

/** What is asked of the host. */
export interface PeerPort {
  /** @param fd of a connection @returns the user id @throws ApiError */
  uidOf(fd: number): Promise<number>;
  nameOf(uid: number): Promise<string>;
}

/** Whoever reaches the unix socket is its owner or of its group. */
const callerNamed = (username: string): Caller => ({ username, protocol: "unix", address: "@", rights: "server" });

/** Without a way to ask. */
const unnamed = callerNamed("");

export class LocalCallers {
  readonly #known = new WeakMap<Socket, Caller>();
  #isTold = false;

  /** @param peers absent where nothing can be asked */
  constructor(
    private readonly peers: PeerPort | undefined,
    private readonly log: Log,
  ) {}

  /** Asks who is at the other end of a request's connection, once for each. Never rejects. */
  async know({ socket }: IncomingMessage): Promise<void> {
    if (this.peers === undefined || this.#known.has(socket)) return;
    try {
      const patience = new AbortController();
      const late = delay(patienceMs, undefined, { signal: patience.signal, ref: false });
      const uid = await Promise.race([this.peers.uidOf(descriptorOf(socket)), late]).finally(() => patience.abort());
      if (uid === undefined) throw new Error("there was no answer in time");
      // The number of a descriptor that was closed meanwhile is another connection's by now.
      if (socket.destroyed) return;
      this.#known.set(socket, callerNamed(await this.peers.nameOf(uid)));
    } catch (error) {
      if (this.#isTold || socket.destroyed) return;
      this.#isTold = true;
      this.log.warning("Cannot tell which users reach the socket; what they do is told without their names", { error });
    }
  }

  /** Who sent a request; without a name where that is not known. */
  callerOf({ socket }: IncomingMessage): Caller {
    return this.#known.get(socket) ?? unnamed;
  }
}

/** Node gives it away by nothing that is documented; libuv's handles of sockets have had it from the beginning. @throws Error */
function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } | null };
  if (typeof handle?.fd !== "number" || handle.fd < 0) throw new Error("the connection has no descriptor");
  return handle.fd;
}
