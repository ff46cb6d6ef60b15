/**
 * Launcher: who starts small programs of the host in the daemon's place. A fork of the daemon copies the page tables of all its memory, and Node stands
 * still until the new process has had its turn; the resident spawner forks in a quarter of a millisecond, and nobody waits (docs/kernel.md, Spawning).
 */
import { findProgram } from "../../../sdk/host/program";

export interface Launched {
  /** Exit code, or nothing when a signal ended it. */
  readonly code: number | undefined;
  readonly signal: number | undefined;
  readonly stdout: Buffer;
  /** The last part of it. */
  readonly stderr: string;
}

/** Runs a program to its end. @param command its absolute path and arguments @param input what it reads */
export type Launch = (command: readonly string[], input: string | undefined) => Promise<Launched>;

/** Those that ask the kernel for something and end: they need neither environment nor working folder, nor more than their quota. */
const launched = new Set(["dnsmasq", "ip", "nft", "tc"]);

/** Of input and arguments together, in characters: what fits into a request whatever they are (native/wire/protocol.h, REQUEST_SIZE_MAX). */
const longest = 256 * 1024;

let current: Launch | undefined;
const paths = new Map<string, string>();

/** Says who starts them from now on; nobody when absent. */
export const launchBy = (launch: Launch | undefined): void => {
  current = launch;
};

/** @returns how such a program is run by somebody else, or nothing where the daemon has to do it */
export function launcherOf(
  command: string,
  args: readonly string[],
  { input, isSmall = launched.has(command) }: { input?: string | undefined; isSmall?: boolean | undefined },
): (() => Promise<Launched>) | undefined {
  const launch = current;
  if (launch === undefined || !isSmall) return undefined;
  const length = [...args, input ?? ""].reduce((sum, word) => sum + word.length, 0);
  if (length > longest || input?.includes("\0")) return undefined;
  const program = paths.get(command) ?? findProgram(command);
  if (program === undefined) return undefined;
  paths.set(command, program);
  return () => launch([program, ...args], input);
}
