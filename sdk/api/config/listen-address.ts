/** Listen address: where a server listens, as LXD takes it: host:port, :port, [ipv6]:port, or a host alone. */
import { isIP, isIPv6 } from "node:net";
import type { ValueType } from "./table";

export interface ListenAddress {
  /** An address or a name; empty for every address of the host. */
  readonly host: string;
  readonly port: number;
}

/** The port of LXD's API. */
export const defaultPort = 8443;
/** The port at which LXD shows its metrics. */
export const metricsPort = 9100;
/** The port of DNS. */
export const dnsPort = 53;
/** The port of BGP (RFC 4271). */
export const bgpPort = 179;

const namePattern = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?$/i;

/** @returns nothing for a text that is no address */
export function parseListenAddress(text: string, portElse: number = defaultPort): ListenAddress | undefined {
  // An IPv6 address has colons of its own.
  if (isIPv6(text)) return { host: text, port: portElse };
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || text === "" || (bracketed !== undefined && !isIPv6(bracketed))) return undefined;
  const port = digits === undefined ? portElse : Number(digits);
  const isHost = host === "" || isIP(host) !== 0 || (namePattern.test(host) && !/^[\d.]+$/.test(host));
  return isHost && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

/** As clients write it. */
export const listenAddressText = ({ host, port }: ListenAddress): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;

/** @param port for an address that names none */
export const listenAddressWith = (port: number): ValueType<ListenAddress> => ({
  title: "address to listen on",
  check: (text) =>
    parseListenAddress(text) === undefined
      ? `it must be an address such as 10.0.0.5:${port}, :${port} or [::1]:${port}`
      : undefined,
  parse: (text) => parseListenAddress(text, port),
});

export const listenAddress = listenAddressWith(defaultPort);
