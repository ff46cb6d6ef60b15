/** Configuration keys of networks that are an interface of the host, for nics to stand on (macvlan, physical, sriov). */
import { hostInterfaceName } from "../devices/interface-name";
import { vlan } from "../devices/nic-values";
import { grouped, type KeyTable } from "./table";
import { bool, mtu } from "./values";

const since = "0.1.0";

export const parentKeys = grouped("parent", {
  parent: {
    type: hostInterfaceName,
    applies: "next start",
    since,
    extension: "network_type_macvlan",
    example: "enp3s0",
    doc: "Of the types `macvlan`, `physical` and `sriov`, which need it: interface of the host that the nics of the network stand on, or are.",
  },
  mtu: {
    type: mtu,
    unset: "that of the parent",
    applies: "next start",
    since,
    extension: "network_type_macvlan",
    example: "1400",
    doc: "Of the same types: largest packet of the nics, in bytes.",
  },
  vlan: {
    type: vlan,
    applies: "next start",
    since,
    extension: "network_type_macvlan",
    example: "10",
    doc: "Of the same types: VLAN of the parent that the nics are in.",
  },
  gvrp: {
    type: bool,
    default: "false",
    applies: "next start",
    since,
    extension: "network_gvrp",
    example: "true",
    doc: "Of the types `macvlan` and `physical`: whether the switch is told of the VLAN by GVRP, where the interface `<parent>.<vlan>` is made.",
  },
}) satisfies KeyTable;

const withGvrp = ["parent", "mtu", "vlan", "gvrp"];

/** What each type of networks has of these, beside `user.*`. A bridge has none, and all others. */
export const parentTypes: Readonly<Record<string, readonly string[]>> = {
  macvlan: withGvrp,
  physical: withGvrp,
  sriov: ["parent", "mtu", "vlan"],
};

/** @returns the keys of a configuration that a network of the type has not */
export const foreignKeys = (type: string, config: Readonly<Record<string, string>>): string[] =>
  Object.keys(config).filter((key) => {
    if (!config[key] || key.startsWith("user.")) return false;
    const keys = parentTypes[type];
    return keys === undefined ? Object.hasOwn(parentKeys, key) : !keys.includes(key);
  });
