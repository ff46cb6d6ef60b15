/** Call: who asks for something, and where. Made once, where a request or an upgrade comes in; the daemon's own work has one too. */
import type { X509Certificate } from "node:crypto";
import type { Actor } from "../platform/events";

/** Who did it, as lifecycle events tell. */
export type { Actor } from "../platform/events";

/** What somebody may: everything ("server"), what everybody may ("nothing"), or what is in some projects. */
export type Rights = "server" | "nothing" | ReadonlySet<string>;

/** A connection over TLS on which a client showed its certificate, and with it that it has the key. */
export interface Shown {
  readonly connection: object;
  /** SHA-256 of the certificate, in 64 hexadecimal digits. */
  readonly fingerprint: string;
  readonly certificate: X509Certificate;
}

export interface Caller extends Actor {
  readonly rights: Rights;
  /** What a client for metrics may read of those, and nothing else. */
  readonly metrics?: Rights;
  /** Absent on the unix socket, and when the client showed none. */
  readonly shown?: Shown;
}

export interface Call {
  /** Absent: the daemon itself, as when a snapshot expires. */
  readonly actor: Caller | undefined;
  readonly project: string;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Only what would be refused is asked (daemon/http/dry-run.ts): what makes something runs its checks, and ends before its first effect. */
  readonly isDryRun?: boolean;
}

export const defaultProject = "default";

/** What the daemon does by itself: nobody asked, and nobody goes away. */
export const ownCall = (project = defaultProject): Call => ({
  actor: undefined,
  project,
  signal: new AbortController().signal,
});
