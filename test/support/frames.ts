/** Ethernet frames as a hostile guest makes them, and the programs that send and hear them from inside. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { parseAddress6 } from "../../sdk/api/ipv6";
import { findProgram } from "../../sdk/host/program";

export type Bytes = readonly number[];

const programs = path.resolve(__dirname, "../../../test/support");

/** Whether the programs can be had: compiled here, or there as on the disk of tests for guests, which have no compiler. */
export const hasPrograms = (): boolean =>
  existsSync(path.join(programs, "talk")) || findProgram("musl-gcc") !== undefined;

/** Builds a small C program beside this file, static, so that it runs in any container. @returns its path */
export function buildProgram(name: "frames" | "hear" | "dhcp6" | "talk", folder: string): string {
  const built = path.join(programs, name);
  if (existsSync(built)) return built;
  const target = path.join(folder, name);
  const source = `${built}.c`;
  execFileSync("musl-gcc", ["-static", "-O2", "-Wall", "-o", target, source]);
  return target;
}

export const broadcast = "ff:ff:ff:ff:ff:ff";
export const mac = (text: string): number[] => text.split(":").map((pair) => Number.parseInt(pair, 16));
export const ip = (text: string): number[] => text.split(".").map(Number);
const word = (value: number): number[] => [(value >> 8) & 255, value & 255];

/** A hardware address of a number's own. */
export const numberedMac = (number: number): string =>
  ["06", "00", "00", number >> 16, (number >> 8) & 255, number & 255]
    .map((part) => (typeof part === "string" ? part : part.toString(16).padStart(2, "0")))
    .join(":");

export const hex = (frame: Bytes): string => Buffer.from(frame).toString("hex");

/** @param tags VLAN ids, the outermost first */
export const ethernet = (to: string, from: string, type: number, payload: Bytes, tags: readonly number[] = []) => [
  ...mac(to),
  ...mac(from),
  ...tags.flatMap((id) => [0x81, 0x00, ...word(id)]),
  ...word(type),
  ...payload,
];

function checksum(bytes: Bytes): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/** An IPv4 packet of UDP, from and to an address and a port. */
export function udp4(from: [string, number], to: [string, number], payload: Bytes): number[] {
  const udp = [...word(from[1]), ...word(to[1]), ...word(payload.length + 8), 0, 0, ...payload];
  return ipv4(from[0], to[0], 17, udp);
}

/** @param fragment the field of flags and offset */
export function ipv4(from: string, to: string, protocol: number, payload: Bytes, fragment = 0): number[] {
  const head = [
    0x45,
    0,
    ...word(payload.length + 20),
    0x12,
    0x34,
    ...word(fragment),
    64,
    protocol,
    0,
    0,
    ...ip(from),
    ...ip(to),
  ];
  const sum = checksum(head);
  return [...head.slice(0, 10), ...word(sum), ...head.slice(12), ...payload];
}

interface Question {
  /** chaddr. */
  readonly hwaddr: string;
  /** Option 53: 1 DISCOVER, 3 REQUEST, 7 RELEASE. */
  readonly type: number;
  /** ciaddr. */
  readonly address?: string;
  readonly options?: Bytes;
}

/** A message of a DHCP client (RFC 2131 section 2). With rapid commit (option 80) a DISCOVER alone takes a lease. */
export function dhcpQuestion({ hwaddr, type, address = "0.0.0.0", options = [80, 0] }: Question): number[] {
  const head = [
    1,
    1,
    6,
    0,
    ...mac(hwaddr).slice(2),
    0,
    0,
    0x80,
    0,
    ...ip(address),
    ...Array(12).fill(0),
    ...mac(hwaddr),
  ];
  const padded = [...head, ...Array(236 - head.length).fill(0), 99, 130, 83, 99, 53, 1, type, ...options, 255];
  return [...padded, ...Array(Math.max(0, 300 - padded.length)).fill(0)];
}

const allNodes = [0xff, 2, ...Array(13).fill(0), 1];

/** A packet of ICMPv6. @param message without its checksum @param hopByHop an extension header before it */
function icmp6(from: Bytes, to: Bytes, message: Bytes, hopByHop = false): number[] {
  const pseudo = [...from, ...to, 0, 0, ...word(message.length), 0, 0, 0, 58];
  const sum = checksum([...pseudo, ...message]);
  const icmp = [...message.slice(0, 2), ...word(sum), ...message.slice(4)];
  const payload = hopByHop ? [58, 0, 1, 4, 0, 0, 0, 0, ...icmp] : icmp;
  return [0x60, 0, 0, 0, ...word(payload.length), hopByHop ? 0 : 58, 255, ...from, ...to, ...payload];
}

/** A router advertisement with a lifetime of half an hour, from a link-local address of that hardware address. @param hopByHop an extension header before it */
export function routerAdvertisement(hwaddr: string, hopByHop = false): number[] {
  const message = [134, 0, 0, 0, 64, 0, ...word(1800), ...Array(8).fill(0), 1, 1, ...mac(hwaddr)];
  return icmp6(linkLocal(hwaddr), allNodes, message, hopByHop);
}

/** 16 bytes of an IPv6 address. */
export const ip6 = (text: string): number[] => [
  ...Buffer.from(parseAddress6(text).toString(16).padStart(32, "0"), "hex"),
];

/** An answer of neighbour discovery that says to all: this address is mine. @param from where it says that it comes from */
export function neighborClaim(hwaddr: string, address: string, from = address): number[] {
  const overrides = 0x20;
  return icmp6(ip6(from), allNodes, [136, 0, 0, 0, overrides, 0, 0, 0, ...ip6(address), 2, 1, ...mac(hwaddr)]);
}

/** A question of neighbour discovery: who has the target, asks an address at that hardware address. */
export const neighborQuestion = (hwaddr: string, from: string, to: string): number[] =>
  icmp6(ip6(from), ip6(to), [135, 0, 0, 0, 0, 0, 0, 0, ...ip6(to), 1, 1, ...mac(hwaddr)]);

/** An IPv6 packet of UDP, from and to an address and a port. */
export function udp6(from: [string, number], to: [string, number], payload: Bytes): number[] {
  const [source, target] = [ip6(from[0]), ip6(to[0])];
  const head = [...word(from[1]), ...word(to[1]), ...word(payload.length + 8)];
  const pseudo = [...source, ...target, 0, 0, ...word(payload.length + 8), 0, 0, 0, 17];
  const sum = checksum([...pseudo, ...head, 0, 0, ...payload]);
  const udp = [...head, ...word(sum), ...payload];
  return [0x60, 0, 0, 0, ...word(udp.length), 17, 64, ...source, ...target, ...udp];
}

function linkLocal(hwaddr: string): number[] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mac(hwaddr);
  return [0xfe, 0x80, 0, 0, 0, 0, 0, 0, a ^ 2, b, c, 0xff, 0xfe, d, e, f];
}

/** An answer of ARP that says: this address is mine. */
export const arpClaim = (hwaddr: string, address: string): number[] => [
  ...[0, 1, 8, 0, 6, 4, 0, 2],
  ...mac(hwaddr),
  ...ip(address),
  ...mac(broadcast),
  ...ip(address),
];
