/** Endpoint: what people name a server by: a socket, an address, or a remote that is stored. */
import path from "node:path";
import { badRequest } from "../api/errors";
import { localStateDir } from "../host/state-folder";
import { getRemote, remoteAt } from "../remote/file";
import { cannotUse, type Endpoint, endpointText, parseHttps, type UnixEndpoint } from "./address";

/**
 * Reads an endpoint.
 * @param text "unix:///path/to/unix.socket", "unix:/path" or the path of a socket; "https://host:8443", whose certificate is the one
 * that a remote of this address has stored, if there is one; "remote:NAME"
 * @throws ApiError BAD_REQUEST for anything else, and for a remote that is not stored
 */
export function parseEndpoint(text: string, env: NodeJS.ProcessEnv = process.env): Endpoint {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  switch (scheme) {
    case "http":
    case "https": {
      const endpoint = parseHttps(text);
      return remoteAt(endpointText(endpoint), env) ?? endpoint;
    }
    case "remote":
      return namedRemote(text, env);
    case "unix":
    case undefined:
      return parseUnix(text, scheme !== undefined);
    default:
      throw cannotUse(text, `unknown scheme "${scheme}"`);
  }
}

function namedRemote(text: string, env: NodeJS.ProcessEnv): Endpoint {
  const name = text.slice("remote:".length);
  const endpoint = getRemote(name, env);
  if (endpoint !== undefined) return endpoint;
  throw badRequest(
    `Cannot use endpoint "${text}": there is no remote "${name}". See "bothy remote list"; "bothy remote add" makes one.`,
  );
}

function parseUnix(text: string, isUrl: boolean): UnixEndpoint {
  const socketPath = text.replace(/^unix:(\/\/)?/i, "");
  if (socketPath === "" || (isUrl && !path.isAbsolute(socketPath))) throw cannotUse(text, "it needs an absolute path");
  return { kind: "unix", socketPath: path.resolve(socketPath) };
}

/** The socket of this host's own daemon: in BOTHY_DIR, else in /var/lib/bothy, else in the user's own state folder. */
export const localEndpoint = (env: NodeJS.ProcessEnv = process.env): UnixEndpoint => ({
  kind: "unix",
  socketPath: path.resolve(localStateDir(env), "unix.socket"),
});

/** The endpoint that the environment names: BOTHY_ENDPOINT, BOTHY_DIR, then the default state folder. */
export const defaultEndpoint = (env: NodeJS.ProcessEnv = process.env): Endpoint =>
  env.BOTHY_ENDPOINT ? parseEndpoint(env.BOTHY_ENDPOINT, env) : localEndpoint(env);
