/** Belief: which addresses a name of the world may have. One that leads into the host, or to its neighbours, is a lie (DNS rebinding). */
import type { Config } from "../../../../sdk/api/common";
import { isName } from "../../../../sdk/api/egress";
import { subnet6Of, subnetOf } from "../config";
import { contains, parseAddress, parseSubnet, type Subnet } from "../ipv4";
import { contains6, isAddress6, parseAddress6, parseSubnet6, type Subnet6 } from "../ipv6";
import type { EgressScope } from "./scope";

const four = (texts: readonly string[]): Subnet[] => texts.flatMap((text) => parseSubnet(text) ?? []);
const six = (texts: readonly string[]): Subnet6[] => texts.flatMap((text) => parseSubnet6(text) ?? []);

/** Of no host of the world, whatever the list says: this host, its links, groups (RFC 6890). */
const never4 = four(["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/3"]);
/** Mapped and compatible addresses of IPv4 among them. */
const never6 = six(["::/64", "fe80::/10", "fec0::/10", "ff00::/8"]);

/** Of somebody's own network, and so believed where the list names it as a subnet. */
const private4 = four(["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15"]);
const private6 = six(["fc00::/7"]);

/** Addresses with one of IPv4 in them, and where it stands: NAT64 (RFC 6052) and 6to4 (RFC 3056). */
const wrapped: readonly { readonly subnet: Subnet6; readonly shift: bigint }[] = [
  ...six(["64:ff9b::/96", "64:ff9b:1::/48"]).map((subnet) => ({ subnet, shift: 0n })),
  ...six(["2002::/16"]).map((subnet) => ({ subnet, shift: 80n })),
];

/** @param scopes all that have to agree @returns whether a name of theirs may have the address */
export function isBelieved(config: Config, scopes: readonly EgressScope[], address: string): boolean {
  if (!isAddress6(address)) return isBelieved4(config, scopes, parseAddress(address));
  const number = parseAddress6(address);
  const inner = wrapped.find(({ subnet }) => contains6(subnet, number));
  if (inner !== undefined) return isBelieved4(config, scopes, Number((number >> inner.shift) & 0xffff_ffffn));
  const own = subnet6Of(config);
  if ([...never6, ...(own === undefined ? [] : [own])].some((subnet) => contains6(subnet, number))) return false;
  if (!private6.some((subnet) => contains6(subnet, number))) return true;
  return areAllNamed(scopes, "ip6", (text) => six([text]).some((subnet) => contains6(subnet, number)));
}

function isBelieved4(config: Config, scopes: readonly EgressScope[], number: number): boolean {
  const own = subnetOf(config);
  if ([...never4, ...(own === undefined ? [] : [own])].some((subnet) => contains(subnet, number))) return false;
  if (!private4.some((subnet) => contains(subnet, number))) return true;
  return areAllNamed(scopes, "ip", (text) => four([text]).some((subnet) => contains(subnet, number)));
}

const areAllNamed = (
  scopes: readonly EgressScope[],
  family: "ip" | "ip6",
  isIn: (subnet: string) => boolean,
): boolean =>
  scopes.every(({ targets }) =>
    targets.some(({ host }) => !isName(host) && host.family === family && isIn(host.subnet)),
  );
