/** Host switch: a setting of the whole host that a test turns, which others in processes beside it want as well. */
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Whoever has it does not take longer. */
const patienceMs = 120_000;

/** Sets a switch for the time of the work, while nobody else does, and sets it back. @param file below /proc/sys */
export async function withHostSwitch<T>(file: string, value: string, work: () => Promise<T>): Promise<T> {
  await using _turn = await turnOf(file);
  const before = readFileSync(file);
  writeFileSync(file, value);
  try {
    return await work();
  } finally {
    writeFileSync(file, before);
  }
}

/** A name of the kernel's that one process has at a time, and that is free as soon as that ends (unix(7), abstract). */
async function turnOf(file: string): Promise<AsyncDisposable> {
  for (const deadline = Date.now() + patienceMs; ; await delay(50)) {
    const server = createServer();
    server.listen(`\0bothy-test ${file}`);
    try {
      await once(server, "listening");
      return { [Symbol.asyncDispose]: async () => void (await once(server.close(), "close")) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE" || Date.now() > deadline) throw error;
    }
  }
}

/** Has the rules of every network namespace log, not those of the host alone (net/netfilter/nf_log.c). */
export const withLogOfAll = <T>(work: () => Promise<T>): Promise<T> =>
  withHostSwitch("/proc/sys/net/netfilter/nf_log_all_netns", "1", work);
