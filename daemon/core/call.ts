/** Call: who asks for something, and where. Made once, where a request or an upgrade comes in; the daemon's own work has one too. */
import type { Actor } from "../platform/events";

/** Who did it, as lifecycle events tell. */
export type { Actor } from "../platform/events";

export interface Call {
  /** Absent: the daemon itself, as when a snapshot expires. */
  readonly actor: Actor | undefined;
  readonly project: string;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

export const defaultProject = "default";

/** What the daemon does by itself: nobody asked, and nobody goes away. */
export const ownCall = (project = defaultProject): Call => ({
  actor: undefined,
  project,
  signal: new AbortController().signal,
});
