/** Device nic: a network interface of the container. Its types differ in what it is on the host. */
import type { Device } from "../common";
import { lxdNicTypes } from "../config/lxd-words";
import { readerOf } from "../config/reader";
import type { Row } from "../config/table";
import { bitRate, hwaddr, integer, mtu, oneLine, oneOfLxd } from "../config/values";
import { hostInterfaceName, innerInterfaceName } from "./interface-name";
import { aclsOfNic, nicAclOptions } from "./nic-acls";
import { parentOptions, routedOptions, switchOptions } from "./nic-options";
import { nicRules } from "./nic-rules";
import { nicIpv4 } from "./nic-values";
import { commonOptions, type DeviceReference, type DeviceType } from "./type";

const since = "0.1.0";

const options = {
  nictype: {
    type: oneOfLxd(lxdNicTypes, "bridged", "p2p", "macvlan", "ipvlan", "routed", "physical", "sriov"),
    unset: "by the type of the `network`",
    applies: "now",
    since,
    example: "bridged",
    doc: "What the nic is on the host. `bridged`: a port of the bridge `parent`. `p2p`: an interface that nothing is done with. `macvlan`, `ipvlan`: an interface that stands on `parent`, with a hardware address of its own or with the parent's. `routed`: an interface that the host has routes to, and answers for on `parent`. `physical`: the interface `parent` itself, which the host has back when the container ends. `sriov`: a virtual function of the card `parent`.",
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
    doc: "Interface of the host: the bridge that a nic of the type `bridged` is a port of, or what the nic stands on.",
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
    type: nicIpv4,
    unset: "any free one of the network",
    applies: "now",
    since,
    extension: "network",
    example: "10.1.2.20",
    doc: "Address that the network's DHCP gives to the nic, in the subnet of the network. Of `routed` and `ipvlan`: address, or several with commas between, that the nic has from the beginning; with the mode `l2` each with the length of its prefix.",
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
  ...parentOptions,
  ...routedOptions,
  ...switchOptions,
  ...nicAclOptions,
  ...commonOptions,
} as const satisfies Readonly<Record<string, Row>>;

/** Reads the options of a nic. */
export const nicOptions = readerOf(options);

/** A network may be named as the parent too, whether it is one of the server or an interface of the host. */
function references(device: Device): DeviceReference[] {
  const name = device.network || device.parent;
  const acls = aclsOfNic(device).map((acl) => ({ kind: "network-acl", name: acl }) as const);
  return [...(name ? [{ kind: "network", name } as const] : []), ...acls];
}

export const nic: DeviceType = {
  doc: "A network interface of the container: in a network of the server, on a bridge of the host, or by itself.",
  options,
  rules: nicRules,
  volatile: { chosen: ["hwaddr"], kept: ["host_name", "name"] },
  references,
};
