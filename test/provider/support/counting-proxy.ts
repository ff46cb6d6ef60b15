/** Counting proxy: a unix socket in front of another that notes the requests which pass. */
import { connect, createServer, type Server, type Socket } from "node:net";

export class CountingProxy implements AsyncDisposable {
  /** Method and path of each request, in order. */
  readonly requests: string[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(listenAt: string, target: string): Promise<CountingProxy> {
    const server = createServer();
    const proxy = new CountingProxy(server);
    server.on("connection", (client) => {
      const upstream = connect(target);
      for (const socket of [client, upstream]) {
        proxy.#sockets.add(socket);
        socket.once("close", () => {
          proxy.#sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
        socket.on("error", () => socket.destroy());
      }
      client.on("data", (data) => {
        for (const [, line] of data.toString("latin1").matchAll(/^([A-Z]+ \/\S*) HTTP\/1\.1/gm))
          proxy.requests.push(line!);
      });
      client.pipe(upstream).pipe(client);
    });
    await new Promise<void>((resolve) => server.listen(listenAt, resolve));
    return proxy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
