/** Device nic: a network interface of the container, on a bridge or by itself. */
import type { Device } from "../common";
import { lxdNicTypes } from "../config/lxd-words";
import { readerOf } from "../config/reader";
import type { Row, ValueType } from "../config/table";
import { bitRate, bool, hwaddr, integer, ipv4, ipv6, isTrue, mtu, oneLine, oneOfLxd } from "../config/values";
import { addressText6, isAddress6, parseAddress6 } from "../ipv6";
import { hostInterfaceName, innerInterfaceName } from "./interface-name";
import { commonOptions, type DeviceReference, type DeviceType, type OptionIssue } from "./type";

const since = "0.1.0";

/** As the kernel writes it, to be recognised again. */
const fixedIpv6: ValueType<string> = {
  title: "IPv6 address, or `none`",
  check: (value) => (value === "none" ? undefined : ipv6.check(value) && `${ipv6.check(value)}, or none`),
  parse: (value) => (isAddress6(value) ? addressText6(parseAddress6(value)) : value),
};

const options = {
  nictype: {
    type: oneOfLxd(lxdNicTypes, "bridged", "p2p"),
    unset: "by the type of the `network`",
    applies: "now",
    since,
    example: "bridged",
    doc: "What the nic is on the host. `bridged`: a port of the bridge `parent`. `p2p`: an interface that nothing is done with.",
  },
  network: {
    type: oneLine,
    applies: "now",
    since,
    extension: "instance_nic_network",
    example: "bothybr0",
    doc: "Network of the server that the nic belongs to, in place of `nictype` and `parent`.",
  },
  parent: {
    type: hostInterfaceName,
    applies: "now",
    since,
    example: "br0",
    doc: "Bridge of the host that a nic of the type `bridged` is a port of.",
  },
  name: {
    type: innerInterfaceName,
    unset: "the first of `eth0`, `eth1` and so on that is free",
    applies: "now",
    since,
    example: "eth0",
    doc: "Name of the interface inside.",
  },
  hwaddr: {
    type: hwaddr,
    unset: "`volatile.<device>.hwaddr`, chosen once",
    applies: "now",
    since,
    example: "00:16:3e:01:02:03",
    doc: "Hardware address of the interface inside.",
  },
  mtu: {
    type: mtu,
    unset: "that of the bridge",
    applies: "now",
    since,
    example: "1400",
    doc: "Largest packet of the interface inside, in bytes.",
  },
  host_name: {
    type: hostInterfaceName,
    unset: "`veth` with 8 random digits",
    applies: "now",
    since,
    example: "web0",
    doc: "Name of the interface on the host.",
  },
  "ipv4.address": {
    type: ipv4,
    unset: "any free one of the network",
    applies: "now",
    since,
    extension: "network",
    example: "10.1.2.20",
    doc: "Address that the network's DHCP gives to the nic, in the subnet of the network.",
  },
  "ipv6.address": {
    type: fixedIpv6,
    unset: "any free one of the network",
    applies: "now",
    since,
    extension: "network",
    example: "fd42:1:2:3::20",
    doc: "Address that the network's DHCPv6 gives to the nic, in the subnet of the network, which has `ipv6.dhcp.stateful`. `none`, with `security.ipv6_filtering`: no IPv6.",
  },
  "security.ipv6_filtering": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "container_nic_ipfilter",
    example: "true",
    doc: "Whether the container is held to one IPv6 address: `ipv6.address`, else the one that its hardware address makes in the subnet of the network. Includes `security.mac_filtering`.",
  },
  "security.mac_filtering": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "network",
    example: "true",
    doc: "Whether the container is held to its hardware address, with nobody behind it.",
  },
  "limits.ingress": {
    type: bitRate,
    unset: "no bound",
    applies: "now",
    since,
    example: "10Mbit",
    doc: "How much the container receives in a second, in bits (`kbit`, `Mbit`, `Gbit`, `Tbit`, or `Kibit` and so on). What comes faster waits, and is dropped when too much waits. `0` is no bound.",
  },
  "limits.egress": {
    type: bitRate,
    unset: "no bound",
    applies: "now",
    since,
    example: "10Mbit",
    doc: "How much it sends, as for `limits.ingress`. What goes faster is dropped.",
  },
  "limits.max": {
    type: bitRate,
    unset: "no bound",
    applies: "now",
    since,
    example: "10Mbit",
    doc: "Both of `limits.ingress` and `limits.egress`, in their place.",
  },
  "limits.priority": {
    type: integer(0, 2 ** 32 - 1),
    unset: "`limits.network.priority` of the instance",
    applies: "now",
    since,
    example: "5",
    doc: "Priority of the packets that the container sends, for queueing disciplines of the host's interfaces that go by it (`skb->priority`, such as `prio`).",
  },
  ...commonOptions,
} as const satisfies Readonly<Record<string, Row>>;

/** Reads the options of a nic. */
export const nicOptions = readerOf(options);

function rules(device: Device): OptionIssue[] {
  const { network, nictype, parent } = device;
  const issues: OptionIssue[] = [];
  const add = (option: string, message: string) => issues.push({ option, message });
  if (network && (nictype || parent)) add("network", `"network" cannot be combined with "nictype" or "parent"`);
  if (!network && !nictype) add("network", `a nic needs "network" or "nictype"`);
  if (nictype === "p2p" && device["ipv4.address"])
    add("ipv4.address", `Invalid device option "ipv4.address": a nic without a network has none`);
  if (nictype === "p2p")
    for (const option of ["ipv6.address", "security.ipv6_filtering", "security.mac_filtering"])
      if (device[option]) add(option, `Invalid device option "${option}": a nic without a network has none`);
  if (device["ipv6.address"] === "none" && !isTrue(device["security.ipv6_filtering"]))
    add("ipv6.address", "Cannot have ipv6.address as none unless using security.ipv6_filtering");
  if (nictype === "bridged" && !parent) add("parent", `a bridged nic needs "parent"`);
  return issues;
}

/** A bridge may be named as the parent too, whether it is a network of the server or the host's. */
function references({ network, nictype, parent }: Device): DeviceReference[] {
  const bridge = network || (nictype === "bridged" ? parent : undefined);
  return bridge ? [{ kind: "network", name: bridge }] : [];
}

export const nic: DeviceType = {
  doc: "A network interface of the container: in a network of the server, on a bridge of the host, or by itself.",
  options,
  rules,
  volatile: { chosen: ["hwaddr"], kept: ["host_name", "name"] },
  references,
};
