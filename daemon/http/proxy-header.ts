/**
 * PROXY header: what a proxy sends first on a connection, to say whose it is (haproxy's proxy-protocol.txt, versions 1 and 2). It may be missing, as when the
 * proxy speaks for itself; TLS begins with other bytes.
 */
import { isIP, type Socket, SocketAddress } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { ListenAddress } from "../../sdk/api/config/listen-address";

const textBegin = Buffer.from("PROXY ");
const binaryBegin = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

/** A header of version 1 has 107 bytes with its line end. */
const longestText = 107;
/** What precedes the addresses of version 2. */
const binaryHead = 16;
/** Of version 2: addresses, and whatever a proxy adds. */
const longestBinary = 4096;

/** What the first bytes come to: a header of a length, whose client it names or not; more bytes are needed; or no header at all. */
type Parsed = { readonly length: number; readonly client?: ListenAddress } | "more" | "none";

/** @throws Error for a header that is none */
export function parseProxyHeader(bytes: Buffer): Parsed {
  if (begins(bytes, textBegin)) return bytes.length < textBegin.length ? "more" : parseText(bytes);
  if (begins(bytes, binaryBegin)) return bytes.length < binaryHead ? "more" : parseBinary(bytes);
  return "none";
}

const begins = (bytes: Buffer, wanted: Buffer): boolean => {
  const length = Math.min(bytes.length, wanted.length);
  return bytes.subarray(0, length).equals(wanted.subarray(0, length));
};

function parseText(bytes: Buffer): Parsed {
  const end = bytes.subarray(0, longestText).indexOf("\r\n");
  if (end < 0) {
    if (bytes.length >= longestText) throw new Error("its line does not end");
    return "more";
  }
  const length = end + 2;
  const [, family, source = "", , port = "", ...rest] = bytes.toString("latin1", 0, end).split(" ");
  if (family === "UNKNOWN") return { length };
  const wanted = family === "TCP4" ? 4 : family === "TCP6" ? 6 : undefined;
  if (wanted === undefined || isIP(source) !== wanted || rest.length !== 1) throw new Error("its words are wrong");
  return { length, client: { host: source, port: portOf(port) } };
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(port <= 65_535)) throw new Error("its port is none");
  return port;
}

function parseBinary(bytes: Buffer): Parsed {
  const [version, family] = [bytes.readUInt8(12), bytes.readUInt8(13)];
  const length = binaryHead + bytes.readUInt16BE(14);
  if (version !== 0x20 && version !== 0x21) throw new Error("its version or command is not known");
  if (length > longestBinary) throw new Error("it is too long");
  if (bytes.length < length) return "more";
  // The proxy's own connection, as to see whether we live; or one over something that is no TCP.
  const size = family === 0x11 ? 4 : family === 0x21 ? 16 : undefined;
  if (version === 0x20 || size === undefined) return { length };
  if (length < binaryHead + size * 2 + 4) throw new Error("its addresses are cut off");
  const port = bytes.readUInt16BE(binaryHead + size * 2);
  return { length, client: { host: hostOf(bytes.subarray(binaryHead, binaryHead + size)), port } };
}

function hostOf(address: Buffer): string {
  if (address.length === 4) return [...address].join(".");
  const groups = Array.from({ length: 8 }, (_, at) => address.readUInt16BE(at * 2).toString(16));
  return new SocketAddress({ address: groups.join(":"), family: "ipv6" }).address;
}

/**
 * Reads the header off a connection of a proxy; what comes behind it stays in the connection.
 * @returns the client that it names; nothing where it names none, and when there is none @throws Error for one that is none, or does not come in time
 */
export async function readProxyHeader(socket: Socket, patienceMs: number): Promise<ListenAddress | undefined> {
  const patience = new AbortController();
  const late = delay(patienceMs, "late" as const, { signal: patience.signal, ref: false });
  let bytes = Buffer.alloc(0);
  try {
    for (;;) {
      const parsed = bytes.length === 0 ? "more" : parseProxyHeader(bytes);
      if (parsed !== "more") {
        const length = parsed === "none" ? 0 : parsed.length;
        if (bytes.length > length) socket.unshift(bytes.subarray(length));
        return parsed === "none" ? undefined : parsed.client;
      }
      const chunk = await Promise.race([nextOf(socket), late]);
      if (chunk === "late" || chunk === undefined) throw new Error("it did not come");
      bytes = Buffer.concat([bytes, chunk]);
    }
  } finally {
    patience.abort();
    late.catch(() => undefined);
  }
}

/** The next bytes; nothing at the end. */
async function nextOf(socket: Socket): Promise<Buffer | undefined> {
  const events = ["readable", "end", "close", "error"] as const;
  for (;;) {
    const chunk = socket.read() as Buffer | null;
    if (chunk !== null) return chunk;
    if (socket.readableEnded || socket.destroyed) return undefined;
    await new Promise<void>((resolve) => {
      const next = () => {
        for (const event of events) socket.off(event, next);
        resolve();
      };
      for (const event of events) socket.on(event, next);
    });
  }
}
