/** Host address: where a server listens, in words and for Node, and why it cannot. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { type ListenAddress, listenAddressText } from "../../sdk/api/config/listen-address";
import { type ApiError, badRequest } from "../../sdk/api/errors";
import { errnoOf } from "../platform/folders/files";

/** The address of a name, of IPv4 where it has both; none for all addresses of both. */
export async function hostOf({ host }: ListenAddress): Promise<string | undefined> {
  if (host === "" || isIP(host) !== 0) return host || undefined;
  return (await lookup(host, { order: "ipv4first" })).address;
}

/** An IPv4 client of a socket for both families is one of IPv4. */
export const addressText = ({ host, port }: ListenAddress): string =>
  listenAddressText({ host: host.replace(/^::ffff:(?=\d+\.)/, ""), port });

const causes: Readonly<Record<string, string>> = {
  EADDRINUSE: "something else listens there. Choose another port, or stop it",
  EADDRNOTAVAIL: "this host has no such address. Choose one of its own, or :PORT for all of them",
  EACCES: "the daemon may not use this port. Choose one above 1023",
  ENOTFOUND: "no such host name is known here. Give an address",
  EAI_AGAIN: "the host name cannot be looked up now. Give an address",
};

/** @param key that says where to listen */
export function cannotListen(key: string, address: ListenAddress, error: unknown): ApiError {
  const cause = causes[errnoOf(error)] ?? (error as Error).message;
  return badRequest(`Cannot listen on ${key} "${listenAddressText(address)}": ${cause}.`, { cause: error });
}
