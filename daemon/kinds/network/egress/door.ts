/** Door: where the guests of one scope ask for names, at one address of their bridge; the network's rules lead them here (rules.ts). */
import { createSocket, type Socket as Datagrams } from "node:dgram";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { serveStream } from "../../../platform/dns/stream";
import type { Protocol } from "./upstream";

const mostConnections = 32;
/** Questions that wait for their answers; who asks for more asks again. */
const mostWaiting = 150;

/** Never rejects. @param from address of who asks @returns the answer; nothing where none is due */
export type Answers = (message: Buffer, protocol: Protocol, from: string) => Promise<Buffer | undefined>;

export interface Door {
  /** Of the bridge. */
  readonly address: string;
  readonly ports: Readonly<Record<Protocol, number>>;
  close(): void;
}

/** @throws Error of the system when nobody can listen there */
export async function openDoor(address: string, answers: Answers): Promise<Door> {
  let waiting = 0;
  const counted: Answers = async (message, protocol, from) => {
    if (waiting >= mostWaiting) return undefined;
    waiting += 1;
    try {
      return await answers(message, protocol, from);
    } finally {
      waiting -= 1;
    }
  };
  const datagrams = await bind(address, counted);
  const [server, open] = await listen(address, counted).catch((error: unknown) => {
    datagrams.close();
    throw error;
  });
  return {
    address,
    ports: { udp: datagrams.address().port, tcp: (server.address() as AddressInfo).port },
    close: () => {
      datagrams.close();
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

async function bind(address: string, answers: Answers): Promise<Datagrams> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ address, port: 0 }, () => resolve());
  });
  // A datagram that cannot be sent is lost, as on its way.
  socket.on("error", () => undefined);
  let isOpen = true;
  socket.on("close", () => {
    isOpen = false;
  });
  socket.on("message", (message, { address: from, port }) => {
    const send = async () => {
      const answer = await answers(message, "udp", from);
      if (answer !== undefined && isOpen) socket.send(answer, port, from, () => undefined);
    };
    void send();
  });
  return socket;
}

async function listen(address: string, answers: Answers): Promise<[Server, Set<Socket>]> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    const from = socket.remoteAddress ?? "";
    serveStream(socket, async (message) => {
      const answer = await answers(message, "tcp", from);
      return answer && [answer];
    });
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port: 0 }, () => resolve());
  });
  // A connection that cannot be taken, as without descriptors, is the loss of whoever wanted it.
  server.on("error", () => undefined);
  return [server, open];
}
