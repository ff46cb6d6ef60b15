/**
 * Protobuf: the encoding of messages between two servers that migrate (protobuf.dev, Encoding), as far as LXD's messages need it: numbers, texts
 * and messages in one another, each of them once or several times. Unknown fields are passed over, as newer servers send them.
 */
import { badRequest } from "../../../sdk/api/errors";

/** Fields of a message by name: their number, and what they hold. */
export type Shape = Readonly<Record<string, Field>>;

export interface Field {
  readonly number: number;
  /** Whole numbers of up to 64 bits; enumerations are such. */
  readonly holds: "bool" | "int" | "text" | Shape;
  /** A list, whose values come one by one. */
  readonly isList?: true;
}

export type Message = Readonly<Record<string, unknown>>;

const [varint, fixed64, bytes, fixed32] = [0, 1, 2, 5];

/** Absent fields are left out; lists may be empty. */
export function encode(shape: Shape, message: Message): Buffer {
  const parts = Object.entries(shape).flatMap(([name, field]) => {
    const value = message[name];
    if (value === undefined || value === null) return [];
    return (field.isList ? (value as unknown[]) : [value]).map((one) => encodeField(field, one));
  });
  return Buffer.concat(parts);
}

function encodeField({ number, holds }: Field, value: unknown): Buffer {
  const tag = (type: number) => encodeVarint(BigInt(number * 8 + type));
  if (holds === "bool") return Buffer.concat([tag(varint), encodeVarint(value ? 1n : 0n)]);
  if (holds === "int") return Buffer.concat([tag(varint), encodeVarint(BigInt(value as number))]);
  const content = holds === "text" ? Buffer.from(value as string) : encode(holds, value as Message);
  return Buffer.concat([tag(bytes), encodeVarint(BigInt(content.length)), content]);
}

/** Negative numbers are those of 64 bits, in two's complement. */
function encodeVarint(value: bigint): Buffer {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  out.push(Number(rest));
  return Buffer.from(out);
}

/** Values that one message may hold, those of messages in it too: each takes more memory than its bytes. */
const mostValues = 200_000;

/** Lists are there also when they are empty. @throws ApiError BAD_REQUEST for what is no such message */
export const decode = (shape: Shape, data: Buffer): Message => decodeWithin(shape, data, { left: mostValues });

function decodeWithin(shape: Shape, data: Buffer, room: { left: number }): Message {
  const byNumber = new Map(Object.entries(shape).map(([name, field]) => [field.number, { name, field }]));
  const message: Record<string, unknown> = {};
  for (const [name, { isList }] of Object.entries(shape)) if (isList) message[name] = [];
  const reader = new Reader(data);
  while (!reader.isAtEnd) {
    room.left -= 1;
    if (room.left < 0)
      throw badRequest(`Cannot read a message of the other server: it has more than ${mostValues} values.`);
    const tag = Number(reader.varint());
    const [number, type] = [Math.floor(tag / 8), tag % 8];
    const known = byNumber.get(number);
    if (known === undefined) {
      reader.skip(type);
      continue;
    }
    const { name, field } = known;
    const value = decodeField(reader, field, type, room);
    if (field.isList) (message[name] as unknown[]).push(value);
    else message[name] = value;
  }
  return message;
}

function decodeField(reader: Reader, { holds }: Field, type: number, room: { left: number }): unknown {
  const isNumber = holds === "bool" || holds === "int";
  if (type !== (isNumber ? varint : bytes)) throw broken();
  if (holds === "bool") return reader.varint() !== 0n;
  if (holds === "int") return Number(BigInt.asIntN(64, reader.varint()));
  const content = reader.bytes();
  return holds === "text" ? content.toString("utf8") : decodeWithin(holds, content, room);
}

const broken = () => badRequest("Cannot read a message of the other server: it is no message of a migration.");

class Reader {
  #at = 0;

  constructor(private readonly data: Buffer) {}

  get isAtEnd(): boolean {
    return this.#at >= this.data.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.data[this.#at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw broken();
  }

  bytes(): Buffer {
    return this.#take(Number(this.varint()));
  }

  skip(type: number): void {
    if (type === varint) this.varint();
    else if (type === bytes) this.bytes();
    else if (type === fixed64) this.#take(8);
    else if (type === fixed32) this.#take(4);
    else throw broken();
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.data.length) throw broken();
    const part = this.data.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}
