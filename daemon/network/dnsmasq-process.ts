/** The dnsmasq process of a network: it outlives the daemon and is found again by its pid file. */
import { rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { internal } from "../../sdk/api/errors";
import { readText } from "../files";
import { run } from "../run";
import { dnsmasqArguments, pidFileOf, rawFileOf } from "./dnsmasq";
import type { NetworkPlace } from "./driver";
import { commandOf, hasEnded, send, startTimeOf } from "./process";

/** Starts dnsmasq, or leaves a running one alone when it would get the same arguments. @returns whether it was (re)started */
export async function ensureDnsmasq(
  network: NetworkPlace,
  options: { fresh: boolean; beforeStart: () => Promise<void> },
): Promise<boolean> {
  const args = dnsmasqArguments(network, await dnsmasqUser(network));
  const rawText = network.config["raw.dnsmasq"] ?? "";
  const running = await findDnsmasq(network);
  const isSame =
    running !== undefined &&
    !options.fresh &&
    running.args.join("\0") === args.join("\0") &&
    ((await readText(rawFileOf(network))) ?? "") === rawText;
  if (isSame) return false;
  await stopDnsmasq(network);
  // Written only while none runs: what is on disk is what the running one has read.
  if (rawText === "") await rm(rawFileOf(network), { force: true });
  else await writeFile(rawFileOf(network), rawText, { mode: 0o600 });
  await options.beforeStart();
  await run("dnsmasq", args);
  return true;
}

/** Ends dnsmasq and removes its pid file; none running is no error. */
export async function stopDnsmasq(network: NetworkPlace): Promise<void> {
  const running = await findDnsmasq(network);
  if (running !== undefined) {
    const { pid } = running;
    const startTime = startTimeOf(pid);
    send(pid, "SIGTERM");
    if (!(await hasEnded(pid, startTime))) send(pid, "SIGKILL");
    if (!(await hasEnded(pid, startTime)))
      throw internal(`Cannot stop dnsmasq of network "${network.name}": process ${pid} does not end.`);
  }
  await rm(pidFileOf(network), { force: true });
}

/** Makes dnsmasq read its host entries anew, so that removed ones are forgotten. */
export async function reloadDnsmasq(network: NetworkPlace): Promise<void> {
  const running = await findDnsmasq(network);
  if (running !== undefined) send(running.pid, "SIGHUP");
}

export const isDnsmasqRunning = async (network: NetworkPlace): Promise<boolean> =>
  (await findDnsmasq(network)) !== undefined;

async function findDnsmasq(network: NetworkPlace): Promise<{ pid: number; args: string[] } | undefined> {
  const pid = Number(((await readText(pidFileOf(network))) ?? "").trim());
  const args = Number.isInteger(pid) && pid > 1 ? argumentsOf(network, pid) : undefined;
  return args === undefined ? undefined : { pid, args };
}

/** Arguments of the process, if it is this network's dnsmasq: a pid may have gone to somebody else, and a zombie has no arguments. */
function argumentsOf(network: NetworkPlace, pid: number): string[] | undefined {
  const [program = "", ...args] = commandOf(pid);
  return path.basename(program) === "dnsmasq" && args.includes(`--pid-file=${pidFileOf(network)}`) ? args : undefined;
}

/** An account without rights when it can reach the host entries, which dnsmasq reads as long as it runs; else root. */
async function dnsmasqUser(network: NetworkPlace): Promise<string> {
  for (let folder = network.path; ; folder = path.dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0) return "root";
    if (folder === path.dirname(folder)) break;
  }
  const accounts = ((await readText("/etc/passwd")) ?? "").split("\n").map((line) => line.split(":")[0]);
  return ["dnsmasq", "nobody"].find((name) => accounts.includes(name)) ?? "root";
}
