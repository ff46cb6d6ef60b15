/** Pipelines: how many requests one connection may send before it has their answers. Each takes memory until it is answered, and no client of ours sends two. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Ends a connection that has more requests under way. Goes before those who answer. */
export function boundPipelines(server: Server, most: number): void {
  const underWay = new WeakMap<Socket, number>();
  server.prependListener("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
    const count = (underWay.get(socket) ?? 0) + 1;
    underWay.set(socket, count);
    if (count > most) socket.destroy();
    else response.once("close", () => underWay.set(socket, (underWay.get(socket) ?? 1) - 1));
  });
}
