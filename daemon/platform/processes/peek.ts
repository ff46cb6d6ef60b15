/**
 * Peek: reads files of /proc that wait for a guest. mem is its memory, which can lie in a file system that the guest serves itself and never answers (fuse);
 * cmdline gives no such pages (since Linux 4.17), but waits for a lock on that memory, and syscall for an exec that is under way. Whoever reads hangs for as
 * long as the guest likes, and no thread of the daemon may. So a program of its own reads, and is left behind when it does not come back in time.
 */
import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";

/** What the kernel has at hand takes microseconds; the rest is for a busy host. */
const patienceMs = 2000;

/** Programs that did not come back, by the process that they look at: it is not looked at again meanwhile. */
const hanging = new Set<number>();

/**
 * Reads a file of a process, by its first bytes or from an address.
 * @param at where in it, as bytes @returns nothing where it cannot be read, or not in time
 */
export async function peek(
  pid: number,
  file: "cmdline" | "mem" | "syscall",
  { bytes, at = 0n }: { readonly bytes: number; readonly at?: bigint },
): Promise<Buffer | undefined> {
  if (hanging.has(pid)) return undefined;
  const words = [`if=/proc/${pid}/${file}`, `bs=${bytes}`, "count=1", "status=none"];
  const where = at === 0n ? [] : [`skip=${at}`, "iflag=skip_bytes"];
  const child = spawn("dd", [...words, ...where], { stdio: ["ignore", "pipe", "ignore"] });
  const pieces: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
  const read = new Promise<Buffer | undefined>((resolve) => {
    child.once("error", () => resolve(undefined));
    child.once("close", (code) => resolve(code === 0 ? Buffer.concat(pieces) : undefined));
  });
  const patience = new AbortController();
  const late = delay(patienceMs, "late" as const, { signal: patience.signal, ref: false }).catch(() => undefined);
  const found = await Promise.race([read, late]);
  patience.abort();
  if (found !== "late") return found;
  hanging.add(pid);
  void read.finally(() => hanging.delete(pid));
  child.kill("SIGKILL");
  // A read that no signal ends must not keep the daemon from its own end.
  child.unref();
  return undefined;
}
