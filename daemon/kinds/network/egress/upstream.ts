/** Upstream: the network's dnsmasq, which is asked what guests may know. It has the cache, and the host's own servers of names. */
import { randomInt } from "node:crypto";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { withLength } from "../../../platform/dns/stream";

/** dnsmasq itself gives its servers up after ten seconds; guests ask again after five. */
const patienceMs = 8000;
const dnsPort = 53;
const headBytes = 12;

export type Protocol = "udp" | "tcp";

/** @param address of the bridge @returns the answer, under the question's own number; nothing when none has come */
export async function askUpstream(address: string, protocol: Protocol, question: Buffer): Promise<Buffer | undefined> {
  const asked = Buffer.from(question);
  // Nobody else can guess it, and two guests may have the same.
  const id = randomInt(0x10000);
  asked.writeUInt16BE(id, 0);
  const answer = await (protocol === "udp" ? byDatagram : byStream)(address, asked, id);
  if (answer === undefined) return undefined;
  const own = Buffer.from(answer);
  own.writeUInt16BE(question.readUInt16BE(0), 0);
  return own;
}

const isAnswer = (message: Buffer, id: number): boolean =>
  message.length >= headBytes && message.readUInt16BE(0) === id && (message.readUInt8(2) & 0x80) !== 0;

function byDatagram(address: string, question: Buffer, id: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    let isOver = false;
    const end = (answer: Buffer | undefined) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end(undefined), patienceMs);
    socket.on("error", () => end(undefined));
    socket.on("message", (message) => {
      if (isAnswer(message, id)) end(message);
    });
    // Connected, so that the kernel drops what comes from elsewhere.
    socket.connect(dnsPort, address);
    socket.on("connect", () => socket.send(question));
  });
}

function byStream(address: string, question: Buffer, id: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect(dnsPort, address);
    let received = Buffer.alloc(0);
    const end = (answer: Buffer | undefined) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(patienceMs, () => end(undefined));
    socket.on("error", () => end(undefined));
    socket.on("close", () => end(undefined));
    socket.on("connect", () => socket.write(withLength(question)));
    socket.on("data", (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const message = received.subarray(2, 2 + received.readUInt16BE(0));
      end(isAnswer(message, id) ? message : undefined);
    });
  });
}
