/** Channels: the two websockets of a migration, from either end: waited for by secrets that are given out, or opened by those that were given. */

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { untilAborted } from "../../../sdk/api/abort";
import { ApiError, badRequest } from "../../../sdk/api/errors";
import type { MigrationTarget } from "../../../sdk/api/migration";
import { findProgram } from "../../../sdk/host/program";
import { byteSockets } from "../../http/websockets";
import { Channel } from "../../platform/migration/channel";
import { dial, type Far, farOf } from "../../platform/migration/dial";
import type { OperationWork } from "../../platform/operations";
import { isSameSecret, makeSecret } from "../../platform/secret";

export interface Channels {
  /** Messages. */
  readonly control: Channel;
  /** What rsync says. */
  readonly fs: Channel;
}

/** One end of a migration: what its operation says of it, and how it comes to its websockets. */
export interface End {
  readonly operation: Pick<OperationWork, "class" | "metadata" | "connect">;
  /** @throws ApiError when the other side does not come, or is not the one that is meant */
  open(signal: AbortSignal): Promise<Channels>;
  /** Closes all that is open. */
  close(): void;
}

const names = ["control", "fs"] as const;

/** A client tells the other server first, which then comes. LXD waits ten seconds. */
const connectMs = 30_000;

/** An end that others connect to, each websocket once. */
function waitingEnd(): End {
  const secrets = Object.fromEntries(names.map((name) => [name, makeSecret()]));
  const sockets = new Map<string, WebSocket>();
  const channels: Channel[] = [];
  let isOver = false;
  let changed = () => undefined as unknown;
  const connect = (secret: string, request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const name = names.find((candidate) => isSameSecret(secrets[candidate] ?? "", secret));
    if (name === undefined) throw new ApiError("FORBIDDEN", "not authorized");
    if (isOver) throw badRequest("This operation has ended. Start another one.");
    if (sockets.has(name)) throw badRequest(`The websocket "${name}" of this operation is connected already.`);
    // A header of many snapshots is as large as a piece of files may be.
    byteSockets.handleUpgrade(request, socket, head, (client) => {
      client.pause();
      client.on("error", () => client.terminate());
      sockets.set(name, client);
      changed();
    });
  };
  return {
    operation: { class: "websocket", metadata: secrets, connect },
    async open(signal) {
      const all = new Promise<void>((resolve) => {
        changed = () => {
          if (sockets.size === names.length) resolve();
        };
        changed();
      });
      const late = AbortSignal.timeout(connectMs);
      const stop = AbortSignal.any([signal, late]);
      await untilAborted(all, stop).catch((error: unknown) => {
        throw late.aborted && !signal.aborted ? badRequest("Timed out waiting for connections") : error;
      });
      const [control, fs] = [new Channel(sockets.get("control")!), new Channel(sockets.get("fs")!)];
      channels.push(control, fs);
      return { control, fs };
    },
    close() {
      isOver = true;
      for (const channel of channels) channel.close();
      // Those of an end that never had both.
      for (const socket of channels.length > 0 ? [] : sockets.values()) {
        socket.resume();
        socket.close(1000);
      }
    },
  };
}

/** An end that connects to an operation of another server. @throws ApiError BAD_REQUEST where a secret is missing or the address is none */
function dialingEnd(far: Far, given: Readonly<Record<string, string>>): End {
  for (const name of names) if (!given[name]) throw badRequest(`Missing ${name} secret`);
  const open: Channel[] = [];
  return {
    operation: {},
    async open(signal) {
      const reach = async (name: string) => {
        const channel = new Channel(await dial(far, given[name] ?? "", signal));
        open.push(channel);
        return channel;
      };
      // In this order: the first that fails leaves the secrets of the others unused.
      const control = await reach("control");
      return { control, fs: await reach("fs") };
    },
    close() {
      for (const channel of open) channel.close();
    },
  };
}

/** Before the other server has begun. @throws ApiError BAD_REQUEST */
function requireRsync(): void {
  if (findProgram("rsync") === undefined)
    throw badRequest('Cannot migrate: the program "rsync" is not installed. Install it; see "bothy doctor".');
}

/** The end of a source: it waits, or connects to the operation of a target. @throws ApiError BAD_REQUEST */
export function endOf(target: MigrationTarget | undefined): End {
  requireRsync();
  return target === undefined ? waitingEnd() : dialingEnd(farOf(target.operation, target.certificate), target.secrets);
}

/** What is said of the source of something that comes. */
interface Origin {
  readonly mode?: string | undefined;
  readonly operation?: string | undefined;
  readonly certificate?: string | undefined;
  readonly secrets?: Readonly<Record<string, string>> | null | undefined;
}

/** The end of a target. @throws ApiError BAD_REQUEST */
export function sinkEnd({ mode, operation, certificate, secrets }: Origin): End {
  requireRsync();
  // As LXD has it: who says nothing pulls.
  if ((mode || "pull") === "pull") return dialingEnd(farOf(operation ?? "", certificate), secrets ?? {});
  if (mode === "push") return waitingEnd();
  throw badRequest(`Mode "${mode}" not implemented. Use pull or push.`);
}
