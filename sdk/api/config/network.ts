/** Configuration keys of bridge networks; every key here has an effect. */
import { isIPv4 } from "node:net";
import type { KeyRow, ValueType } from "./table";
import { anyText, bool, hwaddr, integer, oneOf } from "./values";

/** An IPv4 address with a prefix length, such as 10.1.2.1/24; or auto; or none. */
const ipv4Cidr: ValueType = (value) => {
  if (value === "none" || value === "auto") return undefined;
  const [address = "", bits = "", ...rest] = value.split("/");
  return rest.length === 0 && isIPv4(address) && /^\d{1,2}$/.test(bits) && Number(bits) >= 8 && Number(bits) <= 30
    ? undefined
    : "it must be an address with a prefix length from 8 to 30 such as 10.1.2.1/24, or auto, or none";
};

const ipv4Ranges: ValueType = (value) =>
  value.split(",").every((range) => {
    const ends = range.split("-");
    return ends.length === 2 && ends.every((end) => isIPv4(end));
  })
    ? undefined
    : "it must be ranges such as 10.1.2.10-10.1.2.99, separated by commas";

const domain: ValueType = (value) =>
  /^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/.test(value) ? undefined : "it must be a DNS name";

const expiry: ValueType = (value) =>
  /^([1-9]\d*[smhdw]?|infinite)$/.test(value)
    ? undefined
    : "it must be a time such as 90m, 1h or 1d (seconds without a unit, at least 2m), or infinite";

export const networkKeys: readonly KeyRow[] = [
  { key: "bridge.hwaddr", type: hwaddr, live: true, doc: "Hardware address of the bridge." },
  { key: "bridge.mtu", type: integer(576, 65535), live: true, doc: "MTU of the bridge, in bytes." },
  { key: "dns.domain", type: domain, live: true, doc: "Domain of the names that the network serves; lxd when unset." },
  {
    key: "dns.mode",
    type: oneOf("managed", "dynamic", "none"),
    live: true,
    doc: "Who names the addresses; managed when unset.",
  },
  {
    key: "ipv4.address",
    type: ipv4Cidr,
    live: true,
    doc: "Address of the bridge; auto and unset pick a free subnet once and keep it, none switches IPv4 off.",
  },
  { key: "ipv4.dhcp", type: bool, live: true, doc: "Whether addresses are given by DHCP; true when unset." },
  { key: "ipv4.dhcp.expiry", type: expiry, live: true, doc: "How long a lease holds, such as 1h." },
  { key: "ipv4.dhcp.ranges", type: ipv4Ranges, live: true, doc: "Ranges for DHCP; the whole subnet when unset." },
  {
    key: "ipv4.firewall",
    type: bool,
    live: true,
    doc: "Whether rules for DHCP, DNS and forwarding are made; true when unset.",
  },
  {
    key: "ipv4.nat",
    type: bool,
    live: true,
    doc: "Whether traffic that leaves is translated; true when unset and the address was picked.",
  },
  { key: "ipv4.routing", type: bool, live: true, doc: "Whether traffic may leave the bridge; true when unset." },
  { key: "ipv6.address", type: oneOf("none"), live: true, doc: "Only none so far: the bridge has no IPv6." },
  { key: "raw.dnsmasq", type: anyText, live: true, doc: "More lines for dnsmasq's configuration." },
  { key: "user.", type: anyText, live: true, doc: "Free for the user." },
  { key: "volatile.bridge.hwaddr", type: hwaddr, live: true, doc: "Hardware address that the daemon gave the bridge." },
];
