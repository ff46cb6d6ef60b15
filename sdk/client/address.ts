/** Address: where a server listens: a unix socket of this host, or a host and port that speak HTTPS. */
import { isIPv6 } from "node:net";
import { badRequest } from "../api/errors";
import type { Identity } from "../remote/identity";

/** LXD's and Incus' own port. */
export const defaultPort = 8443;

export interface UnixEndpoint {
  readonly kind: "unix";
  readonly socketPath: string;
}

export interface HttpsEndpoint {
  readonly kind: "https";
  /** Name or address, an IPv6 one without brackets. */
  readonly host: string;
  readonly port: number;
  /** SHA-256 of the certificate that the server must have, in lower-case hexadecimal digits; when absent this system must trust it. */
  readonly fingerprint?: string;
  /** The certificate that this client shows there; when absent the one of its config folder. */
  readonly identity?: Identity;
}

export type Endpoint = UnixEndpoint | HttpsEndpoint;

/** An endpoint in the words that stay the same: the path of a socket, or "https://host:8443". */
export function endpointText(endpoint: Endpoint): string {
  if (endpoint.kind === "unix") return endpoint.socketPath;
  return `https://${authorityOf(endpoint)}`;
}

const authorityOf = ({ host, port }: HttpsEndpoint): string => `${isIPv6(host) ? `[${host}]` : host}:${port}`;

/** Host and port as a request names them: without the zone of an address, which is this host's own affair. */
export const hostHeader = (endpoint: HttpsEndpoint): string => authorityOf(endpoint).replace(/%[^\]]*/, "");

const waysToSay = "Use unix:///path/to/unix.socket, https://host:8443 or remote:NAME.";

export const cannotUse = (text: string, cause: string) =>
  badRequest(`Cannot use endpoint "${text}": ${cause}. ${waysToSay}`);

const parts = /^https:\/\/(?:\[([^\]]*)\]|([^\s:/?#@[\]]+))(?::(\d+))?\/?$/i;

/**
 * Reads "https://host", "https://host:8443" or "https://[fd42::1]:8443".
 * @throws ApiError BAD_REQUEST for whatever a server's address does not have: a path, a user, a port beyond 65535
 */
export function parseHttps(text: string): HttpsEndpoint {
  if (!/^https:\/\//i.test(text)) throw cannotUse(text, "servers are spoken to by HTTPS only");
  const [found, inBrackets, name, digits = String(defaultPort)] = parts.exec(text) ?? [];
  if (found === undefined)
    throw cannotUse(text, "it needs a host, and may have a port; an IPv6 address stands in brackets");
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw cannotUse(text, `there is no port ${digits}`);
  const host = inBrackets === undefined ? plainHost(name ?? "") : plainIpv6(inBrackets);
  if (host === undefined) throw cannotUse(text, `"${inBrackets ?? name}" is not a host`);
  return { kind: "https", host, port };
}

/** Names in small letters, addresses in their usual form. */
function plainHost(name: string): string | undefined {
  const url = URL.parse(`https://${name}`);
  return url === null || url.hostname === "" ? undefined : url.hostname;
}

function plainIpv6(address: string): string | undefined {
  if (!isIPv6(address)) return undefined;
  // One with a zone, as link-local ones need, is no part of a URL.
  const url = URL.parse(`https://[${address}]`);
  return url === null ? address.toLowerCase() : url.hostname.slice(1, -1);
}
