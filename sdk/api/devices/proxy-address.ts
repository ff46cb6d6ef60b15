/** Addresses of a proxy device: tcp:ADDRESS:PORTS, udp:ADDRESS:PORTS, unix:PATH, unix:@NAME. */
import { isIP } from "node:net";

/** One end of a proxy. */
export type ProxyAddress =
  /** An empty host is any of its own when it listens, and itself when it is connected to, as in Go. */
  | { readonly type: "tcp" | "udp"; readonly host: string; readonly ports: readonly number[] }
  | { readonly type: "unix"; readonly path: string };

/** A socket's address holds 108 bytes, and a path ends with one more (unix(7)). */
const maxPathBytes = 107;

/** @returns an abstract name, which is no file: it begins with "@" */
export const isAbstract = (address: ProxyAddress): boolean => address.type === "unix" && address.path.startsWith("@");

/** Reads an address. @returns it, or why it does not fit */
export function parseProxyAddress(value: string): ProxyAddress | string {
  const [, type, rest = ""] = /^(tcp|udp|unix):(.*)$/s.exec(value) ?? [];
  if (type === "unix") return parsePath(rest);
  if (type === undefined)
    return `Unknown protocol type ${JSON.stringify(value.split(":", 1)[0])}: it must be tcp:ADDRESS:PORT, udp:ADDRESS:PORT or unix:PATH`;
  const [, bracketed, plain, list] = /^(?:\[([^\]]+)\]|([^:]*)):([\d,-]+)$/.exec(rest) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || list === undefined) return `it must be ${type}:ADDRESS:PORT, such as ${type}:0.0.0.0:80`;
  if (host !== "" && isIP(host) !== (bracketed === undefined ? 4 : 6))
    return "Not an IP address: it must be an IPv4 address, or an IPv6 address in brackets";
  const ports = parsePorts(list);
  return typeof ports === "string" ? ports : { type: type as "tcp" | "udp", host, ports };
}

function parsePath(path: string): ProxyAddress | string {
  if (!/^[/@]./s.test(path) || path.includes("\0") || /[\r\n]/.test(path))
    return "it must be unix: with an absolute path, or with an abstract name that begins with @";
  if (Buffer.byteLength(path) > maxPathBytes) return `its path must have at most ${maxPathBytes} bytes`;
  return { type: "unix", path };
}

/** More would be one listener each. */
const maxPorts = 1024;

function parsePorts(list: string): number[] | string {
  const ports: number[] = [];
  for (const part of list.split(",")) {
    const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part) ?? [];
    if (first === undefined || Number(first) < 1 || Number(last) > 65535 || Number(last) < Number(first))
      return `"${part}" must be a port from 1 to 65535, or a range of ports`;
    if (ports.length + Number(last) - Number(first) >= maxPorts) return `it must name at most ${maxPorts} ports`;
    for (let port = Number(first); port <= Number(last); port++) ports.push(port);
  }
  const twice = ports.find((port, index) => ports.indexOf(port) !== index);
  return twice === undefined ? ports : `it must not name the port ${twice} twice`;
}
