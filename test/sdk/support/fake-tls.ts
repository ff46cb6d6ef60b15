/** Fake TLS: servers on the loopback that speak HTTPS, with certificates of their own, and a config folder for this process. */
import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import type { ServerOptions } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { makeCertificate, makeKey } from "../../../sdk/host/certificate";
import { Client } from "../../../sdk/index";
import { FakeDaemon } from "./fake-daemon";

export interface ServerIdentity {
  readonly key: string;
  readonly cert: string;
  readonly fingerprint: string;
}

/** A certificate for the loopback. */
export function makeServer(names = ["localhost"], addresses = ["127.0.0.1"]): ServerIdentity {
  const key = makeKey();
  const cert = makeCertificate(key, { use: "server", commonName: "root@fake", names, addresses });
  return { key, cert, fingerprint: fingerprintOf(cert) };
}

export const fingerprintOf = (cert: string): string =>
  new X509Certificate(cert).fingerprint256.replaceAll(":", "").toLowerCase();

export const server = makeServer();

/** Gives this process, and those that it starts, a config folder of its own. */
export function ownConfigFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-config-"));
  process.env.BOTHY_CONFIG = folder;
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The endpoint of a server whose certificate is known. */
export const pinned = (url: string, fingerprint = server.fingerprint) => ({
  kind: "https" as const,
  host: "127.0.0.1",
  port: Number(new URL(url).port),
  fingerprint,
});

/** Runs a test with a fake daemon that speaks HTTPS and a client that knows its certificate. */
export async function withTls(
  test: (daemon: FakeDaemon, client: Client) => Promise<void>,
  options: ServerOptions = {},
): Promise<void> {
  const daemon = await new FakeDaemon({
    key: server.key,
    cert: server.cert,
    requestCert: true,
    rejectUnauthorized: false,
    ...options,
  }).listen();
  const client = new Client({ endpoint: pinned(daemon.url) });
  try {
    await test(daemon, client);
  } finally {
    await client.close();
    await daemon.close();
  }
}

/** Runs a test with a server that does as it likes with each connection. */
export async function withSockets(
  make: (connected: (socket: Socket) => void) => Server,
  connected: (socket: Socket) => void,
  test: (url: string) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const listening = make((socket) => connected(socket.on("error", () => undefined)));
  listening.on("connection", (socket: Socket) => sockets.add(socket.on("error", () => undefined)));
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  try {
    await test(`https://127.0.0.1:${(listening.address() as AddressInfo).port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => listening.close(resolve));
  }
}

/** One that knows no TLS. */
export const plainServer = (connected: (socket: Socket) => void): Server => createServer(connected);

/** An object that a fake daemon answers with. */
export const profile = { name: "web", description: "", config: {}, devices: {}, used_by: [] };

/** Makes a bare server of TLS with the fake's own certificate. @param more options of tls.createServer */
export const tlsServer =
  (more: object = {}) =>
  (connected: (socket: TLSSocket) => void) =>
    createTlsServer({ key: server.key, cert: server.cert, ...more }, connected);
