/** Web: requests to servers elsewhere, by undici. Whom to trust, which proxy to take, how far to follow and how long to wait is decided here. */
import { open } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { PeerCertificate } from "node:tls";
import type { Dispatcher } from "undici";
import type { Config } from "../../../../sdk/api/common";
import { ApiError, badRequest, unavailable } from "../../../../sdk/api/errors";
import { packageVersion } from "../../../../sdk/host/package";
import { isNoSpace } from "../../../platform/folders/files";
import { proxyFor } from "./proxies";

const connectMs = 15_000;
const answerMs = 30_000;
/** How long a server may say nothing in the middle of an answer. */
const silenceMs = 60_000;
/** How long a whole list may take, however steadily it trickles: whoever waits for it, as the upkeep of all images, would wait for years. */
const listMs = 5 * 60_000;
const mostRedirects = 5;
/** Of what a server says of its refusal. */
const mostSaid = 64 * 1024;

export interface WebRequest {
  readonly method?: "GET" | "HEAD" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable | string;
  readonly signal: AbortSignal;
  /** How long the answer may be waited for; for ever when 0. */
  readonly answerMs?: number;
}

export interface WebAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readable;
}

export class Web implements AsyncDisposable {
  /** By proxy; one that cannot be made fails the requests that wait for it. */
  readonly #dispatchers = new Map<string, Promise<Dispatcher>>();

  /**
   * @param config of the server, which says what the proxies are
   * @param certificate PEM that the other server must have; else this system's certificate authorities say who it is
   */
  constructor(
    private readonly config: Config,
    private readonly certificate = "",
    private readonly bounds: { readonly listMs: number } = { listMs },
  ) {}

  async [Symbol.asyncDispose](): Promise<void> {
    const made = await Promise.allSettled(this.#dispatchers.values());
    await Promise.all(made.map((one) => (one.status === "fulfilled" ? one.value.destroy() : undefined)));
  }

  /**
   * Sends a request and follows redirects of a GET or HEAD.
   * @returns the answer, whatever its status; who does not read the body has to destroy it
   * @throws ApiError UNAVAILABLE when there is no answer, BAD_REQUEST for an address that is none, FORBIDDEN for a certificate that is not trusted
   */
  async send(address: string, request: WebRequest): Promise<WebAnswer> {
    let url = parsed(address);
    for (let redirects = 0; ; redirects += 1) {
      const answer = await this.#once(url, request);
      const { location } = answer.headers;
      const isRedirect = [301, 302, 303, 307, 308].includes(answer.status) && typeof location === "string";
      if (!isRedirect || request.method === "POST") return answer;
      answer.body.on("error", () => undefined).destroy();
      if (redirects === mostRedirects)
        throw unavailable(`Cannot fetch "${withoutQuery(address)}": it redirects too often.`);
      const next = parsed(URL.parse(location, url.href)?.href ?? location);
      if (url.protocol === "https:" && next.protocol !== "https:")
        throw unavailable(
          `Cannot fetch "${withoutQuery(address)}": it redirects to "${next.origin}", which is not HTTPS.`,
        );
      url = next;
    }
  }

  async #once(
    url: URL,
    { method = "GET", headers = {}, body, signal, answerMs: ownMs }: WebRequest,
  ): Promise<WebAnswer> {
    signal.throwIfAborted();
    try {
      const dispatcher = await this.#dispatcher(proxyFor(url, this.config));
      const { statusCode, ...answer } = await dispatcher.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { "user-agent": `Bothy/${packageVersion()}`, "accept-encoding": "identity", ...headers },
        body,
        signal,
        ...(ownMs === undefined ? {} : { headersTimeout: ownMs }),
      });
      return { status: statusCode, headers: answer.headers, body: answer.body };
    } catch (error) {
      throw signal.aborted ? signal.reason : webError(url, error);
    }
  }

  #dispatcher(proxy: string | undefined): Promise<Dispatcher> {
    const known = this.#dispatchers.get(proxy ?? "");
    if (known !== undefined) return known;
    const made = this.#made(proxy);
    this.#dispatchers.set(proxy ?? "", made);
    return made;
  }

  async #made(proxy: string | undefined): Promise<Dispatcher> {
    // Not before: it takes 50 ms to load, and most starts of the daemon need nothing of it.
    const { Agent, ProxyAgent } = await import("undici");
    const times = { headersTimeout: answerMs, bodyTimeout: silenceMs, allowH2: false };
    const tls = { ...(await trusting(this.certificate)), minVersion: "TLSv1.2" as const, timeout: connectMs };
    return proxy === undefined
      ? new Agent({ ...times, connect: tls })
      : new ProxyAgent({ ...times, uri: proxy, requestTls: tls, connect: { timeout: connectMs } });
  }

  /**
   * The JSON that an address gives. It is parsed at once, so that it is to be short.
   * @param most bytes that are read of it
   * @throws ApiError NOT_FOUND for 404, UNAVAILABLE for any other failure, BAD_REQUEST for what is no JSON or too long
   */
  async json(address: string, most: number, signal: AbortSignal): Promise<unknown> {
    const chunks: Buffer[] = [];
    await this.#list(address, most, signal, async (chunk) => {
      chunks.push(chunk);
    });
    try {
      return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
    } catch (error) {
      throw badRequest(`Cannot read "${withoutQuery(address)}": it is no JSON.`, { cause: error });
    }
  }

  /** Writes what an address gives into a new file. @param most bytes @throws ApiError as json(), but for what is in it */
  async save(address: string, file: string, most: number, signal: AbortSignal): Promise<void> {
    await using handle = await open(file, "wx", 0o600);
    await this.#list(address, most, signal, async (chunk) => {
      await handle.appendFile(chunk);
    });
  }

  /** Reads a whole answer, within the time for a list. @param take gets it piece by piece */
  async #list(
    address: string,
    most: number,
    signal: AbortSignal,
    take: (chunk: Buffer) => Promise<void>,
  ): Promise<void> {
    const inTime = AbortSignal.timeout(this.bounds.listMs);
    try {
      await this.#readList(address, most, AbortSignal.any([signal, inTime]), take);
    } catch (error) {
      if (!inTime.aborted || signal.aborted) throw error;
      const seconds = this.bounds.listMs / 1000;
      const message = `Cannot read "${withoutQuery(address)}": it did not come within ${seconds} seconds. Try again.`;
      throw unavailable(message, { cause: error });
    }
  }

  async #readList(
    address: string,
    most: number,
    signal: AbortSignal,
    take: (chunk: Buffer) => Promise<void>,
  ): Promise<void> {
    const { status, body } = await this.send(address, { signal });
    let bytes = 0;
    let said = "";
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > most) throw badRequest(`Cannot read "${withoutQuery(address)}": it is longer than ${most} bytes.`);
        if (status === 200) await take(chunk);
        else if (said.length < mostSaid) said += chunk.toString("utf8");
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : webError(parsed(address), error);
    }
    if (status !== 200) throw refusedBy(address, status, said);
  }
}

