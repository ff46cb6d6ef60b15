/** Holding proxy: a unix socket in front of another that lets requests through and can keep their answers back, as when the caller dies meanwhile. */
import type { Socket } from "node:net";
import { requestsIn, SocketProxy } from "./socket-proxy";

export class HoldingProxy extends SocketProxy {
  /** Method and path of the requests that were done and whose answers nobody got. */
  readonly held = new Set<string>();
  #pattern: RegExp | undefined;
  #changed: () => void = () => undefined;

  static async start(listenAt: string, target: string): Promise<HoldingProxy> {
    const proxy = new HoldingProxy();
    await proxy.listen(listenAt, target);
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

  protected serve(client: Socket, upstream: Socket): void {
    let kept: string | undefined;
    client.on("data", (data) => {
      for (const line of requestsIn(data)) if (this.#pattern?.test(line)) kept = line;
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
}
