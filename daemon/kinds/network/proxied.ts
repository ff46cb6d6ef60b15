/** Proxied addresses: those for which the host answers on one of its interfaces (proxy ARP and proxy NDP, ip-neighbour(8)). */
import { run } from "../../platform/processes/run";

/** What to do, as lines of `ip -batch`. @throws ApiError INTERNAL */
export async function batch(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await run("ip", ["-batch", "-"], { input: lines.map((line) => `${line}\n`).join("") });
}

/** The same, where what is gone already is no error. */
export async function batchLoosely(lines: readonly string[]): Promise<void> {
  if (lines.length > 0)
    await run("ip", ["-force", "-batch", "-"], { input: lines.map((line) => `${line}\n`).join(""), accept: [0, 1, 2] });
}

export const answerFor = (address: string, device: string): string => `neigh replace proxy ${address} dev ${device}`;
export const answerNoMore = (address: string, device: string): string => `neigh del proxy ${address} dev ${device}`;