/** What a server answered in place of what was wanted, with its own words where it is an LXD. */
export function refusedBy(address: string, status: number, text = ""): ApiError {
  const said = /"error"\s*:\s*"((?:[^"\\]|\\.){1,300})"/.exec(text)?.[1];
  const place = withoutQuery(address);
  const message = `Cannot fetch "${place}": the server answers ${status}${said === undefined ? "" : ` (${said})`}.`;
  return new ApiError(status === 404 ? "NOT_FOUND" : "UNAVAILABLE", message);
}

/** A query may hold a secret. */
const withoutQuery = (address: string): string => address.replace(/\?.*/s, "");

function parsed(address: string): URL {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === "")
    throw badRequest(
      `Invalid address ${JSON.stringify(withoutQuery(address))}: it must begin with https:// and name a server.`,
    );
  if (url.username !== "" || url.password !== "")
    throw badRequest(`Invalid address "${url.origin}": it must not have a user. Leave the user out.`);
  return url;
}

/** What TLS takes as the server's certificate: the one that is given and no other, whatever its names, or what the system's authorities say. */
async function trusting(certificate: string) {
  if (certificate === "") {
    const { getCACertificates } = await import("node:tls");
    return { ca: [...getCACertificates("default"), ...getCACertificates("system")] };
  }
  const wanted = requirePem(certificate);
  const checkServerIdentity = (_host: string, { raw }: PeerCertificate): Error | undefined =>
    raw.equals(wanted.der) ? undefined : Object.assign(new Error("Another certificate."), { code: "ERR_BOTHY_PINNED" });
  return { ca: [wanted.pem], allowPartialTrustChain: true, checkServerIdentity };
}

function requirePem(certificate: string): { pem: string; der: Buffer } {
  const [pem, base64] =
    /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/.exec(certificate) ?? [];
  if (pem === undefined || base64 === undefined)
    throw badRequest('Invalid "certificate" of the source: it must be a certificate in PEM.');
  return { pem, der: Buffer.from(base64, "base64") };
}

/** Errors of TLS that say whose certificate it is not. */
const distrusted =
  /^(ERR_TLS_|ERR_BOTHY_PINNED|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_SSL_|INVALID_PURPOSE|HOSTNAME_)/;

const causes: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there",
  EHOSTUNREACH: "no way leads to the host",
  ENETUNREACH: "no way leads to the host's network",
  ENOTFOUND: "nobody knows the name of the host",
  EAI_AGAIN: "the name of the host cannot be looked up now",
  ECONNRESET: "the connection was closed",
  UND_ERR_SOCKET: "the connection was closed",
  ETIMEDOUT: "there was no answer in time",
  UND_ERR_CONNECT_TIMEOUT: "there was no answer in time",
  UND_ERR_HEADERS_TIMEOUT: "there was no answer in time",
  UND_ERR_BODY_TIMEOUT: "the server stopped sending",
};

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | undefined)?.code ?? "");

/** Turns what a connection throws into words. Files of ours that cannot be written stay what they are. */
export function webError(url: URL, error: unknown): Error {
  if (ApiError.is(error) || (error instanceof Error && isNoSpace(error))) return error;
  const code = codeOf(error);
  const cause = code === "" ? codeOf((error as Error).cause) : code;
  if (distrusted.test(cause))
    return new ApiError(
      "FORBIDDEN",
      `Cannot trust the server at "${url.origin}": ${cause === "ERR_BOTHY_PINNED" ? "its certificate is another one than the source names" : `its certificate is not one that counts here (${cause})`}. Nothing was sent to it. Check the address and the source's "certificate"; a certificate authority of your own has to be one of this system's, or in the file that NODE_EXTRA_CA_CERTS names for the daemon.`,
      { cause: error },
    );
  return unavailable(
    `Cannot reach the server at "${url.origin}": ${causes[cause] ?? (error as Error).message}. Try again.`,
    {
      cause: error,
    },
  );
}

const brokenCodes = /^(ECONNRESET|EPIPE|ETIMEDOUT|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|UND_ERR_(?!ABORTED).*)$/;

/** Whether a connection broke, so that another one may bring the rest. */
export const isBroken = (error: unknown): boolean =>
  brokenCodes.test(codeOf(error)) || brokenCodes.test(codeOf((error as Error | undefined)?.cause));
