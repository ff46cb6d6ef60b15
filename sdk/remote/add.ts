/** Add: how a server and this client come to trust each other, once, so that the server has a name from then on. */
import { hostname } from "node:os";
import * as z from "zod";
import { ApiError, badRequest } from "../api/errors";
import { endpointText, type HttpsEndpoint, parseHttps } from "../client/address";
import { connectionError } from "../client/connection-error";
import { type ServerCertificate, serverCertificate } from "../client/tls";
import { body, Wire } from "../client/wire";
import { type Remote, requireFreeName, storeRemote } from "./file";
import { ensureIdentity, type Identity, identityFiles } from "./identity";
import { isToken, parseToken, type Token } from "./token";

export interface AddRemoteOptions {
  /** What the server keeps in core.trust_password. */
  readonly password?: string;
  /** The fingerprint that the server's certificate must have: SHA-256 in hexadecimal digits. */
  readonly fingerprint?: string;
  /** Whether the system's certificate authorities say who the server is, today and later; its certificate may then change. */
  readonly ca?: boolean;
  /**
   * Asked about a certificate that nothing speaks for, before anything is sent: neither token, fingerprint nor authority. Without it
   * such a server is refused.
   */
  readonly accept?: (fingerprint: string, url: string) => boolean | Promise<boolean>;
  readonly signal?: AbortSignal;
}

/** Of several addresses of a token most may lead nowhere. */
const tokenAddressTimeoutMs = 5_000;

/** What a server says of itself to somebody that it does not know. */
const Greeting = z.looseObject({
  auth: z.string(),
  api_extensions: z.array(z.string()).default([]),
  environment: z.looseObject({ server: z.string().default("") }).optional(),
});

const CertificatesPost = z.object({
  type: z.literal("client"),
  name: z.string(),
  password: z.string().optional(),
  trust_token: z.string().optional(),
});

/**
 * Makes a server known under a name: takes note of its certificate, and has it take note of this client's, which is made when
 * there is none.
 * @param target "https://host:8443", the same without "https://", or a token that the server gave
 * @returns what was stored, with the server's fingerprint
 * @throws ApiError CONFLICT when the name is taken, FORBIDDEN when one of the two does not trust the other; then nothing is stored
 */
export async function addRemote(name: string, target: string, options: AddRemoteOptions = {}): Promise<Remote> {
  requireFreeName(name);
  const token = isToken(target) ? parseToken(target) : undefined;
  const expected = plainFingerprint(name, options.fingerprint);
  const endpoint =
    token === undefined ? await atAddress(name, target, expected, options) : await atToken(token, options);
  await ensureIdentity();
  const greeting = await met(`Cannot add remote "${name}"`, endpoint, token, options);
  const remote: Remote = {
    name,
    url: endpointText(endpoint),
    ...(endpoint.fingerprint === undefined ? { ca: true } : { fingerprint: endpoint.fingerprint }),
    protocol: greeting.environment?.server === "incus" ? "incus" : "lxd",
  };
  storeRemote(remote);
  return remote;
}

/**
 * Makes a server trust a client by a token, without a name for it here. A server that trusts the client already needs none, and may have had
 * it: a token is used up by its first use.
 * @param at where to look for the server, when not at the token's own addresses
 * @param identity the client's certificate; that of the config folder, which is made when there is none, when absent
 * @returns where the token's server is, known by its certificate
 * @throws ApiError FORBIDDEN when it does not take the token, UNAVAILABLE when it is nowhere
 */
export async function trustByToken(
  text: string,
  at: HttpsEndpoint | undefined,
  identity: Identity | undefined,
  signal?: AbortSignal,
): Promise<HttpsEndpoint> {
  // One that has expired still says who the server is.
  const token = parseToken(text, new Date(0));
  const addresses = at === undefined ? token.addresses : [endpointText(at).replace("https://", "")];
  const found = await atToken({ ...token, addresses }, { signal });
  const endpoint = { ...found, identity: identity ?? (await ensureIdentity()) };
  await met("Cannot use the token", endpoint, token, { signal });
  return endpoint;
}

/** Introduces this client to a server that does not trust it yet. @param goal the beginning of errors */
async function met(
  goal: string,
  endpoint: HttpsEndpoint,
  token: Token | undefined,
  options: AddRemoteOptions,
): Promise<z.output<typeof Greeting>> {
  const wire = new Wire(endpoint);
  try {
    const before = await greetingOf(wire, options.signal);
    if (before.auth === "trusted") return before;
    await introduce(wire, goal, before.api_extensions, token && parseToken(token.text), options);
    const after = await greetingOf(wire, options.signal);
    if (after.auth !== "trusted")
      throw refusal(goal, wire, "does not trust this client's certificate, though it took it");
    return after;
  } finally {
    await wire.close();
  }
}

function plainFingerprint(name: string, given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const plain = given.replaceAll(":", "").toLowerCase();
  if (/^[0-9a-f]{64}$/.test(plain)) return plain;
  throw badRequest(
    `Cannot add remote "${name}": "${given}" is not a fingerprint. It has the 64 hexadecimal digits of SHA-256 ("lxc info", certificate_fingerprint).`,
  );
}

