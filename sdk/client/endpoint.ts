/** Endpoint: where a daemon listens. Today a unix socket; connections over TLS have their place here later. */
import path from "node:path";
import { badRequest } from "../api/errors";

/** State folder of a daemon that was told nothing else. */
export const defaultStateDir = "/var/lib/bothy";

export interface Endpoint {
  readonly socketPath: string;
}

/**
 * Reads an endpoint.
 * @param text "unix:///path/to/unix.socket", "unix:/path" or the path of a socket
 * @throws ApiError BAD_REQUEST for any other scheme
 */
export function parseEndpoint(text: string): Endpoint {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme === "https" || scheme === "http")
    throw badRequest(
      `Cannot use endpoint "${text}": connections over the network are not supported yet. Use unix:///path/to/unix.socket.`,
    );
  if (scheme !== undefined && scheme !== "unix")
    throw badRequest(`Cannot use endpoint "${text}": unknown scheme "${scheme}". Use unix:///path/to/unix.socket.`);
  const socketPath = text.replace(/^unix:(\/\/)?/i, "");
  if (socketPath === "" || (scheme === "unix" && !path.isAbsolute(socketPath)))
    throw badRequest(`Cannot use endpoint "${text}": it needs an absolute path. Use unix:///path/to/unix.socket.`);
  return { socketPath: path.resolve(socketPath) };
}

/** The endpoint that the environment names: BOTHY_ENDPOINT, BOTHY_DIR, then the default state folder. */
export function defaultEndpoint(env: NodeJS.ProcessEnv = process.env): Endpoint {
  if (env.BOTHY_ENDPOINT) return parseEndpoint(env.BOTHY_ENDPOINT);
  return { socketPath: path.resolve(env.BOTHY_DIR || defaultStateDir, "unix.socket") };
}
