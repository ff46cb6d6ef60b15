/** Peers: who may copy a zone, by address, by key, or by both. */
import { isIPv6 } from "node:net";
import type { Config } from "../../../sdk/api/common";
import { networkZoneConfig } from "../../../sdk/api/config/network-zone";
import { addressText6, isAddress6, parseAddress6 } from "../../../sdk/api/ipv6";

export interface Peer {
  readonly name: string;
  /** As the kernel writes it. */
  readonly address?: string | undefined;
  /** Nothing in it: the peer has a key that is none, and nobody has the right one. */
  readonly key?: Buffer | undefined;
}

const part = /^peers\.(.+)\.(address|key)$/;

export function peersOf(config: Config): Peer[] {
  const set = networkZoneConfig(config);
  const names = new Set(Object.keys(config).flatMap((key) => part.exec(key)?.[1] ?? []));
  return [...names].map((name) => {
    const [address, key] = [set.get(`peers.${name}.address`), set.get(`peers.${name}.key`)];
    return {
      name,
      address: address === undefined ? undefined : plainAddress(address),
      key: key === undefined ? undefined : keyBytes(key),
    };
  });
}

/** @returns nothing of a text that is no base64, which Node would read as something shorter */
function keyBytes(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64").replace(/=+$/, "") === text.replace(/=+$/, "") ? bytes : Buffer.alloc(0);
}

/** One text for one address: of an IPv4 client of a socket for both families that of IPv4. */
export function plainAddress(address: string): string {
  const text = address.replace(/^::ffff:(?=\d+\.)/i, "");
  return isIPv6(text) && isAddress6(text) ? addressText6(parseAddress6(text)) : text;
}

/** Name of a peer's key, as LXD has it. */
export const keyNameOf = (zone: string, peer: string): string => `${zone}_${peer}`.toLowerCase();

/** A zone's configuration without the keys of its peers. */
export const withoutKeys = (config: Config): Config =>
  Object.fromEntries(Object.entries(config).filter(([key]) => part.exec(key)?.[2] !== "key"));
