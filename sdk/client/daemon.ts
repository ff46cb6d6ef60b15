/** Daemon: starting the bundled bothyd when a program or a command needs it and nobody listens. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, watch } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, unavailable } from "../api/errors";
import { bothydProgram } from "../host/package";
import { daemonUnit, isService } from "../host/service";
import { connectionError, isNobodyListening } from "./connection-error";
import { openSocket } from "./socket";

/** A first start makes a pool and a bridge, which takes a moment. */
const startTimeoutMs = 60_000;
const startingPauseMs = 20;

const byHand = (socketPath: string) => `Start it by hand: npx bothyd --dir ${path.dirname(socketPath)}`;

/**
 * Starts bothyd as a process of its own, which outlives this one, and waits until it answers.
 * @param answers asks the daemon something; rejects with UNAVAILABLE while nobody listens
 * @throws ApiError UNAVAILABLE with the end of the daemon's output, and how to start it by hand
 */
export async function startDaemon(socketPath: string, answers: () => Promise<unknown>): Promise<void> {
  const folder = path.dirname(socketPath);
  if (path.basename(socketPath) !== "unix.socket" || !existsSync(bothydProgram))
    throw unavailable(`Cannot reach the daemon at "${socketPath}": nobody listens there. Start one with bothyd.`);
  let output: number;
  const logFile = path.join(folder, "bothyd.out");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    output = openSync(logFile, "w", 0o600);
  } catch (error) {
    throw unavailable(
      `Cannot start the daemon: ${error instanceof Error ? error.message : error}. Set BOTHY_DIR to a folder that you may write to, or name a daemon by bothy:endpoint.`,
    );
  }
  // One that is a service is started as such: another would keep its unit from the state folder.
  const [command = "", ...args] = isService(folder)
    ? ["systemctl", "start", daemonUnit]
    : [bothydProgram, "--dir", folder];
  const child = spawn(command, args, {
    cwd: "/",
    detached: true,
    stdio: ["ignore", output, output],
  });
  closeSync(output);
  child.unref();
  const changes = new AbortController();
  const exit = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(`it ended with ${signal ?? `exit code ${code}`}`));
  });
  // Also settles when the wait is over: a rejection that nobody awaits would be printed in the middle of an update.
  const over = sleep(startTimeoutMs, undefined, { signal: changes.signal, ref: false }).then(
    () => "it did not answer within a minute",
    () => "the wait is over",
  );
  const ended = Promise.race([exit, over]);
  try {
    let isOver: string | undefined;
    void ended.then((reason) => {
      isOver = reason;
    });
    for (;;) {
      const appeared = nextAppearance(socketPath);
      try {
        const state = await stateOf(answers);
        if (state === "answers") return;
        if (isOver !== undefined)
          throw unavailable(`Cannot start the daemon: ${isOver}. ${tail(logFile)}${byHand(socketPath)}`);
        await Promise.race([state === "starts" ? sleep(startingPauseMs) : appeared.promise, ended]);
      } finally {
        appeared.stop();
      }
    }
  } finally {
    changes.abort();
  }
}

/** Whoever names a daemon runs it; only the local one is ever started. @returns whether nothing names one, in the environment either */
export const isLocalDefault = (named: string | undefined, env: NodeJS.ProcessEnv = process.env): boolean =>
  !named && !env.BOTHY_ENDPOINT;

/**
 * Starts the daemon of a local socket unless somebody listens there, which a connection tells: a request would cost each command
 * some milliseconds.
 * @param getServer asks the daemon what it is, until it answers
 * @throws ApiError UNAVAILABLE that says how to start the daemon by hand
 */
export async function ensureDaemon(
  socketPath: string,
  getServer: () => Promise<unknown>,
  log: (message: string) => void,
): Promise<void> {
  const endpoint = { kind: "unix", socketPath } as const;
  try {
    (await openSocket(endpoint)).destroy();
  } catch (failure) {
    const error = connectionError(endpoint, "GET /1.0", failure);
    if (!isNobodyListening(error)) throw error;
    log("Nobody listens at the local socket: starting bothyd.");
    await startDaemon(socketPath, getServer);
  }
}

/** Resolves when the socket appears. One that was just bound listens a moment later. */
function nextAppearance(socketPath: string): { promise: Promise<void>; stop: () => void } {
  const watcher = watch(path.dirname(socketPath));
  const promise = new Promise<void>((resolve) => {
    watcher.on("change", (_, name) => {
      if (name === path.basename(socketPath)) setTimeout(resolve, startingPauseMs);
    });
    watcher.once("error", () => setTimeout(resolve, startingPauseMs));
  });
  return { promise, stop: () => watcher.close() };
}

/** A daemon that listens and is not ready yet answers UNAVAILABLE too. */
async function stateOf(answers: () => Promise<unknown>): Promise<"answers" | "starts" | "silent"> {
  try {
    await answers();
    return "answers";
  } catch (error) {
    if (isNobodyListening(error)) return "silent";
    if (ApiError.is(error) && error.code === "UNAVAILABLE") return "starts";
    throw error;
  }
}

function tail(file: string): string {
  const text = readFileSync(file, "utf8").trim();
  return text === "" ? "" : `Its last words: ${text.split("\n").slice(-5).join(" | ")}. `;
}
