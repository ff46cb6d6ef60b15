/** IPv4 arithmetic: addresses as unsigned numbers, subnets as what CIDR text says. */
import { isIPv4 } from "node:net";

export interface Subnet {
  /** The address as written, host bits included. */
  readonly address: number;
  readonly bits: number;
}

/** @returns the address as a number from 0 to 2^32 - 1; the text must be an IPv4 address */
export const parseAddress = (text: string): number =>
  text.split(".").reduce((number, part) => number * 256 + Number(part), 0);

export const addressText = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");

/** Reads "10.1.2.1/24", or "10.1.2.1" as a /32. @returns nothing when it is neither */
export function parseSubnet(text: string): Subnet | undefined {
  const [address = "", bits = "32", ...rest] = text.split("/");
  if (rest.length > 0 || !isIPv4(address) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32) return undefined;
  return { address: parseAddress(address), bits: Number(bits) };
}

const sizeOf = (bits: number): number => 2 ** (32 - bits);

export const firstOf = ({ address, bits }: Subnet): number => address - (address % sizeOf(bits));

export const lastOf = (subnet: Subnet): number => firstOf(subnet) + sizeOf(subnet.bits) - 1;

export const contains = (subnet: Subnet, address: number): boolean =>
  address >= firstOf(subnet) && address <= lastOf(subnet);

export const overlaps = (a: Subnet, b: Subnet): boolean => firstOf(a) <= lastOf(b) && firstOf(b) <= lastOf(a);

export const subnetText = (subnet: Subnet): string => `${addressText(firstOf(subnet))}/${subnet.bits}`;

export const netmaskText = ({ bits }: Subnet): string => addressText(2 ** 32 - sizeOf(bits));
