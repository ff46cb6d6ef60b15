/** VPD: what a card tells of itself, as a list of tagged parts (PCI Local Bus Specification 3.0, appendix I). */

const productName = 0x82;
/** Read-only and writable fields. */
const fieldLists: readonly number[] = [0x90, 0x91];
const end = 0x78;

export type Vpd = {
  readonly product_name?: string;
  readonly entries?: Record<string, string>;
};

/** @returns what can be read of it; a card that tells nonsense tells nothing */
export function parseVpd(bytes: Buffer): Vpd {
  const entries: Record<string, string> = {};
  let name: string | undefined;
  for (let at = 0; at + 3 <= bytes.length; ) {
    const tag = bytes.readUInt8(at);
    if (tag === end || (tag & 0x80) === 0) break;
    const part = bytes.subarray(at + 3, at + 3 + bytes.readUInt16LE(at + 1));
    if (tag === productName) name = textOf(part);
    if (fieldLists.includes(tag)) Object.assign(entries, fieldsOf(part));
    at += 3 + part.length || bytes.length;
  }
  return {
    ...(name === undefined ? {} : { product_name: name }),
    ...(Object.keys(entries).length === 0 ? {} : { entries }),
  };
}

function fieldsOf(part: Buffer): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let at = 0; at + 3 <= part.length; at += 3 + part.readUInt8(at + 2)) {
    const key = part.toString("latin1", at, at + 2);
    // RV is a checksum, RW room.
    if (key !== "RV" && key !== "RW") fields[key] = textOf(part.subarray(at + 3, at + 3 + part.readUInt8(at + 2)));
  }
  return fields;
}

const textOf = (bytes: Buffer): string =>
  bytes
    .toString("latin1")
    .replace(/[^\x20-\x7e]/g, "")
    .trim();
