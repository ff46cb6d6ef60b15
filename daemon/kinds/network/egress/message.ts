/** Messages of DNS, as far as it takes to judge a question and to believe an answer (RFC 1035, 4.1). */
import { nameBytes, readName } from "../../../platform/dns/names";
import { addressText } from "../ipv4";
import { addressText6 } from "../ipv6";

export const types = { A: 1, CNAME: 5, PTR: 12, AAAA: 28, SVCB: 64, HTTPS: 65, ANY: 255 } as const;
export const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4 } as const;
export type Rcode = keyof typeof rcodes;

const headBytes = 12;
const classIn = 1;

export interface Question {
  /** In small letters. */
  readonly name: string;
  readonly type: number;
  /** The header and the question, for an answer of our own. */
  readonly bytes: Buffer;
}

/** @returns the question; what is said to one that cannot be understood; nothing for what no answer is due to */
export function readQuestion(message: Buffer): Question | Rcode | undefined {
  // A message to answers would go back and forth for ever.
  if (message.length < headBytes || (message.readUInt8(2) & 0x80) !== 0) return undefined;
  if ((message.readUInt8(2) & 0x78) !== 0) return "NOTIMP";
  if (message.readUInt16BE(4) !== 1) return "FORMERR";
  try {
    const { name, end } = readName(message, headBytes);
    const type = message.readUInt16BE(end);
    if (message.readUInt16BE(end + 2) !== classIn) return "NOTIMP";
    // A dot within a label, or a pointer, would make it another name than it seems to be.
    const isPlain = nameBytes(name).equals(
      Buffer.from(message.toString("latin1", headBytes, end).toLowerCase(), "latin1"),
    );
    return isPlain ? { name, type, bytes: message.subarray(0, end + 4) } : "FORMERR";
  } catch (error) {
    // What reads beyond the end.
    if (error instanceof RangeError) return "FORMERR";
    throw error;
  }
}

/** An answer without records. @param message the question's, of which the header at least is there */
export function bareAnswer(message: Buffer, question: Question | undefined, rcode: Rcode): Buffer {
  const answer = Buffer.from(question?.bytes ?? message.subarray(0, headBytes));
  // An answer, with what the question had of opcode and "recursion desired"; recursion is available.
  answer.writeUInt8((answer.readUInt8(2) & 0x79) | 0x80, 2);
  answer.writeUInt8(0x80 | rcodes[rcode], 3);
  answer.writeUInt16BE(question === undefined ? 0 : 1, 4);
  answer.fill(0, 6, headBytes);
  return answer;
}

export interface AddressRecord {
  readonly address: string;
  readonly seconds: number;
  /** Whether it is the address of the name that was asked for, by way of its other names too. */
  readonly isOfName: boolean;
}

/** The addresses in an answer. @throws RangeError for one that cannot be read, or that answers another question */
export function readAddresses(answer: Buffer, asked: Question): AddressRecord[] {
  const { name, end } = readName(answer, headBytes);
  if (answer.readUInt16BE(4) !== 1 || name !== asked.name || answer.readUInt16BE(end) !== asked.type)
    throw new RangeError("It answers another question.");
  const found: { owner: string; address: string; seconds: number }[] = [];
  const names = new Map<string, string[]>();
  let at = end + 4;
  for (let left = answer.readUInt16BE(6); left > 0; left -= 1) {
    const owner = readName(answer, at);
    const type = answer.readUInt16BE(owner.end);
    const seconds = answer.readUInt32BE(owner.end + 4);
    const data = owner.end + 10;
    const length = answer.readUInt16BE(owner.end + 8);
    at = data + length;
    if (at > answer.length) throw new RangeError("A record is too long.");
    if (type === types.CNAME) names.set(owner.name, [...(names.get(owner.name) ?? []), readName(answer, data).name]);
    const address = addressIn(answer.subarray(data, at), type);
    if (address !== undefined) found.push({ owner: owner.name, address, seconds });
  }
  const own = withOtherNames(asked.name, names);
  return found.map(({ owner, address, seconds }) => ({ address, seconds, isOfName: own.has(owner) }));
}

function addressIn(data: Buffer, type: number): string | undefined {
  if (type === types.A && data.length === 4) return addressText(data.readUInt32BE(0));
  if (type === types.AAAA && data.length === 16)
    return addressText6((data.readBigUInt64BE(0) << 64n) + data.readBigUInt64BE(8));
  if (type === types.A || type === types.AAAA) throw new RangeError("An address has another length.");
  return undefined;
}

/** A name with those that it leads to, in whatever order they stand. */
function withOtherNames(name: string, names: ReadonlyMap<string, readonly string[]>): Set<string> {
  const all = new Set([name]);
  for (const one of all) for (const other of names.get(one) ?? []) all.add(other);
  return all;
}
