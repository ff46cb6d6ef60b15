/** Endpoint: which daemon a resource lives on, and one client for each. */
import { Client, defaultEndpoint, type Endpoint, endpointText, ensureDaemon, parseEndpoint } from "../sdk";
import { endpointReason } from "./core/engine/inputs";

let stackEndpoint: string | undefined;

/** Takes `bothy:endpoint` of the stack's configuration, for resources that name no endpoint. */
export function setStackEndpoint(endpoint: string | undefined): void {
  stackEndpoint = endpoint === "" ? undefined : endpoint;
}

/**
 * @returns why resources that name no endpoint cannot find their daemon: what the stack or the environment names is not an endpoint
 */
export function surroundingReason(): string | undefined {
  const [where, text] =
    stackEndpoint === undefined
      ? ["BOTHY_ENDPOINT", process.env.BOTHY_ENDPOINT]
      : ["bothy:endpoint of the stack", stackEndpoint];
  const reason = text ? endpointReason(text) : undefined;
  return reason === undefined ? undefined : `is not given, and ${where} ${reason}`;
}

export interface ClientOptions {
  /** Whether the local daemon may be started when nobody listens. */
  readonly start: boolean;
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
}

const clients = new Map<string, Client>();
const ready = new Map<string, Promise<void>>();

/** @returns where an endpoint leads, in words that stay the same @throws ApiError BAD_REQUEST for a kind of endpoint that is none of ours */
export const placeOf = (argument: unknown): string => endpointText(endpointOf(argument));

/** The same, and nothing for an endpoint that cannot be used, such as a remote that is stored no more; that is said elsewhere. */
export function knownPlaceOf(argument: unknown): string | undefined {
  try {
    return placeOf(argument);
  } catch {
    return undefined;
  }
}

function endpointOf(argument: unknown): Endpoint {
  const named = nameOf(argument);
  return named ? parseEndpoint(named) : defaultEndpoint();
}

const nameOf = (argument: unknown): string | undefined =>
  typeof argument === "string" && argument !== "" ? argument : (stackEndpoint ?? process.env.BOTHY_ENDPOINT);

/**
 * Gives the client of a resource: by its argument, else the stack's `bothy:endpoint`, else BOTHY_ENDPOINT, else the local socket. Only the
 * local socket's daemon is ever started; whoever names an endpoint runs the daemon there.
 * @throws ApiError UNAVAILABLE that says how to start the daemon by hand
 */
export async function clientFor(argument: unknown, { start, signal, log }: ClientOptions): Promise<Client> {
  const named = nameOf(argument);
  const endpoint = endpointOf(argument);
  // A remote that was added anew has another certificate at the same place.
  const key = JSON.stringify(endpoint);
  const client = clients.get(key) ?? new Client({ endpoint });
  clients.set(key, client);
  if (!named && start && endpoint.kind === "unix") {
    const { socketPath } = endpoint;
    const starting = ready.get(socketPath) ?? ensureDaemon(socketPath, () => client.getServer(), log);
    ready.set(socketPath, starting);
    try {
      await starting;
    } finally {
      // Asked again next time: the daemon may be stopped in between.
      ready.delete(socketPath);
    }
    signal.throwIfAborted();
  }
  return client;
}
