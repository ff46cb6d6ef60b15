/** Crowd: connections of whom we do not know. There is room for so many; who comes last takes the place of who came first. */
import type { Socket } from "node:net";

export class Crowd {
  readonly #members = new Map<string, Socket>();

  /** @param most how many there may be at once */
  constructor(private readonly most: number) {}

  get size(): number {
    return this.#members.size;
  }

  /** Takes in a connection, and ends the oldest when there is no room. */
  add(socket: Socket): void {
    const key = keyOf(socket);
    this.#members.set(key, socket);
    socket.once("close", () => {
      if (this.#members.get(key) === socket) this.#members.delete(key);
    });
    if (this.#members.size <= this.most) return;
    const [oldest] = this.#members;
    if (oldest === undefined) return;
    this.#members.delete(oldest[0]);
    oldest[1].destroy();
  }

  /** Lets a connection go out of the crowd, since it is known whose it is. @param socket itself, or what encrypts it */
  release(socket: Socket): void {
    this.#members.delete(keyOf(socket));
  }

  endAll(): void {
    for (const socket of this.#members.values()) socket.destroy();
    this.#members.clear();
  }
}

/** The same for a connection and for what encrypts it. */
export const keyOf = ({ remoteAddress, remotePort, localPort }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localPort}`;
