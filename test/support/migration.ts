/** The other side of a migration: what LXD does, and what a hostile server might. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { WebSocket } from "ws";
import { Channel } from "../../daemon/platform/migration/channel";
import {
  byRsync,
  decodeHeader,
  decodeVerdict,
  encodeHeader,
  type Header,
} from "../../daemon/platform/migration/messages";
import type { SharedDaemon } from "./shared-daemon";

/** An operation that waits for the other side. */
export interface Started {
  readonly id: string;
  readonly secrets: Record<string, string>;
}

export const never: AbortSignal = new AbortController().signal;

/** A header that asks for nothing but one root. */
export const header = (more: Partial<Header> = {}): Buffer =>
  encodeHeader({
    fs: byRsync,
    idmap: [],
    snapshotNames: [],
    snapshots: [],
    refresh: false,
    rsyncFeatures: { xattrs: true, delete: true, compress: false, bidirectional: true },
    ...more,
  });

/** A snapshot as LXD tells of one. */
export const snapshotMessage = (name: string, more: Partial<Header["snapshots"][number]> = {}) => ({
  name,
  localConfig: {},
  profiles: [],
  ephemeral: false,
  localDevices: [],
  architecture: 2,
  stateful: false,
  creationDate: 1,
  lastUsedDate: 1,
  expiryDate: 0,
  ...more,
});

export class Migrating {
  constructor(private readonly shared: SharedDaemon) {}

  readonly start = async (url: string, body: object): Promise<Started> => {
    const { status, json } = await this.shared.send("POST", url, body);
    assert.equal(status, 202, json.error);
    const { id, metadata } = json.metadata as { id: string; metadata: Record<string, string> };
    return { id, secrets: metadata };
  };

  /** Waits for an instance that another side sends. */
  readonly push = (name: string, more: object = {}, settings: object = {}): Promise<Started> =>
    this.start("/1.0/instances", { name, ...settings, source: { type: "migration", mode: "push", ...more } });

  /** How an operation ended: nothing for success. */
  readonly errorOf = async ({ id }: Pick<Started, "id">): Promise<string> => {
    const { status, json } = await this.shared.send("GET", `/1.0/operations/${id}/wait`);
    assert.equal(status, 200);
    return (json.metadata as { err: string }).err;
  };

  /** A websocket of an operation, on the unix socket. */
  readonly socket = async ({ id, secrets }: Started, name: string): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://localhost/1.0/operations/${id}/websocket?secret=${secrets[name]}`, {
      createConnection: () => connect(this.shared.daemon.socket),
    } as ConstructorParameters<typeof WebSocket>[2]);
    await once(socket, "open");
    socket.pause();
    return socket;
  };

  readonly join = async (started: Started, name: string): Promise<Channel> =>
    new Channel(await this.socket(started, name));

  /** Folders that migrations have for themselves. */
  readonly left = (): string[] =>
    readdirSync(path.join(this.shared.daemon.dir, "tmp")).filter((name) => name.startsWith("migrate-"));

  /** Sends a folder with rsync, as LXD does. @param rounds one for each snapshot, and one for the root @returns what the daemon says of it, nothing when all is well */
  readonly sendFolder = async (
    sink: Started,
    folder: string,
    offer = header(),
    more: readonly string[] = [],
    rounds = 1,
  ): Promise<string> => {
    const control = await this.join(sink, "control");
    const fs = await this.join(sink, "fs");
    await control.send(offer, never);
    decodeHeader((await control.next(never)).data);
    for (let round = 0; round < rounds; round += 1) await this.#rsync(fs, folder, more);
    const verdict = await control.next(never).then(({ data }) => decodeVerdict(data));
    return verdict.message;
  };

  async #rsync(fs: Channel, folder: string, more: readonly string[]): Promise<void> {
    const relay = 'sh -c "exec 5<&0; cat <&5 >&4 & exec cat <&3"';
    const features = ["--xattrs", "--filter=-x security.selinux", "--delete"];
    const always = ["-ar", "--devices", "--numeric-ids", "--partial", "--sparse"];
    const options = [...always, ...features, ...more, `--rsh=${relay}`];
    const rsync = spawn("rsync", [...options, `${folder}/`, "localhost:/"], {
      stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    });
    const [input, output] = [rsync.stdio[3], rsync.stdio[4]] as unknown as [
      NodeJS.WritableStream,
      NodeJS.ReadableStream,
    ];
    input.on("error", () => undefined);
    const out = (async () => {
      for await (const chunk of output) await fs.send(chunk as Buffer, never);
      await fs.end(never);
    })().catch(() => undefined);
    try {
      for (;;) {
        const { data, isBinary } = await fs.next(never);
        if (!isBinary) break;
        input.write(data);
      }
    } catch {
      // The daemon has given up.
    }
    input.end();
    await out;
    rsync.kill();
  }
}
