/** IPv6 arithmetic: addresses as unsigned numbers of 128 bits, subnets as what CIDR text says. */
import { isIPv4, isIPv6 } from "node:net";
import { parseAddress } from "./ipv4";

export interface Subnet6 {
  /** The address as written, host bits included. */
  readonly address: bigint;
  readonly bits: number;
}

/** Whether the text is an address without a zone ("fe80::1%eth0" has one). */
export const isAddress6 = (text: string): boolean => isIPv6(text) && !text.includes("%");

/** @returns the address as a number from 0 to 2^128 - 1; the text must be an IPv6 address without a zone */
export function parseAddress6(text: string): bigint {
  const [head = "", tail] = text.split("::");
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const between = tail === undefined ? [] : Array<number>(Math.max(0, 8 - before.length - after.length)).fill(0);
  return [...before, ...between, ...after].reduce((number, group) => (number << 16n) + BigInt(group), 0n);
}

/** An IPv4 address at the end ("::ffff:10.0.0.1") is two groups. */
const groupsOf = (text: string): number[] =>
  text === ""
    ? []
    : text.split(":").flatMap((part) => {
        if (!isIPv4(part)) return [Number.parseInt(part, 16)];
        const number = parseAddress(part);
        return [Math.floor(number / 65536), number % 65536];
      });

const groupShifts = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n];

/** The one way to write the address (RFC 5952): the kernel's and dnsmasq's too. */
export function addressText6(address: bigint): string {
  const groups = groupShifts.map((shift) => Number((address >> shift) & 0xffffn));
  const run = longestZeros(groups);
  const text = (some: readonly number[]) => some.map((group) => group.toString(16)).join(":");
  if (run.length < 2) return text(groups);
  return `${text(groups.slice(0, run.start))}::${text(groups.slice(run.start + run.length))}`;
}

/** The first of the longest runs of groups that are 0. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0;
    while (groups[start + length] === 0) length += 1;
    if (length > longest.length) longest = { start, length };
  }
  return longest;
}

/** Reads "fd42::1/64", or "fd42::1" as a /128. @returns nothing when it is neither */
export function parseSubnet6(text: string): Subnet6 | undefined {
  const [address = "", bits = "128", ...rest] = text.split("/");
  if (rest.length > 0 || !isAddress6(address) || !/^\d{1,3}$/.test(bits) || Number(bits) > 128) return undefined;
  return { address: parseAddress6(address), bits: Number(bits) };
}

const sizeOf = (bits: number): bigint => 1n << BigInt(128 - bits);

export const firstOf6 = ({ address, bits }: Subnet6): bigint => address - (address % sizeOf(bits));

export const lastOf6 = (subnet: Subnet6): bigint => firstOf6(subnet) + sizeOf(subnet.bits) - 1n;

export const contains6 = (subnet: Subnet6, address: bigint): boolean =>
  address >= firstOf6(subnet) && address <= lastOf6(subnet);

export const overlaps6 = (a: Subnet6, b: Subnet6): boolean => firstOf6(a) <= lastOf6(b) && firstOf6(b) <= lastOf6(a);

export const subnetText6 = (subnet: Subnet6): string => `${addressText6(firstOf6(subnet))}/${subnet.bits}`;

/** @returns the interface identifier that the kernel makes of a hardware address (RFC 4291, modified EUI-64) */
function interfaceId(hwaddr: string): bigint {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = hwaddr.split(":").map((pair) => Number.parseInt(pair, 16));
  return [a ^ 2, b, c, 0xff, 0xfe, d, e, f].reduce((number, byte) => (number << 8n) + BigInt(byte), 0n);
}

/**
 * The address that a nic takes for itself by its hardware address: that of SLAAC (RFC 4862) in the /64 of the subnet's address, and in a smaller
 * subnet what fits of it.
 * @param hwaddr six pairs of hexadecimal digits
 */
export function ownAddress6({ address, bits }: Subnet6, hwaddr: string): bigint {
  const subnet = { address, bits: Math.max(bits, 64) };
  return firstOf6(subnet) + (interfaceId(hwaddr) % sizeOf(subnet.bits));
}

/** The link-local address of an interface. @param hwaddr six pairs of hexadecimal digits */
export const linkLocal6 = (hwaddr: string): bigint => (0xfe80n << 112n) + interfaceId(hwaddr);
