/** Socket: a connection to a unix socket, however long its path is, and what it means when there is none. */
import { closeSync, openSync } from "node:fs";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ApiError, unavailable } from "../api/errors";
import type { Endpoint } from "./endpoint";

/** A unix socket address holds 107 bytes of path and a NUL (unix(7)). */
const maxAddressBytes = 107;
/** O_PATH: a handle to the folder that needs no right to list it; not among fs.constants. */
const openPathOnly = 0x200000;

/** How long a daemon with a full queue is asked again, and how often. */
const longestBusyMs = 20_000;
const busyPauseMs = 20;

/**
 * Opens a connection. A daemon whose queue of connections is full answers EAGAIN (unix(7)); it is asked again for some seconds.
 * @throws the error of the connection, which connectionError() puts into words, or the reason of the signal
 */
export async function openSocket(endpoint: Endpoint, signal?: AbortSignal): Promise<Socket> {
  const deadline = Date.now() + longestBusyMs;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await connected(connectSocket(endpoint));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || Date.now() > deadline) throw error;
    }
    await delay(busyPauseMs, undefined, { signal });
  }
}

function connected(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // It stays after that, so that no error meets a socket without a listener.
    socket.once("error", reject);
    socket.once("connect", () => resolve(socket));
  });
}

function connectSocket({ socketPath }: Endpoint): Socket {
  if (Buffer.byteLength(socketPath) <= maxAddressBytes) return connect(socketPath);
  const folder = openSync(path.dirname(socketPath), openPathOnly);
  try {
    // connect(2) has read the address when this call returns, so the folder may be closed again.
    return connect(`/proc/self/fd/${folder}/${path.basename(socketPath)}`);
  } finally {
    closeSync(folder);
  }
}

const nobody = { nobodyListens: true } as const;

/** Whether an error says that no daemon listens at the endpoint, so that one may be started. */
export const isNobodyListening = (error: unknown): boolean =>
  ApiError.is(error) && (error.details as { nobodyListens?: unknown } | undefined)?.nobodyListens === true;

/** Turns the failure of a connection into an ApiError; anything else is returned as it is. @param what such as "GET /1.0" */
export function connectionError(endpoint: Endpoint, what: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const at = `"${endpoint.socketPath}"`;
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
    case "ECONNREFUSED":
      return unavailable(
        `Cannot reach the daemon at ${at}: nobody listens there. Start it with "bothy daemon" (as a service with --install), or name another socket with BOTHY_ENDPOINT or BOTHY_DIR.`,
        { cause: error, details: nobody },
      );
    case "EAGAIN":
      return unavailable(
        `Cannot reach the daemon at ${at}: too many others wait for it. See what keeps it busy, then try again.`,
        { cause: error },
      );
    case "EACCES":
    case "EPERM":
      return new ApiError(
        "FORBIDDEN",
        `Cannot reach the daemon at ${at}: permission denied. Become root, or a member of the group that owns the socket.`,
        { cause: error },
      );
    case "ECONNRESET":
    case "ECONNABORTED":
    case "EPIPE":
      return unavailable(
        `Cannot finish ${what}: the connection to the daemon at ${at} was closed. See whether the daemon still runs, then try again.`,
        { cause: error },
      );
    default:
      return error;
  }
}
