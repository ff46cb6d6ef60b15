/** Leases: what dnsmasq gave out, and how to give one back in a guest's place. */

import { createSocket } from "node:dgram";
import { stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ignoring, readText } from "../../platform/folders/files";
import { givesIpv6, subnet6Of, subnetOf } from "./config";
import { isIdle } from "./dnsmasq-pid";
import type { NetworkPlace } from "./driver";
import { addressText, contains, parseAddress, parseSubnet } from "./ipv4";
import { contains6, parseAddress6 } from "./ipv6";
import { type Lease6, parseLeases6, serverDuidOf } from "./leases6";

export interface Lease {
  readonly hwaddr: string;
  readonly address: string;
  /** Empty when the lease has no name. */
  readonly hostname: string;
  /** As the guest sent it: pairs of hexadecimal digits, or nothing. */
  readonly clientId: string | undefined;
}

export const leasesFileOf = (network: NetworkPlace): string => path.join(network.path, "dnsmasq.leases");

/** Of IPv4, one line a lease: expiry, hardware address, address, name or "*", client id or "*". */
export function parseLeases(text: string): Lease[] {
  return text.split("\n").flatMap((line) => {
    const [, hwaddr = "", address = "", hostname = "*", clientId = "*"] = line.split(" ");
    if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(hwaddr) || parseSubnet(address) === undefined) return [];
    return [
      {
        hwaddr: hwaddr.toLowerCase(),
        address,
        hostname: hostname === "*" ? "" : hostname,
        clientId: clientId === "*" ? undefined : clientId,
      },
    ];
  });
}

/** All leases of IPv4. */
export async function readLeases(network: NetworkPlace): Promise<Lease[]> {
  return parseLeases(await wholeText(network));
}

export interface AllLeases {
  readonly ipv4: readonly Lease[];
  readonly ipv6: readonly Lease6[];
  /** By which dnsmasq calls itself in DHCPv6, once it does. */
  readonly serverDuid: string | undefined;
}

/** All leases of both families. */
export async function readAllLeases(network: NetworkPlace): Promise<AllLeases> {
  const text = await wholeText(network);
  return { ipv4: parseLeases(text), ipv6: parseLeases6(text), serverDuid: serverDuidOf(text) };
}

/** Whether a lease of one of the addresses is still in the file, as it is this moment. */
export async function hasLease(network: NetworkPlace, addresses: ReadonlySet<string>): Promise<boolean> {
  return (await leasesText(network)).split("\n").some((line) => addresses.has(addressOf(line)));
}

/** Of either family, in a line of the file. */
const addressOf = (line: string): string => line.split(" ")[2] ?? "";

/** A file younger than this may be half written: so long a busy machine may keep dnsmasq from going on. */
const settledMs = 1000;

/**
 * dnsmasq empties the file before it writes it again: one that is empty or ends within a line is read once more, unless it was like that before
 * and after a moment at which dnsmasq was not about it. On a busy machine there may be any time between the two.
 */
async function wholeText(network: NetworkPlace): Promise<string> {
  for (;;) {
    const now = Date.now();
    const before = await writtenAt(network);
    const text = await leasesText(network);
    if (text.endsWith("\n")) return text;
    if ((await isIdle(network)) && (await leasesText(network)) === text) return text;
    if (now - before > settledMs && (await writtenAt(network)) === before) return text;
    await delay(5);
  }
}

async function writtenAt(network: NetworkPlace): Promise<number> {
  return (await ignoring("ENOENT", stat(leasesFileOf(network))))?.mtimeMs ?? 0;
}

/** Drops leases of some addresses, while no dnsmasq runs: a running one holds them in memory and writes them again. */
export async function dropLeases(network: NetworkPlace, isDropped: (address: string) => boolean): Promise<void> {
  const text = await leasesText(network);
  const isLease = (line: string) => parseLeases(line).length + parseLeases6(line).length > 0;
  const lines = text.split("\n").filter((line) => !(isLease(line) && isDropped(addressOf(line))));
  if (lines.join("\n") !== text) await writeFile(leasesFileOf(network), lines.join("\n"));
}

/** Drops leases that the network does not give any more, left from an earlier address, or from when DHCPv6 gave some: more than dnsmasq may give end it. */
export async function dropForeignLeases(network: NetworkPlace): Promise<void> {
  const subnet = subnetOf(network.config);
  const subnet6 = givesIpv6(network.config) ? subnet6Of(network.config) : undefined;
  await dropLeases(network, (address) =>
    address.includes(":")
      ? subnet6 === undefined || !contains6(subnet6, parseAddress6(address))
      : subnet === undefined || !contains(subnet, parseAddress(address)),
  );
}

/** Sends dnsmasq the DHCPRELEASE that the guest did not send; its lease is free a moment later. */
export async function sendRelease(server: string, lease: Lease): Promise<void> {
  const socket = createSocket("udp4");
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.send(releaseMessage(server, lease), 67, server, (error) => (error === null ? resolve() : reject(error)));
    });
  } finally {
    socket.close();
  }
}

/** The datagram of a DHCPRELEASE (RFC 2131 table 5). */
export function releaseMessage(server: string, lease: Lease): Buffer {
  const header = Buffer.alloc(240);
  header.set([1, 1, 6, 0], 0);
  header.writeUInt32BE(parseAddress(lease.address), 12);
  header.set(bytesOf(lease.hwaddr), 28);
  header.writeUInt32BE(0x63825363, 236);
  const serverId = Buffer.alloc(4);
  serverId.writeUInt32BE(parseAddress(server));
  const clientId = lease.clientId === undefined ? [] : bytesOf(lease.clientId);
  const options = [
    53,
    1,
    7,
    54,
    4,
    ...serverId,
    ...(clientId.length > 0 ? [61, clientId.length, ...clientId] : []),
    255,
  ];
  const message = Buffer.concat([header, Buffer.from(options)]);
  // BOOTP's smallest message.
  return Buffer.concat([message, Buffer.alloc(Math.max(0, 300 - message.length))]);
}

/** The bridge's address: the server that gave the leases. */
export const serverOf = (network: NetworkPlace): string | undefined => {
  const subnet = subnetOf(network.config);
  return subnet === undefined ? undefined : addressText(subnet.address);
};

const bytesOf = (text: string): number[] => text.split(":").map((pair) => Number.parseInt(pair, 16));

const leasesText = async (network: NetworkPlace): Promise<string> => (await readText(leasesFileOf(network))) ?? "";
