/** Device proxy: connections that are handed on between host and container. */
import { isIP } from "node:net";
import type { Device } from "../common";
import { readerOf } from "../config/reader";
import type { Row, ValueType } from "../config/table";
import { bool, octalMode, oneOf, unixId } from "../config/values";
import { addressText6, isAddress6, parseAddress6 } from "../ipv6";
import { isAbstract, type ProxyAddress, parseProxyAddress } from "./proxy-address";
import { commonOptions, type DeviceType, type OptionIssue } from "./type";

const address: ValueType<ProxyAddress> = {
  title: "tcp:ADDRESS:PORTS, udp:ADDRESS:PORTS or unix:PATH",
  check: (value) => {
    const parsed = parseProxyAddress(value);
    return typeof parsed === "string" ? parsed : undefined;
  },
  parse: (value) => {
    const parsed = parseProxyAddress(value);
    return typeof parsed === "string" ? undefined : parsed;
  },
};

const since = "0.1.0";

const options = {
  listen: {
    type: address,
    required: true,
    applies: "now",
    since,
    extension: "proxy",
    example: "tcp:0.0.0.0:8080",
    doc: "Where connections come in. Several ports are written as `80,443` or `8000-8009`; a unix socket as `unix:PATH`, or `unix:@NAME` for an abstract one.",
  },
  connect: {
    type: address,
    required: true,
    applies: "now",
    since,
    extension: "proxy",
    example: "tcp:127.0.0.1:80",
    doc: "Where each connection goes. As many ports as `listen` has, or one for all.",
  },
  bind: {
    type: oneOf("host", "instance", "guest", "container"),
    default: "host",
    applies: "now",
    since,
    extension: "proxy",
    example: "instance",
    doc: "Where `listen` is: on the host, or in the container's own network. `connect` is on the other side. `guest` and `container` are LXD's older words for `instance`.",
  },
  uid: {
    type: unixId,
    default: "0",
    applies: "now",
    since,
    extension: "proxy_unix_dac_properties",
    example: "1000",
    doc: "User that the listening unix socket belongs to.",
  },
  gid: {
    type: unixId,
    default: "0",
    applies: "now",
    since,
    extension: "proxy_unix_dac_properties",
    example: "1000",
    doc: "Group that the listening unix socket belongs to.",
  },
  mode: {
    type: octalMode,
    default: "0644",
    applies: "now",
    since,
    extension: "proxy_unix_dac_properties",
    example: "0660",
    doc: "Permissions of the listening unix socket, in octal digits.",
  },
  proxy_protocol: {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "proxy_haproxy_protocol",
    example: "true",
    doc: "Whether each connection begins with a line that tells the client's address (HAProxy's PROXY protocol, version 1).",
  },
  nat: {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "proxy_nat",
    example: "true",
    doc: "Whether packets are sent on by the host's rules, in the place of connections by a process, so that the container sees the client's address. `listen` is then an address of the host, and `connect` the fixed address of one of the container's nics on a network of the server, or `0.0.0.0` or `[::]` for the first that there is.",
  },
  "security.uid": {
    type: unixId,
    default: "0",
    applies: "now",
    since,
    extension: "unix_priv_drop",
    example: "1000",
    doc: "User by whom connections to a unix socket are made.",
  },
  "security.gid": {
    type: unixId,
    default: "0",
    applies: "now",
    since,
    extension: "unix_priv_drop",
    example: "1000",
    doc: "Group by which connections to a unix socket are made.",
  },
  ...commonOptions,
} as const satisfies Readonly<Record<string, Row>>;

/** Reads the options of a proxy. */
export const proxyOptions = readerOf(options);

const portsOf = (end: ProxyAddress | undefined): number =>
  end === undefined || end.type === "unix" ? 1 : end.ports.length;

function rules(device: Device): OptionIssue[] {
  const proxy = proxyOptions(device);
  const [listen, connect] = [proxy.get("listen"), proxy.get("connect")];
  const issues: OptionIssue[] = [];
  const add = (option: string, message: string) => issues.push({ option, message });
  if (listen !== undefined && connect !== undefined && portsOf(connect) > 1 && portsOf(connect) !== portsOf(listen))
    add(
      "connect",
      "Mismatch between listen port(s) and connect port(s) count: give as many ports as to listen, or one for all",
    );
  if (listen !== undefined && (listen.type !== "unix" || isAbstract(listen)))
    for (const option of ["uid", "gid", "mode"] as const)
      if (proxy.has(option))
        add(option, "Only proxy devices for non-abstract unix sockets can carry uid, gid, or mode properties");
  if (proxy.get("nat")) issues.push(...natRules(proxy.get("bind"), listen, connect));
  if (proxy.get("proxy_protocol") && (connect?.type !== "tcp" || proxy.get("nat")))
    add("proxy_protocol", "The PROXY header can only be sent to tcp servers in non-nat mode");
  return issues;
}

const wildcards = ["", "0.0.0.0", "::"];

/** What packets can be sent on from, and to, in LXD's words. */
function natRules(bind: string, listen: ProxyAddress | undefined, connect: ProxyAddress | undefined): OptionIssue[] {
  const issues: OptionIssue[] = [];
  const add = (option: string, message: string) => issues.push({ option, message });
  if (bind !== "host") add("bind", "Only host-bound proxies can use NAT");
  if (listen === undefined || connect === undefined) return issues;
  if (listen.type === "unix" || connect.type === "unix" || listen.type !== connect.type) {
    add("connect", `Proxying ${listen.type} <-> ${connect.type} is not supported when using NAT`);
    return issues;
  }
  const host = plainAddress6(listen.host);
  if (wildcards.includes(host))
    add("listen", `Cannot listen on wildcard address "${host}" when in nat mode: give an address of the host`);
  else if (/^127\./.test(host) || host === "::1")
    add("listen", `Cannot listen on loopback address "${host}" when in nat mode: give another address of the host`);
  else if (isIP(host) !== isIP(connect.host))
    add("connect", "Cannot mix IP versions between listen and connect in nat mode");
  return issues;
}

/** As the kernel writes it. */
const plainAddress6 = (host: string): string => (isAddress6(host) ? addressText6(parseAddress6(host)) : host);

export const proxy: DeviceType = {
  doc: "Connections that are handed on between the host and the container, over TCP, UDP and unix sockets.",
  options,
  rules,
};
