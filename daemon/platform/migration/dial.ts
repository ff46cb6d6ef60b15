/** Dial: a websocket of an operation of another server, which is known by its certificate before the secret is sent. */
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import WebSocket from "ws";
import { ApiError, badRequest } from "../../../sdk/api/errors";

/** Where the other side of a migration is. */
export interface Far {
  /** Such as "https://10.0.0.1:8443/1.0/operations/UUID". */
  readonly operation: URL;
  /** What that server must show; undefined: one that the system's authorities vouch for. */
  readonly certificate: X509Certificate | undefined;
}

const connectMs = 15_000;
const largest = 16 * 1024 * 1024;

/** Nothing but an operation is asked for: whoever may copy instances shall not have this server ask others for anything else. */
const operationPath = /^\/1\.0\/operations\/[0-9a-f-]{36}$/;

/** @param certificate PEM, or nothing @throws ApiError BAD_REQUEST */
export function farOf(operation: string, certificate: string | undefined): Far {
  const url = URL.canParse(operation) ? new URL(operation) : undefined;
  if (url === undefined || url.protocol !== "https:" || !operationPath.test(url.pathname))
    throw badRequest(
      `Cannot migrate: "${operation.slice(0, 200)}" is no operation of a server. Give its URL, such as https://HOST:8443/1.0/operations/UUID.`,
    );
  return { operation: url, certificate: certificate ? certificateOf(certificate) : undefined };
}

function certificateOf(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw badRequest("Cannot migrate: the certificate of the other server is none. Give it in PEM.", { cause: error });
  }
}

/** @param patienceMs for the connection, and again for its answer @returns an open websocket, paused @throws ApiError UNAVAILABLE, FORBIDDEN for another certificate; the signal's reason */
export async function dial(far: Far, secret: string, signal: AbortSignal, patienceMs = connectMs): Promise<WebSocket> {
  signal.throwIfAborted();
  const { host, pathname, search } = far.operation;
  const socket = await secure(far, signal, patienceMs);
  const query = new URLSearchParams(search);
  query.set("secret", secret);
  return new Promise((resolve, reject) => {
    const options = { createConnection: () => socket, perMessageDeflate: false, maxPayload: largest };
    const websocket = new WebSocket(`ws://${host}${pathname}/websocket?${query}`, options);
    const fail = (cause: string) => {
      clearTimeout(timer);
      socket.destroy();
      reject(signal.aborted ? signal.reason : unreachable(far, cause));
    };
    const timer = setTimeout(() => fail("there is no answer"), patienceMs);
    const abort = () => fail("it was cancelled");
    signal.addEventListener("abort", abort, { once: true });
    websocket.once("open", () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      websocket.pause();
      resolve(websocket);
    });
    websocket.once("unexpected-response", (_request, answer) => fail(`it answers ${answer.statusCode}`));
    websocket.on("error", (error) => fail(error.message));
  });
}

const unreachable = ({ operation }: Far, cause: string): ApiError =>
  new ApiError("UNAVAILABLE", `Cannot connect to the other server at "${operation.origin}": ${cause}.`);

function secure(far: Far, signal: AbortSignal, patienceMs: number): Promise<TLSSocket> {
  const { hostname, port } = far.operation;
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port || 443),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      minVersion: "TLSv1.2",
      ALPNProtocols: ["http/1.1"],
      // One that is named is signed by nobody else.
      rejectUnauthorized: far.certificate === undefined,
    });
    const settle = (error: unknown) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      if (error === undefined) resolve(socket);
      else {
        socket.destroy();
        reject(error);
      }
    };
    const abort = () => settle(signal.reason);
    const timer = setTimeout(() => settle(unreachable(far, "there is no answer")), patienceMs);
    signal.addEventListener("abort", abort, { once: true });
    // It stays, so that no error meets a socket without a listener.
    socket.on("error", (error) => settle(unreachable(far, error.message)));
    socket.once("secureConnect", () => {
      socket.setKeepAlive(true, 30_000);
      const found = socket.getPeerX509Certificate();
      const isRight = far.certificate === undefined || found?.raw.equals(far.certificate.raw) === true;
      settle(
        isRight
          ? undefined
          : new ApiError(
              "FORBIDDEN",
              `Cannot trust the server at "${far.operation.origin}": its certificate is not the one that was given. Nothing was sent to it.`,
            ),
      );
    });
  });
}
