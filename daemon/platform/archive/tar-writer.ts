/** Tar writer: entries of the daemon's own in an archive, as POSIX 1003.1-2001 has them; trees are GNU tar's work (tar-tree.ts). */

const block = 512;

/** The end of an archive. */
export const tarEnd: Buffer = Buffer.alloc(2 * block);

/** A folder of root's. @param name such as "backup/container" */
export const tarFolder = (name: string, mode = 0o755): Buffer => entry(`${name}/`, "5", mode, Buffer.alloc(0));

/** A file of root's. */
export const tarFile = (name: string, content: string | Buffer, mode = 0o644): Buffer =>
  entry(name, "0", mode, Buffer.from(content));

function entry(name: string, type: string, mode: number, content: Buffer): Buffer {
  const isShort = name.length <= nameBytes && /^[\x20-\x7e]*$/.test(name);
  const headers = isShort
    ? [header(name, type, mode, content.length)]
    : [longName(name), header(Buffer.from(name).subarray(0, nameBytes).toString("latin1"), type, mode, content.length)];
  return Buffer.concat([...headers, padded(content)]);
}

const nameBytes = 100;

/** A pax header with the name of the entry that follows. */
function longName(name: string): Buffer {
  const body = Buffer.from(` path=${name}\n`);
  // The record begins with its own length, digits included.
  let length = body.length + 1;
  while (String(length).length + body.length !== length) length = String(length).length + body.length;
  const record = Buffer.concat([Buffer.from(String(length)), body]);
  return Buffer.concat([header("PaxHeaders/name", "x", 0o644, record.length), padded(record)]);
}

function header(name: string, type: string, mode: number, size: number): Buffer {
  const bytes = Buffer.alloc(block);
  const put = (text: string, at: number) => bytes.write(text, at, "latin1");
  const number = (value: number, at: number, length: number) => put(value.toString(8).padStart(length - 1, "0"), at);
  put(name, 0);
  number(mode, 100, 8);
  number(0, 108, 8);
  number(0, 116, 8);
  number(size, 124, 12);
  number(Math.floor(Date.now() / 1000), 136, 12);
  put(" ".repeat(8), 148);
  put(type, 156);
  put("ustar\u000000", 257);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return bytes;
}

const padded = (content: Buffer): Buffer =>
  Buffer.concat([content, Buffer.alloc((block - (content.length % block)) % block)]);
