/**
 * Patience: how long a guest may take to send a request, and how many it may send before it has their answers; one that takes more loses its connection.
 * Node's own bounds of time count for servers that listen themselves, which that of guests does not.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export interface PatienceBounds {
  /** From the connection, or the last answer, to the end of a request's headers. */
  readonly headersMs: number;
  /** From there to the end of its body, so long as it has no answer. */
  readonly bodyMs: number;
  /** Requests of one connection that have no answer yet. Clients wait for answers; a flood does not, and each takes memory. */
  readonly unanswered: number;
}

export class Patience {
  #unanswered = 0;
  #late: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly bounds: PatienceBounds,
  ) {
    socket.once("close", () => clearTimeout(this.#late));
    this.#awaitHeaders();
  }

  /** Takes note of a request. @returns false for one too many: the connection is over */
  begin(request: IncomingMessage, response: ServerResponse): boolean {
    // What was read with the request that was too many comes here as well.
    if (this.socket.destroyed) return false;
    if (this.#unanswered === this.bounds.unanswered) {
      this.socket.destroy();
      return false;
    }
    this.#unanswered += 1;
    clearTimeout(this.#late);
    const slowBody = setTimeout(() => request.complete || this.socket.destroy(), this.bounds.bodyMs).unref();
    response.once("close", () => {
      clearTimeout(slowBody);
      this.#unanswered -= 1;
      if (this.#unanswered === 0 && !this.socket.destroyed) this.#awaitHeaders();
    });
    return true;
  }

  /** It is no connection of requests any more. */
  leave(): void {
    clearTimeout(this.#late);
  }

  #awaitHeaders(): void {
    this.#late = setTimeout(() => this.socket.destroy(), this.bounds.headersMs).unref();
  }
}
