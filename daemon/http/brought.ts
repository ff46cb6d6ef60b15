/** Brought: connections that a trusted proxy passes on, and whose they are (proxy-header.ts). */
import type { Server, Socket } from "node:net";
import type { ListenAddress } from "../../sdk/api/config/listen-address";
import { keyOf } from "./crowd";
import { readProxyHeader } from "./proxy-header";

export class Brought {
  readonly #clients = new Map<string, ListenAddress>();

  /** @param isProxy asked with the address of each connection @param patienceMs in which a proxy says whose it is */
  constructor(
    private readonly isProxy: (address: string) => boolean,
    private readonly patienceMs: number,
  ) {}

  /** Has a server take connections of proxies only when they have said whose they are. @param meet sees each connection at once */
  guard(server: Server, meet: (socket: Socket) => void): void {
    // What begins TLS; a proxy's word comes before that.
    const begin = server.listeners("connection") as ((socket: Socket) => void)[];
    server.removeAllListeners("connection");
    server.on("connection", (socket: Socket) => {
      meet(socket);
      const go = () => {
        for (const each of begin) each.call(server, socket);
      };
      if (this.isProxy(socket.remoteAddress ?? "")) void this.#hear(socket, go);
      else go();
    });
  }

  async #hear(socket: Socket, go: () => void): Promise<void> {
    socket.on("error", () => socket.destroy());
    try {
      const client = await readProxyHeader(socket, this.patienceMs);
      if (socket.destroyed) return;
      const key = keyOf(socket);
      if (client !== undefined) {
        this.#clients.set(key, client);
        socket.once("close", () => this.#clients.delete(key));
      }
      go();
    } catch {
      socket.destroy();
    }
  }

  /** Where the client of a connection is: what its proxy says, else where it comes from. @param socket itself, or what encrypts it */
  clientOf(socket: Socket): ListenAddress {
    const { remoteAddress = "", remotePort = 0 } = socket;
    return this.#clients.get(keyOf(socket)) ?? { host: remoteAddress, port: remotePort };
  }
}
