/** TLS: connections to a server that is known by its certificate, before a byte of a request is sent. */
import { isIP } from "node:net";
import type { TLSSocket } from "node:tls";
import { ApiError } from "../api/errors";
import { readIdentity } from "../remote/identity";
import { endpointText, type HttpsEndpoint } from "./address";

/** A host that swallows packets would else be waited for as long as the kernel does. */
const connectTimeoutMs = 15_000;
/** How long a peer that is gone without a word stays unnoticed. */
const keepAliveMs = 30_000;

export interface TlsOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/**
 * Opens a connection by TLS 1.2 or 1.3, with this client's certificate if there is one.
 * @returns a socket to the server that the endpoint means
 * @throws ApiError FORBIDDEN that names host, expected and found fingerprint; the error of the connection, which connectionError()
 * puts into words, or the reason of the signal
 */
export async function openTls(endpoint: HttpsEndpoint, options: TlsOptions = {}): Promise<TLSSocket> {
  const identity = endpoint.identity ?? readIdentity();
  const socket = await handshake(endpoint, { ...options, cert: identity?.certificate, key: identity?.key });
  const error = distrust(endpoint, socket);
  if (error === undefined) return socket;
  socket.destroy();
  throw error;
}

export interface ServerCertificate {
  /** SHA-256, in lower-case hexadecimal digits. */
  readonly fingerprint: string;
  /** Whether this system's certificate authorities say that it is the host's. */
  readonly isTrusted: boolean;
}

/** Asks a server for its certificate, and for nothing else: it learns nothing of this client. @throws as openTls() does */
export async function serverCertificate(endpoint: HttpsEndpoint, options: TlsOptions = {}): Promise<ServerCertificate> {
  const socket = await handshake({ ...endpoint, fingerprint: undefined }, options);
  const found = { fingerprint: fingerprintOf(socket), isTrusted: socket.authorized };
  socket.destroy();
  return found;
}

interface Handshake extends TlsOptions {
  readonly cert?: string;
  readonly key?: string;
}

async function handshake(endpoint: HttpsEndpoint, { signal, timeoutMs, cert, key }: Handshake): Promise<TLSSocket> {
  signal?.throwIfAborted();
  const { connect, getCACertificates } = await import("node:tls");
  const { host, port, fingerprint } = endpoint;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      minVersion: "TLSv1.2",
      ALPNProtocols: ["http/1.1"],
      // Judged by distrust(): a pinned certificate is signed by nobody else.
      rejectUnauthorized: false,
      ca: fingerprint === undefined ? [...getCACertificates("default"), ...getCACertificates("system")] : [],
      cert,
      key,
    });
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      finish();
    };
    const fail = (error: unknown) => {
      socket.destroy();
      settle(() => reject(error));
    };
    const timer = setTimeout(
      () => fail(Object.assign(new Error("No answer in time."), { code: "ETIMEDOUT" })),
      timeoutMs ?? connectTimeoutMs,
    );
    const aborted = () => fail(signal?.reason);
    signal?.addEventListener("abort", aborted, { once: true });
    // It stays after that, so that no error meets a socket without a listener.
    socket.on("error", fail);
    socket.once("secureConnect", () => {
      socket.setKeepAlive(true, keepAliveMs);
      settle(() => resolve(socket));
    });
  });
}

const fingerprintOf = (socket: TLSSocket): string =>
  (socket.getPeerX509Certificate()?.fingerprint256 ?? "").replaceAll(":", "").toLowerCase();

/** Why the server at the other end is not the one that the endpoint means; nothing when it is. */
function distrust(endpoint: HttpsEndpoint, socket: TLSSocket): ApiError | undefined {
  const url = endpointText(endpoint);
  const found = fingerprintOf(socket);
  const expected = endpoint.fingerprint;
  if (expected === undefined) {
    if (socket.authorized) return undefined;
    return new ApiError(
      "FORBIDDEN",
      `Cannot trust the server at "${url}": no remote has its certificate, and this system does not trust it (${socket.authorizationError}; its fingerprint is ${found}). Run "bothy remote add NAME ${url}".`,
      { details: { url, found } },
    );
  }
  if (found === expected) return undefined;
  return new ApiError(
    "FORBIDDEN",
    `Cannot trust the server at "${url}": its certificate has the fingerprint ${found}, and ${expected} is expected. Nothing was sent to it. Somebody may stand in between; if the server has a new certificate, remove the remote and add it anew.`,
    { details: { url, expected, found } },
  );
}
