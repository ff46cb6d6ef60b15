/** The dnsmasq process of a network: it outlives the daemon and is found again by its pid file. */

import { open, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { networkConfig } from "../../../sdk/api/config/network";
import { internal } from "../../../sdk/api/errors";
import { ownFile } from "../../platform/folders/aside";
import { readText, setOwner } from "../../platform/folders/files";
import type { Log } from "../../platform/log";
import { commandOf, hasEnded, send, startTimeOf } from "../../platform/processes/others";
import { run } from "../../platform/processes/run";
import { isIsolated } from "./config";
import { dnsmasqArguments, rawFileOf } from "./dnsmasq";
import { dnsmasqAccount } from "./dnsmasq-account";
import { pidFileOf } from "./dnsmasq-pid";
import type { NetworkPlace } from "./driver";
import { noteAllTags } from "./host-tags";
import { hostsDirOf } from "./hosts";
import { withEnoughInotify } from "./inotify-limit";
import { startInside } from "./isolated";
import { leasesFileOf } from "./leases";
import { namesDirOf } from "./names";
import { resolverArguments } from "./resolvers";

/** Starts dnsmasq, or leaves a running one alone when it would get the same arguments. @returns whether it was (re)started */
export async function ensureDnsmasq(
  network: NetworkPlace,
  options: { log: Log; fresh: boolean; beforeStart: () => Promise<void> },
): Promise<boolean> {
  const account = await dnsmasqAccount(network);
  for (const file of [leasesFileOf(network), pidFileOf(network), rawFileOf(network)]) ownFile(options.log, file);
  await giveFiles(network, account.gid);
  const args = [...dnsmasqArguments(network, account), ...(await resolverArguments())];
  const rawText = networkConfig(network.config).get("raw.dnsmasq") ?? "";
  const running = await findDnsmasq(network);
  const isSame =
    running !== undefined &&
    !options.fresh &&
    running.args.join("\0") === args.join("\0") &&
    ((await readText(rawFileOf(network))) ?? "") === rawText;
  if (!isSame) await stopDnsmasq(network);
  await noteAllTags(network, hostsDirOf(network), !isSame);
  if (isSame) return false;
  // Written only while none runs: what is on disk is what the running one has read.
  if (rawText === "") await rm(rawFileOf(network), { force: true });
  else await writeFile(rawFileOf(network), rawText, { mode: 0o600 });
  await options.beforeStart();
  await withEnoughInotify(options.log, () =>
    isIsolated(network.config) ? startInside(network, args) : run("dnsmasq", args),
  );
  return true;
}

/** Ends dnsmasq and removes its pid file; none running is not an error. */
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

/** The process and what it was started with, or nothing when none runs. */
export async function findDnsmasq(network: NetworkPlace): Promise<{ pid: number; args: string[] } | undefined> {
  const pid = Number(((await readText(pidFileOf(network))) ?? "").trim());
  const args = Number.isInteger(pid) && pid > 1 ? argumentsOf(network, pid) : undefined;
  return args === undefined ? undefined : { pid, args };
}

/** Arguments of the process, if it is this network's dnsmasq: a pid may have gone to somebody else, and a zombie has no arguments. */
function argumentsOf(network: NetworkPlace, pid: number): string[] | undefined {
  const [program = "", ...args] = commandOf(pid);
  return path.basename(program) === "dnsmasq" && args.includes(`--pid-file=${pidFileOf(network)}`) ? args : undefined;
}

/** Lets dnsmasq's group, and no other user of the host, look up the host entries, which it reads as long as it runs. Leases it opens while it is root. */
async function giveFiles(network: NetworkPlace, gid: number): Promise<void> {
  const uid = process.getuid?.() ?? 0;
  await setOwner(network.path, uid, gid, 0o710);
  // Its entries inherit the group.
  for (const folder of [hostsDirOf(network), namesDirOf(network)]) await setOwner(folder, uid, gid, 0o2750);
  await using leases = await open(leasesFileOf(network), "a", 0o600);
  if (((await leases.stat()).mode & 0o777) !== 0o600) await leases.chmod(0o600);
}
