/** Trace: which request and which operation work is done for, so that log lines can be told apart that come at the same time. */
import { AsyncLocalStorage } from "node:async_hooks";

export interface Trace {
  /** Id of a request, for the log alone. */
  readonly request?: string;
  /** Id of an operation, as its URL has it. */
  readonly operation?: string;
}

const storage = new AsyncLocalStorage<Trace>();
const none: Trace = {};

/** What goes on now is done for. */
export const currentTrace = (): Trace => storage.getStore() ?? none;

/** Runs work, and whatever it begins, for a request or an operation; an operation stays that of its request. */
export const traced = <T>(trace: Trace, work: () => T): T => storage.run({ ...currentTrace(), ...trace }, work);
