/**
 * Machine server: a daemon that calls its containers virtual machines. It stands for an LXD on a host with KVM, which the machines of the tests are not;
 * all that a program is told of a virtual machine beside that word is told of a container as well.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";

const words = { container: '"type":"container"', machine: '"type":"virtual-machine"' } as const;

/** Stands before the daemon's socket. @returns what was asked of POST /1.0/instances, and the end of it all */
export async function startMachineServer(listenAt: string, target: string) {
  const asked: { type?: string }[] = [];
  const server = createServer((from, to) => {
    pass(target, asked, from, to).catch((error: unknown) => to.destroy(error as Error));
  });
  const streams = new Set<Duplex>();
  server.on("upgrade", (from, socket) => {
    const upstream = connect(target, () => upstream.write(headOf(from)));
    for (const stream of [socket, upstream]) streams.add(stream.on("error", () => stream.destroy()));
    upstream.pipe(socket).pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(listenAt, resolve));
  return {
    asked,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      for (const stream of streams) stream.destroy();
      await closed;
    },
  };
}

/** A request as it came. */
function headOf({ method, url, rawHeaders }: IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : []));
  return [`${method} ${url} HTTP/1.1`, ...lines, "", ""].join("\r\n");
}

async function pass(target: string, asked: { type?: string }[], from: IncomingMessage, to: ServerResponse) {
  let body = await buffer(from);
  const isCreation = from.method === "POST" && /^\/1\.0\/instances(\?|$)/.test(from.url ?? "");
  if (isCreation && body.includes(words.machine)) {
    asked.push(JSON.parse(body.toString()) as { type?: string });
    body = Buffer.from(body.toString().replace(words.machine, words.container));
  }
  const headers = { ...from.headers, "content-length": body.length };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ socketPath: target, method: from.method, path: from.url, headers }, resolve)
      .on("error", reject)
      .end(body);
  });
  const told = (await buffer(answer))
    .toString()
    .replaceAll(words.container, words.machine)
    .replace('"api_extensions":[', '"api_extensions":["virtual-machines",');
  to.writeHead(answer.statusCode ?? 500, { ...answer.headers, "content-length": Buffer.byteLength(told) }).end(told);
}
