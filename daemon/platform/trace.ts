/** Trace: which request and which operation work is done for, so that log lines can be told apart that come at the same time, and for which client. */
import { AsyncLocalStorage } from "node:async_hooks";

export interface Trace {
  /** Id of a request, for the log alone. */
  readonly request?: string;
  /** Id of an operation, as its URL has it. */
  readonly operation?: string;
}

/** Somebody who asks, by what tells clients apart: a certificate, or a user of the unix socket. */
export interface Client {
  readonly key: string;
  /** Whether it has less than the whole server: then it gets a part of what there is, and the others are never without. */
  readonly isRestricted: boolean;
}

interface Store {
  readonly trace: Trace;
  readonly client?: Client | undefined;
}

const storage = new AsyncLocalStorage<Store>();
const none: Trace = {};

/** What goes on now is done for. */
export const currentTrace = (): Trace => storage.getStore()?.trace ?? none;

/** Whom that is done for; nobody where the daemon does it by itself. */
export const currentClient = (): Client | undefined => storage.getStore()?.client;

/** Runs work, and whatever it begins, for a request or an operation; an operation stays that of its request, and of its client. */
export const traced = <T>(trace: Trace, work: () => T, client = currentClient()): T =>
  storage.run({ trace: { ...currentTrace(), ...trace }, client }, work);