async function atAddress(
  name: string,
  target: string,
  expected: string | undefined,
  { ca, accept, signal }: AddRemoteOptions,
): Promise<HttpsEndpoint> {
  const endpoint = parseHttps(/^[a-z][a-z0-9+.-]*:\/\//i.test(target) ? target : `https://${target}`);
  const url = endpointText(endpoint);
  const { fingerprint, isTrusted } = await certificateAt(endpoint, signal);
  if (expected !== undefined && expected !== fingerprint)
    throw new ApiError(
      "FORBIDDEN",
      `Cannot add remote "${name}": the certificate of the server at "${url}" has the fingerprint ${fingerprint}, and ${expected} is expected. Nothing was sent to it.`,
      { details: { url, expected, found: fingerprint } },
    );
  if (ca) {
    if (isTrusted) return endpoint;
    throw new ApiError(
      "FORBIDDEN",
      `Cannot add remote "${name}": this system's certificate authorities do not know the certificate of the server at "${url}". Add it by its fingerprint ${fingerprint}.`,
      { details: { url, found: fingerprint } },
    );
  }
  if (expected === undefined && !(await accept?.(fingerprint, url)))
    throw new ApiError(
      "FORBIDDEN",
      `Cannot add remote "${name}": nobody has accepted the certificate of the server at "${url}", whose fingerprint is ${fingerprint}. Compare it with the server's own word ("lxc info", certificate_fingerprint), and accept it or give it; a token brings it along.`,
      { details: { url, found: fingerprint } },
    );
  return { ...endpoint, fingerprint };
}

async function certificateAt(
  endpoint: HttpsEndpoint,
  signal: AbortSignal | undefined,
  timeoutMs?: number,
): Promise<ServerCertificate> {
  try {
    return await serverCertificate(endpoint, { signal, timeoutMs });
  } catch (error) {
    throw signal?.aborted ? signal.reason : connectionError(endpoint, "the TLS handshake", error);
  }
}

/** The first of a token's addresses at which the token's server answers: others may be of networks that this host has too. */
async function atToken({ addresses, fingerprint }: Token, { signal }: AddRemoteOptions): Promise<HttpsEndpoint> {
  const failures: string[] = [];
  for (const address of addresses)
    try {
      const endpoint = { ...parseHttps(`https://${address}`), fingerprint };
      const found = await certificateAt(endpoint, signal, tokenAddressTimeoutMs);
      if (found.fingerprint === fingerprint) return endpoint;
      failures.push(`the server at "${endpointText(endpoint)}" has the fingerprint ${found.fingerprint}`);
    } catch (error) {
      signal?.throwIfAborted();
      failures.push((error as Error).message.replace(/\.$/, ""));
    }
  throw new ApiError(
    "UNAVAILABLE",
    `Cannot use the token: none of its addresses leads to its server, whose fingerprint is ${fingerprint}: ${failures.join("; ")}. Add the remote by an address that leads there.`,
    { details: { expected: fingerprint, addresses } },
  );
}

async function greetingOf(wire: Wire, signal: AbortSignal | undefined): Promise<z.output<typeof Greeting>> {
  return wire.get("/1.0", Greeting, { signal });
}

/** LXD 5.0 wants a token where passwords go, until this extension. Incus reads the token's own field alone, and has no word for that. */
const readsPasswords = (extensions: readonly string[]): boolean => !extensions.includes("explicit_trust_token");

/** Has the server take note of this client. */
async function introduce(
  wire: Wire,
  goal: string,
  extensions: readonly string[],
  token: Token | undefined,
  { password, signal }: AddRemoteOptions,
): Promise<void> {
  const proof = token?.text ?? password;
  if (proof === undefined)
    throw refusal(
      goal,
      wire,
      `does not know this client yet, and neither a token nor a password was given. Ask for a token there ("lxc config trust add", "incus config trust add NAME") and add the remote by it, or have "${identityFiles().certificateFile}" trusted there`,
    );
  // The certificate is that of the connection. With a token the server has the name already.
  const post =
    token === undefined
      ? { type: "client" as const, name: hostname(), password: proof }
      : {
          type: "client" as const,
          name: "",
          trust_token: proof,
          ...(readsPasswords(extensions) ? { password: proof } : {}),
        };
  try {
    await wire.write("POST", "/1.0/certificates", { body: body(CertificatesPost, post), signal });
  } catch (error) {
    if (!ApiError.is(error) || error.status !== 403) throw error;
    const what = token === undefined ? "password" : "token";
    throw refusal(
      goal,
      wire,
      `does not take the ${what} (${error.message.split(".")[0]}). Ask for a new token there`,
      error,
    );
  }
}

const refusal = (goal: string, wire: Wire, cause: string, error?: unknown): ApiError =>
  new ApiError("FORBIDDEN", `${goal}: the server at "${endpointText(wire.endpoint)}" ${cause}.`, {
    cause: error,
  });
