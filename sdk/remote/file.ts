/** File: the remotes that are stored, remotes.json in the config folder: servers to work with, and servers of images (image-server.ts). */
import path from "node:path";
import * as z from "zod";
import { ApiError, badRequest, notFound } from "../api/errors";
import { endpointText, type HttpsEndpoint, parseHttps } from "../client/address";
import { configFolder, readSetting, replaceSetting } from "./folder";

export const protocols = ["lxd", "incus"] as const;

/** What servers of images alone speak: lists of images, or those of a registry of OCI. */
export const imageProtocols = ["simplestreams", "oci"] as const;
export type ImageProtocol = (typeof imageProtocols)[number];

const isImageProtocol = (protocol: string): protocol is ImageProtocol =>
  (imageProtocols as readonly string[]).includes(protocol);

const Stored = z.looseObject({
  url: z.string(),
  /** SHA-256 of the server's certificate. */
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "is not a SHA-256 fingerprint in small letters")
    .optional(),
  protocol: z.enum([...protocols, ...imageProtocols]),
  /** Whether the system's certificate authorities say who the server is. */
  ca: z.boolean().optional(),
});

const Remotes = z.record(z.string(), Stored);
type Stored = z.output<typeof Stored>;

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

/** All that is stored, by name. @throws ApiError BAD_REQUEST that names the file and what is wrong with it */
function storedIn(env: NodeJS.ProcessEnv): Readonly<Record<string, Stored>> {
  const file = fileIn(env);
  const text = readSetting(file);
  if (text === undefined) return {};
  const result = Remotes.safeParse(parsed(text, file));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw unreadable(file, `${issue?.path.join(".") || "it"}: ${issue?.message}`);
}

/**
 * The remotes, in the order of their names, without the servers of images.
 * @throws ApiError BAD_REQUEST that names the file and what is wrong with it
 */
export function listRemotes(env: NodeJS.ProcessEnv = process.env): Remote[] {
  return Object.entries(storedIn(env))
    .flatMap(([name, stored]): Remote[] => {
      const { url, fingerprint, protocol, ca } = stored;
      if (isImageProtocol(protocol)) return [];
      return [
        {
          name,
          url: endpointText(readUrl(url, fileIn(env))),
          ...(fingerprint === undefined ? {} : { fingerprint }),
          protocol,
          ...(ca === undefined ? {} : { ca }),
        },
      ];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The stored servers of images, by name. @throws ApiError BAD_REQUEST that names the file */
export const storedImageServers = (env: NodeJS.ProcessEnv): Record<string, { url: string; protocol: ImageProtocol }> =>
  Object.fromEntries(
    Object.entries(storedIn(env)).flatMap(([name, { url, protocol }]) =>
      isImageProtocol(protocol) ? [[name, { url, protocol }]] : [],
    ),
  );

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
  if (Object.hasOwn(storedIn(env), name))
    throw new ApiError("CONFLICT", `Cannot add remote "${name}": there is one of that name. Remove it first.`);
}

/** Stores a remote under a name that is free. @throws ApiError CONFLICT */
export function storeRemote({ name, ...stored }: Remote, env: NodeJS.ProcessEnv = process.env): void {
  store(name, stored, env);
}

/** Stores a server of images under a name that is free. @throws ApiError CONFLICT */
export function storeImageServer(name: string, url: string, protocol: ImageProtocol, env: NodeJS.ProcessEnv): void {
  store(name, { url, protocol }, env);
}

function store(name: string, stored: Stored, env: NodeJS.ProcessEnv): void {
  requireFreeName(name, env);
  write({ ...storedIn(env), [name]: stored }, env);
}

/** Forgets a remote. The server goes on trusting this client, until somebody takes its certificate away there. @throws ApiError NOT_FOUND */
export function removeRemote(name: string, env: NodeJS.ProcessEnv = process.env): void {
  const all = storedIn(env);
  if (!Object.hasOwn(all, name))
    throw notFound(`Cannot remove remote "${name}": there is none of that name. See "bothy remote list".`);
  write(Object.fromEntries(Object.entries(all).filter(([other]) => other !== name)), env);
}

function write(remotes: Readonly<Record<string, Stored>>, env: NodeJS.ProcessEnv): void {
  replaceSetting(fileIn(env), `${JSON.stringify(remotes, null, 2)}\n`, 0o600);
}
