/** Names in the bytes of a DNS message (RFC 1035, 3.1 and 4.1.4). */

/** A name as signatures take it: small letters, nothing compressed (RFC 8945, 4.3.3). */
export function nameBytes(name: string): Buffer {
  const labels = name
    .toLowerCase()
    .split(".")
    .filter((label) => label !== "");
  return Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, "latin1")]),
    Buffer.alloc(1),
  ]);
}

export interface ReadName {
  readonly name: string;
  /** Where what follows it begins. */
  readonly end: number;
}

/** @throws RangeError for bytes that are no name */
export function readName(bytes: Buffer, start: number): ReadName {
  const labels: string[] = [];
  let at = start;
  let end: number | undefined;
  for (let length = bytes.readUInt8(at); length !== 0; length = bytes.readUInt8(at)) {
    if (length >= 0xc0) {
      const target = bytes.readUInt16BE(at) & 0x3fff;
      end ??= at + 2;
      // Backwards alone, so that it ends.
      if (target >= at) throw new RangeError("A name points forward.");
      at = target;
    } else {
      if (length > 63 || at + 1 + length >= bytes.length) throw new RangeError("A label is too long.");
      labels.push(bytes.toString("latin1", at + 1, at + 1 + length));
      at += 1 + length;
    }
    if (labels.length > 127) throw new RangeError("A name is too long.");
  }
  return { name: labels.join(".").toLowerCase(), end: end ?? at + 1 };
}
