/** Values of nics' options. */
import { isIPv4, isIPv6 } from "node:net";
import type { ValueType } from "../config/table";
import { text } from "../config/values";

const listOf = (value: string): string[] => value.split(",").map((one) => one.trim());

/** One address, or several with commas between, each with or without the length of its prefix; or none. What a type of nics takes of this is a rule of its own. */
const addresses = (family: string, bits: number, isAddress: (text: string) => boolean): ValueType<string> =>
  text(`${family} address, or several with commas between`, (value) =>
    value === "none" || listOf(value).every((one) => isPlace(one, bits, isAddress))
      ? undefined
      : `it must be an ${family} address, or several with commas between`,
  );

function isPlace(text: string, bits: number, isAddress: (text: string) => boolean): boolean {
  const [address = "", prefix, ...rest] = text.split("/");
  return isAddress(address) && rest.length === 0 && (prefix === undefined || isPrefix(prefix, bits));
}

const isPrefix = (prefix: string, bits: number): boolean => /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits;

/** Without a zone ("%eth0"), which counts on one host only. */
const isPlainIpv6 = (address: string): boolean => isIPv6(address) && !address.includes("%");

export const nicIpv4 = addresses("IPv4", 32, isIPv4);
export const nicIpv6 = addresses("IPv6", 128, isPlainIpv6);

export const ipv6 = text("IPv6 address", (value) => (isPlainIpv6(value) ? undefined : "it must be an IPv6 address"));

/** The addresses of such an option, in order. */
export const addressesOf = (value: string | undefined): string[] => (value ? listOf(value) : []);

const gateway = (family: string, isAddress: (text: string) => boolean) =>
  text(`\`auto\`, \`none\`, or an ${family} address`, (value) =>
    value === "auto" || value === "none" || isAddress(value)
      ? undefined
      : `it must be auto, none, or for an ipvlan of the mode l2 an ${family} address`,
  );

export const gatewayIpv4 = gateway("IPv4", isIPv4);
export const gatewayIpv6 = gateway("IPv6", isPlainIpv6);

const routes = (family: string, bits: number, isAddress: (text: string) => boolean): ValueType<string> =>
  text(`${family} subnets with commas between`, (value) =>
    listOf(value).every((one) => one.includes("/") && isPlace(one, bits, isAddress))
      ? undefined
      : `it must be ${family} subnets with commas between, such as ${bits === 32 ? "10.77.0.0/24" : "fd00:77::/64"}`,
  );

export const routesIpv4 = routes("IPv4", 32, isIPv4);
export const routesIpv6 = routes("IPv6", 128, isPlainIpv6);

/** The highest of 802.1Q (IEEE 802.1Q-2018, 9.6: 4095 is reserved). */
const maxVlan = 4094;

const isVlan = (text: string, lowest: number): boolean =>
  /^\d{1,4}$/.test(text) && Number(text) >= lowest && Number(text) <= maxVlan;

export const vlan = text("number of a VLAN, or `none`", (value) =>
  value === "none" || isVlan(value, 0) ? undefined : `it must be the number of a VLAN from 0 to ${maxVlan}, or none`,
);

/** @returns the numbers in order, or nothing for what is no such list */
export function parseVlans(value: string): number[] | undefined {
  const found = new Set<number>();
  for (const part of listOf(value)) {
    const [first = "", last = first, ...rest] = part.split("-");
    if (!isVlan(first, 1) || !isVlan(last, 1) || Number(first) > Number(last) || rest.length > 0) return undefined;
    for (let number = Number(first); number <= Number(last); number += 1) found.add(number);
  }
  return [...found].sort((a, b) => a - b);
}

export const vlanList: ValueType<number[]> = {
  title: "numbers of VLANs and ranges of them, with commas between",
  check: (value) =>
    parseVlans(value) === undefined
      ? `it must be numbers of VLANs from 1 to ${maxVlan} with commas between, such as 10,20-29`
      : undefined,
  parse: parseVlans,
};
