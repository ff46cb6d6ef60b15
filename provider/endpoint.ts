/** Endpoint: which daemon a resource lives on, and one client for each. */
import {
  Client,
  defaultEndpoint,
  type Endpoint,
  endpointText,
  ensureDaemon,
  type HttpsEndpoint,
  type Identity,
  parseEndpoint,
  trustByToken,
} from "../sdk";
import { endpointReason } from "./core/engine/inputs";

/** What counts for resources that do not say it themselves: of the stack's configuration, or of a provider resource. */
export interface Defaults {
  readonly endpoint?: string;
  /** Project of the server that all objects are in; "default" when absent. */
  readonly project?: string;
  /** Cluster member on which things are made. */
  readonly target?: string;
  /** The certificate by which servers elsewhere know this client. */
  readonly identity?: Identity;
  /** What makes the server of the endpoint trust this client, and says which certificate that server has. */
  readonly token?: string;
}

let defaults: Defaults = {};

/** A process serves one provider. Empty texts count as absent. */
export function setDefaults(given: Defaults): void {
  defaults = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== "" && value !== undefined));
}

/**
 * @returns why resources that name no endpoint cannot find their daemon: what the stack or the environment names is not an endpoint
 */
export function surroundingReason(): string | undefined {
  const [where, text] =
    defaults.endpoint === undefined
      ? ["BOTHY_ENDPOINT", process.env.BOTHY_ENDPOINT]
      : ["bothy:endpoint of the stack", defaults.endpoint];
  const reason = text ? endpointReason(text) : undefined;
  return reason === undefined ? undefined : `is not given, and ${where} ${reason}`;
}

/** The project that objects are in. */
export const projectNow = (): string | undefined => defaults.project;

export interface ClientOptions {
  /** Whether the local daemon may be started when nobody listens. */
  readonly start: boolean;
  readonly signal: AbortSignal;
  readonly log: (message: string) => void;
}

const clients = new Map<string, Client>();
const ready = new Map<string, Promise<void>>();

/** @returns where an endpoint leads, in words that stay the same @throws ApiError BAD_REQUEST for a kind of endpoint that is none of ours */
export const placeOf = (argument: unknown): string => endpointText(endpointOf(argument, defaults));

/** The same, and nothing for an endpoint that cannot be used, such as a remote that is stored no more; that is said elsewhere. */
export function knownPlaceOf(argument: unknown): string | undefined {
  try {
    return placeOf(argument);
  } catch {
    return undefined;
  }
}

function endpointOf(argument: unknown, from: Defaults): Endpoint {
  const named = nameOf(argument, from);
  const endpoint = named ? parseEndpoint(named) : defaultEndpoint();
  return endpoint.kind === "https" && from.identity !== undefined ? { ...endpoint, identity: from.identity } : endpoint;
}

const nameOf = (argument: unknown, from: Defaults): string | undefined =>
  typeof argument === "string" && argument !== "" ? argument : (from.endpoint ?? process.env.BOTHY_ENDPOINT);

/** Where a stored remote is; nothing when there is none of that name. */
export const getRemoteEndpoint = (name: string): string | undefined => knownPlaceOf(`remote:${name}`);

const introduced = new Map<string, Promise<HttpsEndpoint>>();

/** The endpoint with the certificate that its token names, once its server trusts this client. */
async function introducedTo(endpoint: HttpsEndpoint, token: string, signal: AbortSignal): Promise<HttpsEndpoint> {
  const key = JSON.stringify([endpoint, token]);
  const known = introduced.get(key) ?? trustByToken(token, endpoint, endpoint.identity, signal);
  introduced.set(key, known);
  try {
    return await known;
  } catch (error) {
    introduced.delete(key);
    throw error;
  }
}

/**
 * Gives the client of a resource: by its argument, else the stack's `bothy:endpoint`, else BOTHY_ENDPOINT, else the local socket. Only the
 * local socket's daemon is ever started; whoever names an endpoint runs the daemon there.
 * @param from what counts in place of the configuration of this process
 * @throws ApiError UNAVAILABLE that says how to start the daemon by hand
 */
export async function clientFor(
  argument: unknown,
  { start, signal, log }: ClientOptions,
  from: Defaults = defaults,
): Promise<Client> {
  const named = nameOf(argument, from);
  const { token, project, target } = from;
  const place = endpointOf(argument, from);
  const endpoint = token !== undefined && place.kind === "https" ? await introducedTo(place, token, signal) : place;
  // A remote that was added anew has another certificate at the same place.
  const key = JSON.stringify([endpoint, project, target]);
  const client = clients.get(key) ?? new Client({ endpoint, project, target });
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
