/** HTTPS to a daemon in a network namespace of its own, through a forwarder that has a socket file on this side. */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { OutgoingHttpHeaders } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { type ConnectionOptions, type TLSSocket, connect as tlsConnect } from "node:tls";
import { WebSocket } from "ws";
import { makeCertificate, makeKey } from "../../sdk/host/certificate";
import type { TestDaemon } from "./daemon";
import { type Answer, type Body, exchange } from "./raw-http";

export interface Identity {
  readonly cert: string;
  readonly key: string;
  readonly fingerprint: string;
  /** As the API takes it: the base64 of its DER. */
  readonly der: string;
}

export function identityOf(cert: string, key: string): Identity {
  const certificate = new X509Certificate(cert);
  const fingerprint = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
  return { cert, key, fingerprint, der: certificate.raw.toString("base64") };
}

/** A client with a certificate that it signed itself. */
export function makeIdentity(commonName = "somebody", from?: Date): Identity {
  const key = makeKey();
  return identityOf(makeCertificate(key, { use: "client", commonName, from }), key);
}

/** One that openssl makes. @param key such as "rsa:1024" */
export function opensslIdentity(key: string, ...more: string[]): Identity {
  const folder = mkdtempSync(path.join(tmpdir(), "bothy-openssl-"));
  try {
    const [keyFile, certFile] = [path.join(folder, "key"), path.join(folder, "cert")];
    const out = ["-nodes", "-keyout", keyFile, "-out", certFile, "-subj", "/CN=openssl"];
    execFileSync("openssl", ["req", "-x509", "-newkey", key, ...out, ...more], { stdio: "ignore" });
    return identityOf(readFileSync(certFile, "utf8"), readFileSync(keyFile, "utf8"));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const forwarder = `
  const net = require("node:net");
  const [file, port, host] = process.argv.slice(1);
  net.createServer((inner) => {
    const outer = net.connect(Number(port), host);
    inner.pipe(outer).pipe(inner);
    for (const [one, other] of [[inner, outer], [outer, inner]])
      one.on("error", () => undefined).on("close", () => other.destroy());
  }).listen(file, () => console.log("ready"));
`;

export class Network implements AsyncDisposable {
  private constructor(
    private readonly socketPath: string,
    private readonly process: ChildProcess,
  ) {}

  /** @param port at which the daemon listens on the loopback of its namespace */
  static async to(daemon: TestDaemon, port = 8443): Promise<Network> {
    const socketPath = `${daemon.dir}-${port}.sock`;
    rmSync(socketPath, { force: true });
    const inside = ["--target", String(daemon.netns.pid), "--net", "--", process.execPath];
    const child = spawn("nsenter", [...inside, "-e", forwarder, socketPath, String(port), "127.0.0.1"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    return new Network(socketPath, child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.process, "exit");
    this.process.kill();
    await gone;
    rmSync(this.socketPath, { force: true });
  }

  /** A connection before TLS. */
  raw(): Socket {
    return connect(this.socketPath);
  }

  #secure(identity: Identity | undefined, options: ConnectionOptions = {}): TLSSocket {
    const own = identity === undefined ? {} : { cert: identity.cert, key: identity.key };
    return tlsConnect({ socket: this.raw(), rejectUnauthorized: false, servername: "localhost", ...own, ...options });
  }

  /** Resolves when TLS is spoken. */
  async connect(identity: Identity | undefined, options: ConnectionOptions = {}): Promise<TLSSocket> {
    const socket = this.#secure(identity, options);
    await once(socket, "secureConnect");
    return socket;
  }

  /** One request on a connection of its own. */
  send(
    identity: Identity | undefined,
    method: string,
    target: string,
    body?: Body,
    headers: OutgoingHttpHeaders = {},
  ): Promise<Answer> {
    const socket = this.#secure(identity);
    const own = { host: "localhost", connection: "keep-alive", ...headers };
    const options = { createConnection: () => socket, method, path: target, headers: own };
    return exchange(options, body).finally(() => socket.destroy());
  }

  /** Sends bytes after TLS as they are, and reads until the other side closes. */
  async sendBytes(identity: Identity | undefined, bytes: string | Buffer): Promise<string> {
    const socket = await this.connect(identity);
    socket.write(bytes);
    return text(socket);
  }

  /** @returns the websocket once it is open, or the status with which it was refused */
  async upgrade(
    identity: Identity | undefined,
    target: string,
    headers: Record<string, string> = {},
  ): Promise<WebSocket | number> {
    const socket = new WebSocket(`wss://localhost${target}`, {
      createConnection: () => this.#secure(identity),
      headers,
    } as ConstructorParameters<typeof WebSocket>[2]);
    return new Promise((resolve, reject) => {
      socket.once("open", () => resolve(socket));
      socket.once("unexpected-response", (call, answer) => {
        call.destroy();
        resolve(answer.statusCode ?? 0);
      });
      socket.on("error", reject);
    });
  }

  /** A websocket that must open. */
  async websocket(identity: Identity | undefined, target: string): Promise<WebSocket> {
    const socket = await this.upgrade(identity, target);
    assert.ok(typeof socket !== "number", `${target} is refused with ${String(socket)}`);
    return socket;
  }
}

/** Lets the daemon listen for HTTPS. */
export async function listenAt(daemon: TestDaemon, address = "127.0.0.1:8443"): Promise<void> {
  const { status, body } = await daemon.request("PATCH", "/1.0", { config: { "core.https_address": address } });
  assert.equal(status, 200, JSON.stringify(body));
}

/** Trusts a client by the unix socket. */
export async function trust(daemon: TestDaemon, { der }: Identity, more: object = {}): Promise<void> {
  const { status, body } = await daemon.request("POST", "/1.0/certificates", { certificate: der, ...more });
  assert.equal(status, 201, JSON.stringify(body));
}
