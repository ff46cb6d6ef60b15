/** Holding proxy: a unix socket in front of another that lets requests through and can keep their answers back, as when the caller dies meanwhile. */
import { connect, createServer, type Server, type Socket } from "node:net";

export class HoldingProxy implements AsyncDisposable {
  /** Method and path of the requests that were done and whose answers nobody got. */
  readonly held = new Set<string>();
  readonly #sockets = new Set<Socket>();
  #pattern: RegExp | undefined;
  #changed: () => void = () => undefined;

  private constructor(private readonly server: Server) {}

  static async start(listenAt: string, target: string): Promise<HoldingProxy> {
    const server = createServer();
    const proxy = new HoldingProxy(server);
    server.on("connection", (client) => proxy.#serve(client, connect(target)));
    await new Promise<void>((resolve) => server.listen(listenAt, resolve));
    return proxy;
  }

  /** Keeps the answers to requests back whose method and path match, once they have come. @returns when so many are held */
  async hold(pattern: RegExp, count: number): Promise<void> {
    this.#pattern = pattern;
    this.held.clear();
    while (this.held.size < count)
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
  }

  /** Lets everything through again. */
  release(): void {
    this.#pattern = undefined;
  }

  #serve(client: Socket, upstream: Socket): void {
    let kept: string | undefined;
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
      socket.on("error", () => socket.destroy());
    }
    client.on("data", (data) => {
      for (const [, line] of data.toString("latin1").matchAll(/^([A-Z]+ \/\S*) HTTP\/1\.1/gm))
        if (this.#pattern?.test(line!)) kept = line;
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (kept === undefined) client.write(data);
      else {
        this.held.add(kept);
        this.#changed();
      }
    });
    client.once("end", () => upstream.end());
    upstream.once("end", () => client.end());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
