/** Uplink: pasta connects the network of an ordinary user's daemon with the host's. It opens no port of the host: proxies do that, outside (native/verbs/enter.h). */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { findProgram } from "../../sdk/host/program";
import { resolverWithin } from "../../sdk/host/uplink-resolver";
import { send } from "../platform/processes/others";
import type { WarningPort } from "../platform/warning/port";

/** In which the daemon within hears why there is none. */
export const uplinkVariable = "BOTHY_NO_UPLINK";

/** Long enough for a busy machine; it takes some hundredths of a second. */
const longestMs = 20_000;

/** What would let containers reach programs on the host's own loopback, or the host theirs, is off. */
const closed = ["-t", "none", "-u", "none", "-T", "none", "-U", "none", "--no-map-gw"];

const pidFile = (dir: string): string => path.join(dir, "pasta.pid");

function isRunning(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    return pid > 1 && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`\0${file}\0`);
  } catch {
    // There is no file, or no process.
    return false;
  }
}

/** Starts it unless it runs. @param holder of the namespaces @returns why containers are cut off from the world, or nothing */
export function connectNetwork(dir: string, holder: number): string | undefined {
  const file = pidFile(dir);
  if (isRunning(file)) return undefined;
  const pasta = findProgram("pasta");
  if (pasta === undefined) return "the program pasta is not installed (package passt)";
  const words = ["--config-net", "--quiet", ...closed, "--dns-forward", resolverWithin, "--pid", file, String(holder)];
  const { status, stderr, error } = spawnSync(pasta, words, { encoding: "utf8", timeout: longestMs });
  if (status === 0) return undefined;
  return `pasta does not start: ${error?.message ?? stderr.trim().split("\n").at(-1) ?? `exit code ${status}`}`;
}

/** Within: tells of what connectNetwork() came to outside. */
export function noteUplink(warnings: WarningPort, env: NodeJS.ProcessEnv): void {
  const why = env[uplinkVariable];
  if (why !== undefined) warnings.record("uplink", { message: `Containers reach nothing beyond this host: ${why}` });
}

/** Ends it, from within: it may outlive the namespaces. */
export function disconnectNetwork(dir: string): void {
  const file = pidFile(dir);
  if (isRunning(file)) send(Number(readFileSync(file, "utf8")), "SIGTERM");
  rmSync(file, { force: true });
}
