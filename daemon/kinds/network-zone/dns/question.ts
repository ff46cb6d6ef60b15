/** Question: what one message asks, and the signature behind it. */
import { readName } from "../../../platform/dns/names";
import { readTsig, type Tsig } from "./tsig";

/** Types and classes by their numbers (RFC 1035, 3.2; RFC 1995; RFC 8945). */
export const types = { SOA: 6, TSIG: 250, IXFR: 251, AXFR: 252 } as const;
export const classIn = 1;

export interface Question {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** As it was asked, for the answer to repeat. */
  readonly bytes: Buffer;
  readonly tsig: Tsig | undefined;
}

/** A message that is no question, as far as it can be told to whoever sent it. */
export class BadQuestion extends Error {
  constructor(
    readonly id: number,
    /** What the sender wants, as the bits of the header have it: an answer repeats it. */
    readonly opcode: number,
    readonly rcode: "FORMERR" | "NOTIMP",
  ) {
    super(`A message is no question: ${rcode}.`);
  }
}

/** @returns nothing for what no answer is due to @throws BadQuestion */
export function readQuestion(bytes: Buffer): Question | undefined {
  // A message to answers would go back and forth for ever.
  if (bytes.length < 12 || (bytes.readUInt8(2) & 0x80) !== 0) return undefined;
  const id = bytes.readUInt16BE(0);
  const opcode = bytes.readUInt16BE(2) & 0x7800;
  if (opcode !== 0) throw new BadQuestion(id, opcode, "NOTIMP");
  if (bytes.readUInt16BE(4) !== 1) throw new BadQuestion(id, opcode, "FORMERR");
  try {
    const { name, end } = readName(bytes, 12);
    const [type, class_] = [bytes.readUInt16BE(end), bytes.readUInt16BE(end + 2)];
    return { id, name, type, class: class_, bytes: bytes.subarray(12, end + 4), tsig: lastTsig(bytes, end + 4) };
  } catch (error) {
    // What reads beyond the end.
    if (error instanceof RangeError) throw new BadQuestion(id, opcode, "FORMERR");
    throw error;
  }
}

/** A signature is the last record of a message. @param start of the first record */
function lastTsig(bytes: Buffer, start: number): Tsig | undefined {
  const records = [6, 8, 10].reduce((sum, at) => sum + bytes.readUInt16BE(at), 0);
  let at = start;
  for (let number = 1; number <= records; number += 1) {
    const { name, end } = readName(bytes, at);
    const next = end + 10 + bytes.readUInt16BE(end + 8);
    if (next > bytes.length) throw new RangeError("A record is too long.");
    if (bytes.readUInt16BE(end) === types.TSIG) {
      if (number < records || bytes.readUInt16BE(10) === 0) throw new RangeError("A signature is not the last record.");
      return readTsig(bytes, { at, name, data: end + 10, next });
    }
    at = next;
  }
  return undefined;
}
