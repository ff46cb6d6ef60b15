/** Socket: a connection to a unix socket, however long its path is. */
import { closeSync, openSync } from "node:fs";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { UnixEndpoint } from "./address";

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
export async function openSocket(endpoint: UnixEndpoint, signal?: AbortSignal): Promise<Socket> {
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

function connectSocket({ socketPath }: UnixEndpoint): Socket {
  if (Buffer.byteLength(socketPath) <= maxAddressBytes) return connect(socketPath);
  const folder = openSync(path.dirname(socketPath), openPathOnly);
  try {
    // connect(2) has read the address when this call returns, so the folder may be closed again.
    return connect(`/proc/self/fd/${folder}/${path.basename(socketPath)}`);
  } finally {
    closeSync(folder);
  }
}
