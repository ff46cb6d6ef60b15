/** Leases of stateful DHCPv6: what dnsmasq gave out, and how to give one back in a guest's place. */
import { createSocket } from "node:dgram";
import { isAddress6, parseAddress6 } from "./ipv6";

export interface Lease6 {
  /** Identity association, by which a client tells its interfaces apart (RFC 8415 section 4.2). */
  readonly iaid: number;
  /** As dnsmasq writes it, which is as the kernel does. */
  readonly address: string;
  /** Empty when the lease has no name. */
  readonly hostname: string;
  /** The client, in pairs of hexadecimal digits. */
  readonly duid: string;
}

/** One line a lease: expiry, identity association, address, name or "*", client. That of a temporary address ("T12") is none that we look after. */
export function parseLeases6(text: string): Lease6[] {
  return text.split("\n").flatMap((line) => {
    const [, iaid = "", address = "", hostname = "*", duid = ""] = line.split(" ");
    if (!/^\d+$/.test(iaid) || !isAddress6(address) || !/^([0-9a-f]{2}:)*[0-9a-f]{2}$/i.test(duid)) return [];
    return [{ iaid: Number(iaid), address, hostname: hostname === "*" ? "" : hostname, duid: duid.toLowerCase() }];
  });
}

/** The server's own identifier in a file of leases. */
export const serverDuidOf = (text: string): string | undefined => /^duid ([0-9a-f:]+)$/im.exec(text)?.[1];

/** The hardware address in a client's identifier (RFC 8415 section 11: type 1 with a time, type 3 without); nothing in those made of something else. */
export const hwaddrOf = ({ duid }: Lease6): string | undefined =>
  /^(?:00:01:00:01(?::..){4}|00:03:00:01):((?:..:){5}..)$/.exec(duid)?.[1];

/** Sends dnsmasq the RELEASE that the guest did not send, by the bridge; its lease is free a moment later. */
export async function sendRelease6(bridge: string, server: string, lease: Lease6): Promise<void> {
  const socket = createSocket("udp6");
  try {
    await new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.bind(0, () => {
        // dnsmasq takes it as one that came by the bridge: groups hear what their own host sends.
        socket.setMulticastInterface(`::%${bridge}`);
        socket.send(releaseMessage6(server, lease), 547, `ff02::1:2%${bridge}`, (error) =>
          error === null ? resolve() : reject(error),
        );
      });
    });
  } finally {
    socket.close();
  }
}

/** The datagram of a RELEASE (RFC 8415 section 18.2.7). */
export function releaseMessage6(server: string, { iaid, address, duid }: Lease6): Buffer {
  const addressBytes = Buffer.from(parseAddress6(address).toString(16).padStart(32, "0"), "hex");
  const identity = Buffer.concat([words(iaid, 0, 0), option(5, Buffer.concat([addressBytes, words(0, 0)]))]);
  return Buffer.concat([
    Buffer.from([8, 0x62, 0x74, 0x68]),
    option(1, bytesOf(duid)),
    option(2, bytesOf(server)),
    option(8, Buffer.alloc(2)),
    option(3, identity),
  ]);
}

function option(code: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(code, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value]);
}

const words = (...values: number[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const word = Buffer.alloc(4);
      word.writeUInt32BE(value >>> 0);
      return word;
    }),
  );

const bytesOf = (text: string): Buffer => Buffer.from(text.split(":").map((pair) => Number.parseInt(pair, 16)));
