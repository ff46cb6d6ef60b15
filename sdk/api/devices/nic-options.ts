/** Options of nics that stand on an interface of the host, or are one. */
import type { Row } from "../config/table";
import { bool, integer, ipv4, oneOf } from "../config/values";
import { gatewayIpv4, gatewayIpv6, ipv6, nicIpv6, routesIpv4, routesIpv6, vlan, vlanList } from "./nic-values";

const since = "0.1.0";

/** A number of a routing table (rtnetlink(7)). */
const table = integer(0, 2 ** 32 - 1);

export const parentOptions = {
  vlan: {
    type: vlan,
    applies: "now",
    since,
    extension: "network_vlan",
    example: "10",
    doc: "Of `bridged`: VLAN that untagged packets of the nic are in, `none` for no such. Of the types with an interface as `parent`: VLAN of the parent that the nic is in; the interface `<parent>.<vlan>` is made where it is not there, and goes with the last nic.",
  },
  gvrp: {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "network_gvrp",
    example: "true",
    doc: "Whether the switch is told of the VLAN by GVRP, where the interface `<parent>.<vlan>` is made.",
  },
  mode: {
    type: oneOf("l3s", "l2"),
    default: "l3s",
    applies: "now",
    since,
    extension: "container_nic_ipvlan_mode",
    example: "l2",
    doc: "Of `ipvlan`: at which layer packets are handed on. `l3s`: they are routed by the host, whose firewall sees them. `l2`: as by a switch.",
  },
  "boot.priority": {
    type: integer(0, 2 ** 32 - 1),
    applies: "now",
    since,
    extension: "vm_boot_priority",
    example: "1",
    doc: "Order among nics from which a virtual machine boots. A container keeps it and boots from none.",
  },
} as const satisfies Readonly<Record<string, Row>>;

export const routedOptions = {
  "ipv4.gateway": {
    type: gatewayIpv4,
    unset: "`auto`; with the mode `l2` no gateway",
    applies: "now",
    since,
    extension: "container_nic_routed_gateway",
    example: "auto",
    doc: "Of `routed` and `ipvlan`: whether the nic is the container's way out for IPv4 (`auto`, or `none`). With the mode `l2`: address of the gateway.",
  },
  "ipv4.host_address": {
    type: ipv4,
    default: "169.254.0.1",
    applies: "now",
    since,
    extension: "container_nic_routed_host_address",
    example: "169.254.0.1",
    doc: "Of `routed`: address of the host's end, which is the container's gateway.",
  },
  "ipv4.host_table": {
    type: table,
    applies: "now",
    since,
    extension: "container_nic_routed_host_table",
    example: "100",
    doc: "Of `routed` and `ipvlan`: a routing table of the host that gets the routes to the IPv4 addresses as well.",
  },
  "ipv4.neighbor_probe": {
    type: bool,
    default: "true",
    applies: "now",
    since,
    extension: "instance_nic_routed_neighbor_probe",
    example: "false",
    doc: "Of `routed`: whether somebody else on the `parent` is asked for, before the nic takes its IPv4 addresses.",
  },
  "ipv4.routes": {
    type: routesIpv4,
    applies: "now",
    since,
    extension: "container_nic_routes",
    example: "10.77.0.0/24",
    doc: "Subnets behind the container, which the host gets routes to.",
  },
  "ipv6.address": {
    type: nicIpv6,
    unset: "any free one of the network",
    applies: "now",
    since,
    extension: "network",
    example: "fd00::20",
    doc: "Address that the network's DHCPv6 gives to the nic, in the subnet of the network, which has `ipv6.dhcp.stateful`. Of `routed` and `ipvlan`: address, or several with commas between, that the nic has from the beginning; with the mode `l2` each with the length of its prefix.",
  },
  "ipv6.gateway": {
    type: gatewayIpv6,
    unset: "`auto`; with the mode `l2` no gateway",
    applies: "now",
    since,
    extension: "container_nic_routed_gateway",
    example: "auto",
    doc: "Of `routed` and `ipvlan`: whether the nic is the container's way out for IPv6 (`auto`, or `none`). With the mode `l2`: address of the gateway.",
  },
  "ipv6.host_address": {
    type: ipv6,
    default: "fe80::1",
    applies: "now",
    since,
    extension: "container_nic_routed_host_address",
    example: "fe80::1",
    doc: "Of `routed`: address of the host's end, which is the container's gateway.",
  },
  "ipv6.host_table": {
    type: table,
    applies: "now",
    since,
    extension: "container_nic_routed_host_table",
    example: "100",
    doc: "Of `routed` and `ipvlan`: a routing table of the host that gets the routes to the IPv6 addresses as well.",
  },
  "ipv6.neighbor_probe": {
    type: bool,
    default: "true",
    applies: "now",
    since,
    extension: "instance_nic_routed_neighbor_probe",
    example: "false",
    doc: "Of `routed`: whether somebody else on the `parent` is asked for, before the nic takes its IPv6 addresses.",
  },
  "ipv6.routes": {
    type: routesIpv6,
    applies: "now",
    since,
    extension: "container_nic_routes",
    example: "fd00:77::/64",
    doc: "Subnets behind the container, which the host gets routes to.",
  },
} as const satisfies Readonly<Record<string, Row>>;

export const switchOptions = {
  "vlan.tagged": {
    type: vlanList,
    applies: "now",
    since,
    extension: "instance_nic_bridged_vlan",
    example: "20,30-39",
    doc: "Of `bridged`: VLANs whose tagged packets the nic sends and gets.",
  },
  "security.port_isolation": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "instance_nic_bridged_port_isolation",
    example: "true",
    doc: "Of `bridged`: whether the nic reaches no other nic of its bridge that has this set as well.",
  },
  "security.mac_filtering": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "network",
    example: "true",
    doc: "Of `bridged` and `sriov`: whether packets from other hardware addresses than the nic's own are dropped.",
  },
  "security.ipv4_filtering": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "container_nic_ipfilter",
    example: "true",
    doc: "Of `bridged`: whether packets from other IPv4 addresses than the nic's own are dropped; it means `security.mac_filtering` too. Without `ipv4.address` the network gives the nic one for good; on a bridge that is no network of the server it needs the key. With the address `none` all IPv4 is dropped.",
  },
  "security.ipv6_filtering": {
    type: bool,
    default: "false",
    applies: "now",
    since,
    extension: "container_nic_ipfilter",
    example: "true",
    doc: "Of `bridged`: the same of IPv6. Without `ipv6.address` it is the address that the nic's hardware address makes in the subnet of the network.",
  },
} as const satisfies Readonly<Record<string, Row>>;
