/** Connection: a socket to the server of an endpoint, for what is no plain request. */
import type { Socket } from "node:net";
import type { Endpoint } from "./address";
import { openSocket } from "./socket";
import { openTls } from "./tls";

/** @throws the error of the connection, which connectionError() puts into words, or the reason of the signal */
export const openConnection = (endpoint: Endpoint, signal?: AbortSignal): Promise<Socket> =>
  endpoint.kind === "unix" ? openSocket(endpoint, signal) : openTls(endpoint, { signal });
