/** Connection errors: what it means when no connection comes about, or one ends, in words that name the place. */
import { ApiError, unavailable } from "../api/errors";
import { type Endpoint, endpointText, type HttpsEndpoint, type UnixEndpoint } from "./address";

const nobody = { nobodyListens: true } as const;

/** Whether an error says that no server listens at the endpoint, so that a local one may be started. */
export const isNobodyListening = (error: unknown): boolean =>
  ApiError.is(error) && (error.details as { nobodyListens?: unknown } | undefined)?.nobodyListens === true;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? "";

const closedCodes = ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];

/** Whether the other side closed a connection before its answer came. */
export const wasClosed = (error: unknown): boolean => closedCodes.includes(codeOf(error));

/** Turns the failure of a connection into an ApiError; anything else is returned as it is. @param what such as "GET /1.0" */
export function connectionError(endpoint: Endpoint, what: string, error: unknown): unknown {
  if (wasClosed(error) || ["ECONNABORTED", "UND_ERR_DESTROYED", "UND_ERR_CLOSED"].includes(codeOf(error)))
    return unavailable(
      `Cannot finish ${what}: the connection to the ${serverAt(endpoint)} was closed. See whether ${endpoint.kind === "unix" ? "the daemon" : "it"} still runs, then try again.`,
      { cause: error },
    );
  return endpoint.kind === "unix" ? unixError(endpoint, error) : httpsError(endpoint, error);
}

const serverAt = (endpoint: Endpoint): string =>
  `${endpoint.kind === "unix" ? "daemon" : "server"} at "${endpointText(endpoint)}"`;

function unixError(endpoint: UnixEndpoint, error: unknown): unknown {
  const unreachable = `Cannot reach the ${serverAt(endpoint)}`;
  switch (codeOf(error)) {
    case "ENOENT":
    case "ENOTDIR":
    case "ECONNREFUSED":
      return unavailable(
        `${unreachable}: nobody listens there. Start it with "bothy daemon" (as a service with --install), or name another socket with BOTHY_ENDPOINT or BOTHY_DIR.`,
        { cause: error, details: nobody },
      );
    case "EAGAIN":
      return unavailable(`${unreachable}: too many others wait for it. See what keeps it busy, then try again.`, {
        cause: error,
      });
    case "EACCES":
    case "EPERM":
      return new ApiError(
        "FORBIDDEN",
        `${unreachable}: permission denied. Become root, or a member of the group that owns the socket.`,
        { cause: error },
      );
    default:
      return error;
  }
}

/** What the network says, by the code of Node's error. */
const networkCauses: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there. See that it runs and that its core.https_address is set",
  EHOSTUNREACH: "no way leads to the host. See whether it runs and what the network says",
  ENETUNREACH: "no way leads to its network. See what the network says",
  ENOTFOUND: "the host is not known. Correct its name",
  EAI_AGAIN: "the name of the host cannot be looked up now. See what the network says",
  ETIMEDOUT: "it did not answer in time. See whether it runs and what the network says",
  EACCES: "the network does not allow it. See what this host's firewall says",
  EPERM: "the network does not allow it. See what this host's firewall says",
};

/** Undici's errors have no code where llhttp's has none. */
const isParseError = (error: unknown): boolean =>
  (error instanceof Error && error.name === "HTTPParserError") || codeOf(error) === "UND_ERR_HEADERS_OVERFLOW";

function httpsError(endpoint: HttpsEndpoint, error: unknown): unknown {
  const unreachable = `Cannot reach the ${serverAt(endpoint)}`;
  const code = codeOf(error);
  const cause = networkCauses[code];
  if (cause !== undefined) return unavailable(`${unreachable}: ${cause}.`, { cause: error, details: nobody });
  // The handshake is over by the time at which a server of TLS 1.3 looks at the client's certificate.
  if (/ALERT_(CERTIFICATE|BAD_CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|UNSUPPORTED_CERTIFICATE)/.test(code))
    return new ApiError(
      "FORBIDDEN",
      `${unreachable}: it does not take this client's certificate (${code}). See which one it trusts.`,
      { cause: error },
    );
  if (isParseError(error))
    return unavailable(`${unreachable}: its answer is no HTTP. Is it the port of an LXD or Incus?`, {
      cause: error,
    });
  if (code.startsWith("ERR_SSL_") || code === "EPROTO")
    return unavailable(`${unreachable}: it does not speak TLS as we do (${code}). Is it the port of an LXD or Incus?`, {
      cause: error,
    });
  return error;
}
