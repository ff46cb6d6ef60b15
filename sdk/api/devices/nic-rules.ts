/** Rules of nics: which options each type has, and what holds together between them. */
import { isIPv4, isIPv6 } from "node:net";
import type { Device } from "../common";
import { isTrue } from "../config/values";
import { nicAclNames } from "./nic-acls";
import { addressesOf, parseVlans } from "./nic-values";
import type { OptionIssue } from "./type";

const limits = ["limits.ingress", "limits.egress", "limits.max", "limits.priority"];
const routes = ["ipv4.routes", "ipv6.routes"];
const families = ["ipv4", "ipv6"] as const;
const ofFamilies = (...parts: string[]) => families.flatMap((family) => parts.map((part) => `${family}.${part}`));

/** What every type has, `type` and `nictype` aside. */
const common = ["name", "mtu"];

const optionsOf: Readonly<Record<string, readonly string[]>> = {
  bridged: [
    ...["network", "parent", "hwaddr", "host_name", "boot.priority", "vlan", "vlan.tagged", "ipv4.address"],
    ...[
      "ipv6.address",
      "security.mac_filtering",
      "security.ipv4_filtering",
      "security.ipv6_filtering",
      "security.port_isolation",
      "security.egress.allow",
      "security.egress.logged",
    ],
    ...[...limits, ...routes, ...nicAclNames],
  ],
  p2p: ["hwaddr", "host_name", "boot.priority", ...limits, ...routes],
  macvlan: ["network", "parent", "hwaddr", "boot.priority", "vlan", "gvrp"],
  ipvlan: ["parent", "vlan", "gvrp", "mode", ...ofFamilies("address", "gateway", "host_table")],
  routed: [
    ...["parent", "hwaddr", "host_name", "vlan", "gvrp", ...limits, ...routes],
    ...ofFamilies("address", "gateway", "host_address", "host_table", "neighbor_probe"),
  ],
  physical: ["network", "parent", "hwaddr", "boot.priority", "vlan", "gvrp"],
  sriov: ["network", "parent", "hwaddr", "boot.priority", "vlan", "security.mac_filtering"],
};

/** Options that one type or another has; those of all others are no matter of a nic's type. */
const known = new Set(Object.values(optionsOf).flat());

/** Types without a parent, or which can do without. */
const needsNoParent = ["p2p", "routed"];

/** What a network of another type than a bridge says for its nics. */
export const saidByNetwork = ["vlan", "gvrp"];

type Add = (option: string, message: string) => void;

const invalid = (option: string, why: string): [string, string] => [
  option,
  `Invalid device option "${option}": ${why}`,
];

/** @param type of the nic, whether it says so or its network does @returns the options that such a nic has not */
export const foreignOptions = (type: string, device: Device): string[] =>
  Object.keys(device).filter(
    (option) =>
      device[option] && known.has(option) && !common.includes(option) && !(optionsOf[type] ?? []).includes(option),
  );

export function nicRules(device: Device): OptionIssue[] {
  const { network, nictype = "", parent } = device;
  const issues: OptionIssue[] = [];
  const add: Add = (option, message) => issues.push({ option, message });
  if (network && (nictype || parent)) add("network", `"network" cannot be combined with "nictype" or "parent"`);
  if (!network && !nictype) add("network", `a nic needs "network" or "nictype"`);
  if (Object.hasOwn(optionsOf, nictype) && !parent && !needsNoParent.includes(nictype))
    add("parent", `a ${nictype} nic needs "parent"`);
  if (nictype === "p2p" && device["ipv4.address"]) add(...invalid("ipv4.address", "a nic without a network has none"));
  else
    for (const option of nictype && Object.hasOwn(optionsOf, nictype) ? foreignOptions(nictype, device) : [])
      add(...invalid(option, `a nic of the type "${nictype}" has no such option`));
  vlanRules(device, add);
  for (const family of families) addressRules(device, family, add);
  return issues;
}

function vlanRules({ nictype = "", parent = "", vlan = "", "vlan.tagged": tagged = "", gvrp }: Device, add: Add): void {
  if (tagged !== "" && vlan !== "" && parseVlans(tagged)?.includes(Number(vlan)))
    add(...invalid("vlan.tagged", `Tagged VLAN ID "${vlan}" cannot be the same as untagged VLAN ID`));
  if (nictype === "" || nictype === "bridged") return;
  if (vlan === "none") add(...invalid("vlan", "it must be the number of a VLAN"));
  if (nictype === "routed" && vlan !== "" && parent === "")
    add(...invalid("vlan", "The vlan setting can only be used when combined with a parent interface"));
  if (parent !== "" && vlan !== "" && nictype !== "sriov" && `${parent}.${vlan}`.length > 15)
    add(
      ...invalid(
        "vlan",
        `the interface "${parent}.${vlan}" would have a name of more than 15 characters. Use a shorter parent`,
      ),
    );
  if (isTrue(gvrp) && vlan === "") add(...invalid("gvrp", `there is no "vlan" that it could be about`));
}

function addressRules(device: Device, family: (typeof families)[number], add: Add): void {
  const { nictype = "", mode = "l3s" } = device;
  const addresses = addressesOf(device[`${family}.address`]);
  const gateway = device[`${family}.gateway`] ?? "";
  const hasPrefixes = nictype === "ipvlan" && mode === "l2";
  const title = family === "ipv4" ? "IPv4" : "IPv6";
  if (
    addresses.join() === "none"
      ? !["", "bridged"].includes(nictype)
      : addresses.some((address) => address.includes("/") !== hasPrefixes)
  )
    add(
      ...invalid(
        `${family}.address`,
        hasPrefixes
          ? `in the mode "l2" each address needs the length of its prefix`
          : `it must be an ${title} address, without the length of a prefix`,
      ),
    );
  if (new Set(addresses).size < addresses.length) add(...invalid(`${family}.address`, "an address is there twice"));
  if (!["routed", "ipvlan"].includes(nictype) && addresses.length > 1)
    add(...invalid(`${family}.address`, `it must be one ${title} address`));
  if (gateway !== "" && nictype !== "") gatewayRule(family, gateway, hasPrefixes, add);
  if (nictype === "routed" && device[`${family}.routes`] && addresses.length === 0)
    add(`${family}.routes`, `${family}.routes requires ${family}.address to be set`);
}

function gatewayRule(family: string, gateway: string, isAddress: boolean, add: Add): void {
  const isOne = family === "ipv4" ? isIPv4(gateway) : isIPv6(gateway);
  if (isAddress && !isOne) add(...invalid(`${family}.gateway`, `in the mode "l2" it must be the address of a gateway`));
  if (!isAddress && isOne) add(...invalid(`${family}.gateway`, `it must be auto or none`));
}
