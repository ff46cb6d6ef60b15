/** The check of an image that is still coming: what slow senders, vanished ones and hostile ones find. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import test from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { preparePool } from "../support/daemon";
import { processesWith } from "../support/process";
import { shareDaemon } from "../support/shared-daemon";
import { type Entry, imageOf } from "./image-scene";

const shared = shareDaemon({}, (daemon) => preparePool(daemon, "overlay"));

const file = (name: string, content: string | Buffer): Entry => ({ name, content });

/** Pids of the check processes that read a file that is coming, without the programs that they started. */
const checks = () =>
  processesWith(
    ([, ...words]) =>
      words.some((word) => word.includes(`${shared.daemon.dir}/tmp/image-`)) &&
      !words.includes("confine") &&
      words.some((word) => word.endsWith("check-process.js")),
  );

/** A sender, who has sent so many bytes of an image. */
class Sender {
  readonly #request: ClientRequest;
  readonly #answer: Promise<IncomingMessage>;
  #sent = 0;

  constructor(private readonly bytes: Buffer) {
    const headers = { "content-type": "application/octet-stream", "content-length": bytes.length };
    this.#request = request({ socketPath: shared.daemon.socket, method: "POST", path: "/1.0/images", headers });
    this.#answer = once(this.#request, "response").then(([answer]) => answer as IncomingMessage);
    this.#answer.catch(() => undefined);
    this.#request.on("error", () => undefined);
  }

  sendTo(end: number): void {
    this.#request.write(this.bytes.subarray(this.#sent, end));
    this.#sent = end;
  }

  vanish(): void {
    this.#request.destroy();
  }

  /** Sends the rest. @returns the fingerprint, or the error */
  async finish(): Promise<{ fingerprint?: string; error?: string }> {
    this.#request.end(this.bytes.subarray(this.#sent));
    const { operation, error } = (await json(await this.#answer)) as { operation?: string; error?: string };
    if (operation === undefined) return { error: String(error) };
    const { json: envelope } = await shared.send("GET", `${operation}/wait`);
    const done = envelope.metadata as { err: string; metadata: { fingerprint: string } | null };
    return done.err === "" ? { fingerprint: String(done.metadata?.fingerprint) } : { error: done.err };
  }
}

async function remove({ fingerprint, error }: { fingerprint?: string; error?: string }): Promise<void> {
  assert.equal(error, undefined);
  assert.equal((await shared.outcome("DELETE", `/1.0/images/${fingerprint}`)).status, 200);
}

const untilChecks = async (count: number) => {
  while (checks().length !== count) await delay(5);
};

const half = (bytes: Buffer) => Math.floor(bytes.length / 2);
const imageNamed = async (name: string) =>
  gzipSync(await imageOf(file("rootfs/data", randomBytes(3 << 20)), file("rootfs/name", name)));

test("whoever sends slowly keeps nobody's image from being checked", () =>
  shared.unchanged(async () => {
    const images = await Promise.all(["a", "b", "c", "d"].map(imageNamed));
    const slow = images.map((bytes) => new Sender(bytes));
    for (const [index, sender] of slow.entries()) sender.sendTo(half(images[index]!));
    await untilChecks(2);
    await remove(await new Sender(await imageNamed("quick")).finish());
    for (const sender of slow) await remove(await sender.finish());
    await untilChecks(0);
  }));

test("a sender who vanishes leaves no check and no file", () =>
  shared.unchanged(async () => {
    const bytes = await imageNamed("half");
    const sender = new Sender(bytes);
    sender.sendTo(half(bytes));
    await untilChecks(1);
    sender.vanish();
    await untilChecks(0);
  }));

test("what is wrong at the beginning is refused, whatever comes after it", () =>
  shared.unchanged(async () => {
    const bytes = gzipSync(await imageOf(file("../x", "x"), file("rootfs/data", randomBytes(3 << 20))));
    const sender = new Sender(bytes);
    sender.sendTo(half(bytes));
    assert.match((await sender.finish()).error ?? "", /leaves the root file system/);
  }));

test("what is wrong at the end is refused", () =>
  shared.unchanged(async () => {
    const bytes = gzipSync(await imageOf(file("rootfs/data", randomBytes(3 << 20)), file("../x", "x")));
    const sender = new Sender(bytes);
    sender.sendTo(half(bytes));
    await untilChecks(1);
    assert.match((await sender.finish()).error ?? "", /leaves the root file system/);
    const cut = new Sender((await imageNamed("cut")).subarray(0, -100));
    assert.match((await cut.finish()).error ?? "", /it is broken: gzip: /);
  }));

test("how much an image unpacks to is judged by all of it, not by what has come", () =>
  shared.unchanged(async () => {
    const zeros = Buffer.alloc(300 << 20);
    const bytes = gzipSync(await imageOf(file("rootfs/zeros", zeros), file("rootfs/data", randomBytes(3 << 20))), {
      level: 1,
    });
    const sender = new Sender(bytes);
    // The zeros alone would be past the limit.
    sender.sendTo(bytes.length - (2 << 20));
    await untilChecks(1);
    await remove(await sender.finish());
    const alone = gzipSync(await imageOf(file("rootfs/zeros", zeros)), { level: 9 });
    assert.match((await new Sender(alone).finish()).error ?? "", /"images\.limits\.ratio" allows/);
  }));
