/**
 * Living environments: kept alive while this process lives, and taken away when it ends before they are.
 *
 * A signal takes them away before the process ends by it. Any other end of which Node tells, as process.exit() or an error that nobody
 * catches, leaves no time for requests: a process of its own sees to them (expire.ts). Of what Node cannot tell, as SIGKILL, the daemon
 * learns by their time to live.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { type Client, endpointText } from "../sdk";
import { expiryIn } from "./ttl";

export interface Living extends AsyncDisposable {
  /** Its project. */
  readonly project: string;
  /** Of the whole server. */
  readonly server: Client;
  readonly ttlMs: number;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

const all = new Map<Living, NodeJS.Timeout>();

/** Looks after an environment from now on. */
export function keepAlive(one: Living): void {
  if (all.size === 0) watchProcess();
  const beat = () => {
    const config = { "expiry.at": expiryIn(one.ttlMs) };
    // One that fails is followed by others before the time is over; where all fail, the environment is gone and the tests say so.
    one.server.patchProject(one.project, { config }).catch(() => undefined);
  };
  all.set(one, setInterval(beat, one.ttlMs / 4).unref());
}

/** Looks after it no more. */
export function letGo(one: Living): void {
  clearInterval(all.get(one));
  if (all.delete(one) && all.size === 0) unwatchProcess();
}

function watchProcess(): void {
  for (const signal of signals) process.on(signal, onSignal);
  process.on("exit", onExit);
}

function unwatchProcess(): void {
  for (const signal of signals) process.off(signal, onSignal);
  process.off("exit", onExit);
}

let isEnding = false;

function onSignal(signal: NodeJS.Signals): void {
  // Somebody is impatient. The exit handler sees to what is left.
  if (isEnding) process.exit(1);
  isEnding = true;
  void Promise.allSettled([...all.keys()].map((one) => one[Symbol.asyncDispose]())).then(() => {
    isEnding = false;
    // What others do at the signal is theirs; without them the process ends by it, as it would have.
    process.off(signal, onSignal);
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  });
}

function onExit(): void {
  for (const { project, server } of all.keys())
    spawn(process.execPath, [path.join(__dirname, "expire.js"), endpointText(server.endpoint), project], {
      detached: true,
      stdio: "ignore",
    }).unref();
}
