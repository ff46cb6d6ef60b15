/** Proxies: processes that carry connections into a container or out of it, and outlive the daemon (docs/native-protocol.md). */
import { rmSync } from "node:fs";
import { internal } from "../../../sdk/api/errors";
import { CellConnection } from "./connection";

/** A proxy that ends waits up to some seconds for a file system of its guest's that does not answer. */
const longestEndMs = 30_000;

/** Connects to a proxy's control socket. @returns nothing when no proxy listens there any more */
async function reach(control: string, signal: AbortSignal): Promise<CellConnection | undefined> {
  try {
    return await CellConnection.openAt(control, signal);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // It was killed: what is left is no socket of anybody's.
    if (code === "ECONNREFUSED") rmSync(control, { force: true });
    if (["ECONNREFUSED", "ENOENT", "ENOTDIR"].includes(code ?? "")) return undefined;
    throw error;
  }
}

/** Says a word on a proxy's connection and reads until one of its answers, or its end, comes. @returns whether the answer came */
async function heard(connection: CellConnection, word: string, answer: string): Promise<boolean> {
  try {
    if (word !== "") connection.send(`${word}\n`);
    for (let line = await connection.line(); line !== undefined; line = await connection.line())
      if (line[answer] !== undefined) return true;
  } catch (error) {
    // One that ends meanwhile takes its connections along.
    if (!["ECONNRESET", "EPIPE"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    connection.close();
  }
  return false;
}

async function patiently<T>(control: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(longestEndMs);
  try {
    return await work(signal);
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw internal(`Cannot reach the proxy of "${control}": it does not answer. End its process.`, { cause });
  }
}

/** See Native.endProxy. */
export function endProxy(control: string): Promise<void> {
  return patiently(control, async (signal) => {
    // One that is ending already closes without an answer, its socket's file last.
    for (let isOver = false; !isOver; ) {
      const connection = await reach(control, signal);
      isOver = connection === undefined || (await heard(connection, "end", "ended"));
    }
  });
}

/** See Native.hasProxy. */
export function hasProxy(control: string): Promise<boolean> {
  return patiently(control, async (signal) => {
    const connection = await reach(control, signal);
    return connection !== undefined && (await heard(connection, "", "proxying"));
  });
}
