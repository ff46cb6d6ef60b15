/** Counting proxy: a unix socket in front of another that notes the requests which pass. */
import type { Socket } from "node:net";
import { requestsIn, SocketProxy } from "./socket-proxy";

export class CountingProxy extends SocketProxy {
  /** Method and path of each request, in order. */
  readonly requests: string[] = [];

  static async start(listenAt: string, target: string): Promise<CountingProxy> {
    const proxy = new CountingProxy();
    await proxy.listen(listenAt, target);
    return proxy;
  }

  protected serve(client: Socket, upstream: Socket): void {
    client.on("data", (data) => void this.requests.push(...requestsIn(data)));
    client.pipe(upstream).pipe(client);
  }
}
