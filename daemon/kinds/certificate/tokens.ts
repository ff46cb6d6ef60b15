/** Tokens: single use, each an operation of class token for as long as it counts. They live in memory alone, so a restart ends them, as in LXD. */
import { type CertificatesPost, CertificateToken } from "../../../sdk/api/certificate";
import { badRequest } from "../../../sdk/api/errors";
import { notAuthorized } from "../../core/access";
import type { Call } from "../../core/call";
import type { RunningOperation } from "../../platform/operations";
import { isSameSecret, makeSecret } from "../../platform/secret";
import { timerMs, timeText } from "../../platform/time";
import type { CertificateHome } from "./home";

export interface Token {
  readonly secret: string;
  /** What whoever comes with it becomes. */
  readonly request: Pick<CertificatesPost, "name" | "type" | "description" | "restricted" | "projects">;
  readonly expiresAt: number;
  readonly operation: RunningOperation;
}

/** A token is some hundred bytes of JSON in base64. */
const mostBytes = 16 * 1024;

export class Tokens {
  readonly #pending = new Set<Token>();

  constructor(private readonly home: CertificateHome) {}

  /** Makes a token. @throws ApiError BAD_REQUEST while nobody could use it */
  issue(call: Call, { name, type, description, restricted, projects }: CertificatesPost): RunningOperation {
    const addresses = this.home.server.addresses();
    const fingerprint = this.home.certificate.known()?.fingerprint;
    if (addresses.length === 0 || fingerprint === undefined)
      throw badRequest("Can't issue token when server isn't listening on network. Set core.https_address first.");
    const secret = makeSecret();
    const request = { name, type, description, restricted, projects };
    const expiry = this.home.server.tokenExpiry();
    const operation = this.home.changes.start(call, {
      of: [],
      unlocked: true,
      operation: {
        description: "Executing operation",
        class: "token",
        isOfServer: true,
        mayCancel: true,
        metadata: {
          secret,
          fingerprint,
          addresses,
          request: { ...request, certificate: "", password: "", token: true },
          ...(expiry === undefined ? {} : { expiresAt: timeText(expiry.getTime()) }),
        },
      },
      work: ({ signal }) =>
        new Promise<never>((_, reject) => {
          const end = () => reject(signal.reason as Error);
          if (signal.aborted) end();
          else signal.addEventListener("abort", end);
        }),
    });
    const token = { secret, request, operation, expiresAt: expiry?.getTime() ?? Number.POSITIVE_INFINITY };
    this.#pending.add(token);
    operation.signal.addEventListener("abort", () => this.#pending.delete(token));
    if (expiry !== undefined) this.#expire(token);
    return operation;
  }

  /** Timers count less far than calendars. */
  #expire(token: Token): void {
    const left = token.expiresAt - Date.now();
    if (left > 0) setTimeout(() => this.#expire(token), timerMs(Math.ceil(left / 1000))).unref();
    else if (this.#pending.delete(token)) token.operation.cancel();
  }

  /** The token that a client's text stands for, if there is one that counts. */
  find(text: string): Token | undefined {
    const secret = secretOf(text);
    if (secret === undefined) return undefined;
    const isIt = (token: Token) => isSameSecret(token.secret, secret) && token.expiresAt > Date.now();
    return [...this.#pending].find(isIt);
  }

  /** Uses a token up. @throws ApiError FORBIDDEN when somebody else was faster */
  use(token: Token): void {
    if (!this.#pending.delete(token)) throw notAuthorized();
    token.operation.cancel();
  }
}

function secretOf(text: string): string | undefined {
  if (text.length > mostBytes) return undefined;
  try {
    return CertificateToken.parse(JSON.parse(Buffer.from(text, "base64").toString("utf8"))).secret;
  } catch {
    // No token: it may be a password.
    return undefined;
  }
}
