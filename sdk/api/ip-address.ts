/** IP address: one of either family. */
import { isIPv4 } from "node:net";
import { addressText6, isAddress6, parseAddress6 } from "./ipv6";

export interface Address {
  /** nftables' word for the family. */
  readonly family: "ip" | "ip6";
  /** As the kernel writes it. */
  readonly text: string;
}

/** @returns nothing for a text that is no address, or one with a zone */
export function readAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: "ip", text };
  return isAddress6(text) ? { family: "ip6", text: addressText6(parseAddress6(text)) } : undefined;
}

/** The one way to write an address; other texts as they are. */
export const plainAddress = (text: string): string => readAddress(text)?.text ?? text;
