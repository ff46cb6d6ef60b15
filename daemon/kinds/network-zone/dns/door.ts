/** DNS door: where peers ask for network zones, over UDP and TCP. What they get is decided by answer.ts, which is loaded when somebody listens. */
import type { Socket as Datagrams, SocketType } from "node:dgram";
import { isIPv6, type Server, type Socket } from "node:net";
import type { ListenAddress } from "../../../../sdk/api/config/listen-address";
import { cannotListen, hostOf } from "../../../http/host-address";
import { serveStream } from "../../../platform/dns/stream";
import { errnoOf } from "../../../platform/folders/files";
import type { NetworkZoneHome } from "../home";
import type { NetworkZoneStore } from "../store";
import type { Asker } from "./answer";

const key = "core.dns_address";
/** Peers are few; the others hold a connection for a moment. */
const mostConnections = 64;

interface Listening {
  readonly address: ListenAddress;
  readonly close: () => Promise<void>;
}

export class DnsDoor {
  #listening: Listening | undefined;
  /** Moves are made one after the other. */
  #moves: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly home: NetworkZoneHome,
    private readonly store: () => NetworkZoneStore,
  ) {}

  /** Where it listens; undefined while it does not. */
  get address(): ListenAddress | undefined {
    return this.#listening?.address;
  }

  /** Listens at another address, or with undefined at none. @throws ApiError BAD_REQUEST when nobody can listen there; then all is as before */
  move(address: ListenAddress | undefined): Promise<void> {
    const moved = this.#moves.then(() => this.#move(address));
    this.#moves = moved.catch(() => undefined);
    return moved;
  }

  async #move(address: ListenAddress | undefined): Promise<void> {
    const before = this.#listening;
    // Of one port there may be two addresses that are in each other's way, as ":53" and "10.0.0.5:53".
    const isInTheWay = before !== undefined && before.address.port === address?.port;
    if (isInTheWay) await before.close();
    try {
      this.#listening = address && (await this.#open(address));
    } catch (error) {
      if (isInTheWay) this.#listening = await this.#open(before.address);
      throw address === undefined ? error : cannotListen(key, address, error);
    }
    if (!isInTheWay) await before?.close();
  }

  async #open(address: ListenAddress): Promise<Listening> {
    const [{ ZoneAnswers }, host] = await Promise.all([import("./answer"), hostOf(address)]);
    const answers = new ZoneAnswers(this.store(), this.home.zoneNetworks, this.home.log);
    const to: Answers = async (message, asker) => {
      try {
        return await answers.to(message, asker);
      } catch (error) {
        // Whoever asked has no answer, as when a datagram is lost.
        this.home.log.error("Cannot answer a question about network zones", { address: asker.address, error });
        return [];
      }
    };
    const server = await listen(to, host, address.port);
    try {
      const datagrams = await bind(to, host, address.port);
      return { address, close: () => closeAll(server, datagrams) };
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.move(undefined);
  }
}

/** Never rejects. */
type Answers = (message: Buffer, asker: Asker) => Promise<readonly Buffer[]>;

interface Streams {
  readonly close: () => Promise<void>;
}

const closeAll = async (server: Streams, datagrams: Datagrams): Promise<void> => {
  await Promise.all([server.close(), new Promise<void>((resolve) => datagrams.close(() => resolve()))]);
};

async function listen(answers: Answers, host: string | undefined, port: number): Promise<Streams> {
  const { createServer } = await import("node:net");
  const open = new Set<Socket>();
  const server: Server = createServer((socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    const asker: Asker = { address: socket.remoteAddress ?? "", protocol: "tcp" };
    serveStream(socket, (message) => answers(message, asker));
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => resolve());
  });
  // A connection that cannot be taken, as without descriptors, is the loss of whoever wanted it.
  server.on("error", () => undefined);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

async function bind(answers: Answers, host: string | undefined, port: number): Promise<Datagrams> {
  try {
    return await bindAs(answers, host === undefined || isIPv6(host) ? "udp6" : "udp4", host, port);
  } catch (error) {
    // A host without IPv6.
    if (host !== undefined || errnoOf(error) !== "EAFNOSUPPORT") throw error;
    return bindAs(answers, "udp4", host, port);
  }
}

async function bindAs(answers: Answers, type: SocketType, host: string | undefined, port: number): Promise<Datagrams> {
  const { createSocket } = await import("node:dgram");
  const socket = createSocket({ type });
  socket.on("message", (message, { address, port: from }) => {
    const send = async () => {
      for (const answer of await answers(message, { address, protocol: "udp" }))
        socket.send(answer, from, address, () => undefined);
    };
    void send();
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject);
    socket.bind({ port, ...(host === undefined ? {} : { address: host }) }, () => resolve());
  });
  // A datagram that cannot be sent is lost, as on its way.
  socket.on("error", () => undefined);
  return socket;
}
