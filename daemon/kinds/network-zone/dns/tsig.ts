/** TSIG: messages signed with a secret that both sides have (RFC 8945), by hmac-sha256. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { nameBytes, readName } from "../../../platform/dns/names";

const algorithm = "hmac-sha256";
const typeTsig = 250;
const classAny = 255;
/** Seconds by which clocks may differ; who asks for more gets no more. */
const fudge = 300;

export interface Tsig {
  readonly keyName: string;
  readonly algorithm: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly fudge: number;
  readonly mac: Buffer;
  readonly originalId: number;
  /** The message as it was before it was signed. */
  readonly message: Buffer;
  /** What was signed beside the message. */
  readonly variables: Buffer;
}

interface Place {
  readonly at: number;
  readonly name: string;
  readonly data: number;
  readonly next: number;
}

/** @throws RangeError for bytes that are none */
export function readTsig(bytes: Buffer, { at, name, data, next }: Place): Tsig {
  const { name: algorithmName, end } = readName(bytes, data);
  const macEnd = end + 10 + bytes.readUInt16BE(end + 8);
  const [error, otherLength] = [bytes.readUInt16BE(macEnd + 2), bytes.readUInt16BE(macEnd + 4)];
  if (macEnd + 6 + otherLength !== next) throw new RangeError("A signature has another length.");
  const originalId = bytes.readUInt16BE(macEnd);
  const message = Buffer.from(bytes.subarray(0, at));
  message.writeUInt16BE(originalId, 0);
  message.writeUInt16BE(message.readUInt16BE(10) - 1, 10);
  const time = bytes.readUIntBE(end, 6);
  const askedFudge = bytes.readUInt16BE(end + 6);
  return {
    keyName: name,
    algorithm: algorithmName,
    time,
    fudge: askedFudge,
    mac: bytes.subarray(end + 10, macEnd),
    originalId,
    message,
    variables: variablesOf(
      { keyName: name, algorithmName, time, fudge: askedFudge, error },
      bytes.subarray(macEnd + 6, next),
    ),
  };
}

interface Variables {
  readonly keyName: string;
  readonly algorithmName: string;
  readonly time: number;
  readonly fudge: number;
  readonly error: number;
}

/** RFC 8945, 4.3.3. */
function variablesOf({ keyName, algorithmName, time, fudge: own, error }: Variables, other: Buffer): Buffer {
  const fixed = Buffer.alloc(6);
  fixed.writeUInt16BE(classAny, 0);
  const lengths = Buffer.alloc(4);
  lengths.writeUInt16BE(error, 0);
  lengths.writeUInt16BE(other.length, 2);
  return Buffer.concat([nameBytes(keyName), fixed, nameBytes(algorithmName), timersOf(time, own), lengths, other]);
}

function timersOf(time: number, own: number): Buffer {
  const timers = Buffer.alloc(8);
  timers.writeUIntBE(time, 0, 6);
  timers.writeUInt16BE(own, 6);
  return timers;
}

const withLength = (mac: Buffer): Buffer => Buffer.concat([Buffer.from([mac.length >> 8, mac.length & 255]), mac]);

const macOf = (key: Buffer, ...parts: readonly Buffer[]): Buffer =>
  createHmac("sha256", key).update(Buffer.concat(parts)).digest();

/** Why a signature does not count, or nothing when it does. @param nowMs as Date.now() tells it */
export function refusalOf(tsig: Tsig, key: Buffer, nowMs: number): string | undefined {
  if (tsig.algorithm !== algorithm) return `it is not of ${algorithm}`;
  // Whoever has no key has an empty one.
  if (key.length === 0) return "the peer's key is no base64";
  const expected = macOf(key, tsig.message, tsig.variables);
  if (tsig.mac.length !== expected.length || !timingSafeEqual(tsig.mac, expected)) return "it is not of the peer's key";
  const apart = Math.abs(nowMs / 1000 - tsig.time);
  return apart > Math.min(tsig.fudge, fudge) ? `its clock and ours are ${Math.round(apart)} s apart` : undefined;
}

/** Signs the messages of one answer, each after the one before it. */
export class Signer {
  #previous: Buffer;
  #isFirst = true;

  constructor(
    private readonly question: Tsig,
    private readonly key: Buffer,
  ) {
    this.#previous = question.mac;
  }

  /** @param message in whose bytes there is no signature yet */
  sign(message: Buffer, nowMs: number): Buffer {
    const { keyName, originalId } = this.question;
    const time = Math.floor(nowMs / 1000);
    const variables = variablesOf({ keyName, algorithmName: algorithm, time, fudge, error: 0 }, Buffer.alloc(0));
    // The later ones of an answer take the times alone (RFC 8945, 5.3.1).
    const mac = macOf(this.key, withLength(this.#previous), message, this.#isFirst ? variables : timersOf(time, fudge));
    this.#previous = mac;
    this.#isFirst = false;
    const ids = Buffer.alloc(6);
    ids.writeUInt16BE(originalId, 0);
    const data = Buffer.concat([nameBytes(algorithm), timersOf(time, fudge), withLength(mac), ids]);
    const head = Buffer.alloc(10);
    head.writeUInt16BE(typeTsig, 0);
    head.writeUInt16BE(classAny, 2);
    head.writeUInt16BE(data.length, 8);
    const signed = Buffer.concat([message, nameBytes(keyName), head, data]);
    signed.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
    return signed;
  }
}
