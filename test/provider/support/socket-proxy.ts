/** Socket proxy: a unix socket in front of another; what becomes of the bytes is the subclass's. */
import { connect, createServer, type Socket } from "node:net";

/** Method and path of each request that begins in the data, such as "GET /1.0". */
export const requestsIn = (data: Buffer): string[] =>
  [...data.toString("latin1").matchAll(/^([A-Z]+ \/\S*) HTTP\/1\.1/gm)].map(([, line]) => line!);

export abstract class SocketProxy implements AsyncDisposable {
  readonly #server = createServer();
  readonly #sockets = new Set<Socket>();

  protected abstract serve(client: Socket, upstream: Socket): void;

  protected async listen(listenAt: string, target: string): Promise<void> {
    this.#server.on("connection", (client) => {
      const upstream = connect(target);
      this.#pair(client, upstream);
      this.serve(client, upstream);
    });
    await new Promise<void>((resolve) => this.#server.listen(listenAt, resolve));
  }

  /** Neither end outlives the other. */
  #pair(client: Socket, upstream: Socket): void {
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
      socket.on("error", () => socket.destroy());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
