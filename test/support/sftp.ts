/** A client of SFTP, version 3, over an upgraded connection to a daemon. It sends what it is told to, sound or not. */
import assert from "node:assert/strict";
import { request } from "node:http";
import type { Duplex } from "node:stream";

/** Numbers of the protocol (draft-ietf-secsh-filexfer-02). */
export const fxp = {
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  readlink: 19,
  symlink: 20,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attrs: 105,
  extended: 200,
  extendedReply: 201,
} as const;

export const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};
export const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};
export const str = (value: string | Buffer): Buffer =>
  Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)]);
export const noAttributes = u32(0);
export const mode = (bits: number): Buffer => Buffer.concat([u32(4), u32(bits)]);
export const owner = (uid: number, gid: number): Buffer => Buffer.concat([u32(2), u32(uid), u32(gid)]);

export interface Attributes {
  readonly size: number;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
  readonly mtime: number;
}

/** @returns the connection after a 101, or the status and text of a refusal */
export function upgradeToSftp(socketPath: string, path: string, upgrade = "sftp"): Promise<Duplex | [number, string]> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, headers: { connection: "Upgrade", upgrade }, agent: false });
    call.once("upgrade", (_answer, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    call.once("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      answer.once("end", () => resolve([answer.statusCode ?? 0, text]));
    });
    call.once("error", reject).end();
  });
}

export class Sftp {
  readonly extensions = new Map<string, string>();
  #id = 0;
  #buffer: Buffer = Buffer.alloc(0);
  readonly #waiting = new Map<number, (packet: Buffer) => void>();
  #version: (packet: Buffer) => void = () => undefined;
  /** Resolves when the connection is over. */
  readonly over: Promise<void>;

  private constructor(readonly socket: Duplex) {
    this.over = new Promise((resolve) => socket.once("close", () => resolve()));
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.once("end", () => socket.destroy());
  }

  static async connect(socketPath: string, path: string): Promise<Sftp> {
    const socket = await upgradeToSftp(socketPath, path);
    assert.ok(!Array.isArray(socket), `the upgrade is refused: ${String(socket)}`);
    const sftp = new Sftp(socket);
    const version = new Promise<Buffer>((resolve) => {
      sftp.#version = resolve;
    });
    sftp.sendRaw(Buffer.concat([Buffer.from([1]), u32(3)]));
    const packet = await version;
    assert.equal(packet.readUInt32BE(1), 3);
    for (let at = 5; at < packet.length; ) {
      const [name, afterName] = readText(packet, at);
      const [value, afterValue] = readText(packet, afterName);
      sftp.extensions.set(name.toString(), value.toString());
      at = afterValue;
    }
    return sftp;
  }

  #take(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    while (this.#buffer.length >= 4 && this.#buffer.length >= 4 + this.#buffer.readUInt32BE(0)) {
      const packet = this.#buffer.subarray(4, 4 + this.#buffer.readUInt32BE(0));
      this.#buffer = this.#buffer.subarray(4 + packet.length);
      if (packet[0] === 2) this.#version(packet);
      else {
        const id = packet.readUInt32BE(1);
        this.#waiting.get(id)?.(packet);
        this.#waiting.delete(id);
      }
    }
  }

  sendRaw(packet: Buffer): void {
    this.socket.write(Buffer.concat([u32(packet.length), packet]));
  }

  /** @returns type and rest of the answer */
  async ask(type: number, ...parts: Buffer[]): Promise<[type: number, rest: Buffer]> {
    this.#id += 1;
    const id = this.#id;
    const answer = new Promise<Buffer>((resolve, reject) => {
      this.#waiting.set(id, resolve);
      void this.over.then(() => reject(new Error("the session is over")));
    });
    this.sendRaw(Buffer.concat([Buffer.from([type]), u32(id), ...parts]));
    const packet = await answer;
    return [packet[0] ?? 0, packet.subarray(5)];
  }

  /** @returns the number of a status answer */
  async status(type: number, ...parts: Buffer[]): Promise<number> {
    const [got, rest] = await this.ask(type, ...parts);
    assert.equal(got, fxp.status);
    return rest.readUInt32BE(0);
  }

  async handle(type: number, ...parts: Buffer[]): Promise<Buffer> {
    const [got, rest] = await this.ask(type, ...parts);
    assert.equal(got, fxp.handle, `no handle: ${rest.toString()}`);
    return readText(rest, 0)[0];
  }

  /** @param flags 1 read, 2 write, 4 append, 8 create, 16 truncate, 32 new */
  open(path: string, flags: number, attributes = noAttributes): Promise<Buffer> {
    return this.handle(fxp.open, str(path), u32(flags), attributes);
  }

  async attributes(type: number, what: Buffer): Promise<Attributes> {
    const [got, rest] = await this.ask(type, what);
    assert.equal(got, fxp.attrs, `no attributes: ${rest.toString()}`);
    return readAttributes(rest, 0);
  }

  async names(handle: Buffer): Promise<Map<string, Attributes>> {
    const found = new Map<string, Attributes>();
    for (;;) {
      const [got, rest] = await this.ask(fxp.readdir, str(handle));
      if (got === fxp.status) {
        assert.equal(rest.readUInt32BE(0), 1);
        return found;
      }
      let at = 4;
      for (let left = rest.readUInt32BE(0); left > 0; left -= 1) {
        const [name, afterName] = readText(rest, at);
        const [, afterLong] = readText(rest, afterName);
        found.set(name.toString("latin1"), readAttributes(rest, afterLong));
        at = afterLong + attributesSize;
      }
    }
  }

  /** The one name of an answer. */
  async name(type: number, path: string): Promise<string> {
    const [got, rest] = await this.ask(type, str(path));
    assert.equal(got, fxp.name);
    return readText(rest, 4)[0].toString();
  }

  async read(handle: Buffer, offset: number, length: number): Promise<Buffer | "end"> {
    const [got, rest] = await this.ask(fxp.read, str(handle), u64(offset), u32(length));
    if (got === fxp.status) {
      assert.equal(rest.readUInt32BE(0), 1);
      return "end";
    }
    return readText(rest, 0)[0];
  }

  end(): void {
    this.socket.destroy();
  }
}

const attributesSize = 32;

function readAttributes(packet: Buffer, at: number): Attributes {
  return {
    size: Number(packet.readBigUInt64BE(at + 4)),
    uid: packet.readUInt32BE(at + 12),
    gid: packet.readUInt32BE(at + 16),
    mode: packet.readUInt32BE(at + 20),
    mtime: packet.readUInt32BE(at + 28),
  };
}

function readText(packet: Buffer, at: number): [Buffer, number] {
  const end = at + 4 + packet.readUInt32BE(at);
  return [packet.subarray(at + 4, end), end];
}
