/** File: the remotes that are stored, remotes.json in the config folder. */
import path from "node:path";
import * as z from "zod";
import { ApiError, badRequest, notFound } from "../api/errors";
import { endpointText, type HttpsEndpoint, parseHttps } from "../client/address";
import { configFolder, readSetting, replaceSetting } from "./folder";

export const protocols = ["lxd", "incus"] as const;

const Stored = z.looseObject({
  url: z.string(),
  /** SHA-256 of the server's certificate. */
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "is not a SHA-256 fingerprint in small letters")
    .optional(),
  protocol: z.enum(protocols),
  /** Whether the system's certificate authorities say who the server is. */
  ca: z.boolean().optional(),
});

const Remotes = z.record(z.string(), Stored);

/** A server that is trusted under a name, and that trusts this client. */
export interface Remote {
  readonly name: string;
  /** "https://host:8443" */
  readonly url: string;
  /** SHA-256 of its certificate; absent when the system's certificate authorities are asked. */
  readonly fingerprint?: string;
  readonly protocol: (typeof protocols)[number];
  readonly ca?: boolean;
}

const fileIn = (env: NodeJS.ProcessEnv) => path.join(configFolder(env), "remotes.json");

/**
 * The remotes, in the order of their names.
 * @throws ApiError BAD_REQUEST that names the file and what is wrong with it
 */
export function listRemotes(env: NodeJS.ProcessEnv = process.env): Remote[] {
  const file = fileIn(env);
  const text = readSetting(file);
  if (text === undefined) return [];
  const result = Remotes.safeParse(parsed(text, file));
  if (!result.success) {
    const [issue] = result.error.issues;
    throw unreadable(file, `${issue?.path.join(".") || "it"}: ${issue?.message}`);
  }
  return Object.entries(result.data)
    .map(([name, { url, fingerprint, protocol, ca }]) => ({
      name,
      url: endpointText(readUrl(url, file)),
      ...(fingerprint === undefined ? {} : { fingerprint }),
      protocol,
      ...(ca === undefined ? {} : { ca }),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(file, (error as Error).message);
  }
}

function readUrl(url: string, file: string): HttpsEndpoint {
  try {
    return parseHttps(url);
  } catch (error) {
    throw unreadable(file, (error as Error).message);
  }
}

const unreadable = (file: string, cause: string) =>
  badRequest(`Cannot read "${file}": ${cause.replace(/\.$/, "")}. Mend or remove it.`);

const endpointOf = ({ url, fingerprint }: Remote): HttpsEndpoint => ({
  ...parseHttps(url),
  ...(fingerprint === undefined ? {} : { fingerprint }),
});

/** The endpoint of a remote; nothing when no remote has that name. */
export function getRemote(name: string, env: NodeJS.ProcessEnv = process.env): HttpsEndpoint | undefined {
  const remote = listRemotes(env).find((one) => one.name === name);
  return remote && endpointOf(remote);
}

/** The endpoint of a remote of that address; nothing when there is none. @param url as endpointText() writes it */
export function remoteAt(url: string, env: NodeJS.ProcessEnv = process.env): HttpsEndpoint | undefined {
  const remote = listRemotes(env).find((one) => one.url === url);
  return remote && endpointOf(remote);
}

/** Refuses a name that cannot be one, or that is taken. @throws ApiError BAD_REQUEST, CONFLICT */
export function requireFreeName(name: string, env: NodeJS.ProcessEnv = process.env): void {
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/i.test(name))
    throw badRequest(
      `Cannot add remote "${name}": a name has 1 to 63 letters, digits, dots, dashes and underscores, a letter or digit first. Choose another one.`,
    );
  if (listRemotes(env).some((one) => one.name === name))
    throw new ApiError("CONFLICT", `Cannot add remote "${name}": there is one of that name. Remove it first.`);
}

/** Stores a remote under a name that is free. @throws ApiError CONFLICT */
export function storeRemote(remote: Remote, env: NodeJS.ProcessEnv = process.env): void {
  requireFreeName(remote.name, env);
  write([...listRemotes(env), remote], env);
}

/** Forgets a remote. The server goes on trusting this client, until somebody takes its certificate away there. @throws ApiError NOT_FOUND */
export function removeRemote(name: string, env: NodeJS.ProcessEnv = process.env): void {
  const all = listRemotes(env);
  const others = all.filter((one) => one.name !== name);
  if (others.length === all.length)
    throw notFound(`Cannot remove remote "${name}": there is none of that name. See "bothy remote list".`);
  write(others, env);
}

function write(remotes: readonly Remote[], env: NodeJS.ProcessEnv): void {
  const byName = Object.fromEntries(remotes.map(({ name, ...stored }) => [name, stored]));
  replaceSetting(fileIn(env), `${JSON.stringify(byName, null, 2)}\n`, 0o600);
}
