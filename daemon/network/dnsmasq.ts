/** dnsmasq: one process a network for DHCP and DNS. It outlives the daemon and is found again by its pid file. */
import { readFileSync } from "node:fs";
import { rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { internal } from "../../sdk/api/errors";
import { run } from "../run";
import { dnsModeOf, domainOf, isOn } from "./config";
import type { NetworkPlace } from "./driver";
import { hostsDirOf } from "./hosts";
import { addressText, firstOf, lastOf, netmaskText, parseSubnet, type Subnet } from "./ipv4";
import { leasesFileOf } from "./leases";
import { readText } from "./text";

const pidFileOf = (network: NetworkPlace): string => path.join(network.path, "dnsmasq.pid");
const rawFileOf = (network: NetworkPlace): string => path.join(network.path, "dnsmasq.raw");

/** @param user whom dnsmasq becomes once its sockets are open */
export function dnsmasqArguments(network: NetworkPlace, user: string): string[] {
  const { name, config } = network;
  const subnet = parseSubnet(config["ipv4.address"] ?? "");
  return [
    // Empty: the host's own dnsmasq.conf is none of ours.
    `--conf-file=${config["raw.dnsmasq"] ? rawFileOf(network) : ""}`,
    `--pid-file=${pidFileOf(network)}`,
    `--user=${user}`,
    "--bind-dynamic",
    `--interface=${name}`,
    "--except-interface=lo",
    "--no-hosts",
    // A name without a dot is one of ours or nobody's; asking the world would leak it and make the guest wait.
    "--domain-needed",
    ...dnsArguments(network),
    ...(subnet !== undefined && isOn(config, "ipv4.dhcp") ? dhcpArguments(network, subnet) : []),
  ];
}

function dnsArguments({ name, config }: NetworkPlace): string[] {
  if (dnsModeOf(config) === "none") return [];
  const domain = domainOf(config);
  return [`--domain=${domain}`, `--local=/${domain}/`, `--interface-name=_gateway.${domain},${name}`];
}

function dhcpArguments(network: NetworkPlace, subnet: Subnet): string[] {
  const { config } = network;
  const expiry = config["ipv4.dhcp.expiry"] || "1h";
  const ranges = dhcpRanges(subnet, config["ipv4.dhcp.ranges"]);
  const mtu = config["bridge.mtu"];
  return [
    "--dhcp-authoritative",
    "--dhcp-rapid-commit",
    "--dhcp-no-override",
    // An offer waits for no ping: the addresses are ours alone to give.
    "--no-ping",
    "--quiet-dhcp",
    `--dhcp-lease-max=${Math.min(2 ** (32 - subnet.bits), 65536)}`,
    `--dhcp-leasefile=${leasesFileOf(network)}`,
    `--dhcp-hostsdir=${hostsDirOf(network)}`,
    ...ranges.map(([first, last]) => `--dhcp-range=${first},${last},${netmaskText(subnet)},${expiry}`),
    ...(mtu ? [`--dhcp-option-force=option:mtu,${mtu}`] : []),
    // The guest's idea of its name counts in dynamic mode only.
    ...(dnsModeOf(config) === "dynamic" ? [] : ["--dhcp-ignore-names"]),
  ];
}

/** First and last address of each range; the subnet without its bridge when the user chose none. */
export function dhcpRanges(subnet: Subnet, ranges: string | undefined): [string, string][] {
  if (ranges)
    return ranges.split(",").map((range) => {
      const [first = "", last = ""] = range.split("-");
      return [first, last];
    });
  const first = firstOf(subnet) + 1;
  const last = lastOf(subnet) - 1;
  const parts: [number, number][] = [
    [first, subnet.address - 1],
    [subnet.address + 1, last],
  ];
  return parts.filter(([from, to]) => from <= to).map(([from, to]) => [addressText(from), addressText(to)]);
}

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
    const { startTime = "" } = processState(pid);
    kill(pid, "SIGTERM");
    if (!(await isGone(pid, startTime))) kill(pid, "SIGKILL");
    if (!(await isGone(pid, startTime)))
      throw internal(`Cannot stop dnsmasq of network "${network.name}": process ${pid} does not end.`);
  }
  await rm(pidFileOf(network), { force: true });
}

/** Makes dnsmasq read its host entries anew, so that removed ones are forgotten. */
export async function reloadDnsmasq(network: NetworkPlace): Promise<void> {
  const running = await findDnsmasq(network);
  if (running !== undefined) kill(running.pid, "SIGHUP");
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
  const words = (readProc(`/proc/${pid}/cmdline`) ?? "").split("\0").slice(0, -1);
  const [program = "", ...args] = words;
  return path.basename(program) === "dnsmasq" && args.includes(`--pid-file=${pidFileOf(network)}`) ? args : undefined;
}

/** A process that has just ended needs no signal. */
function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function isGone(pid: number, startTime: string): Promise<boolean> {
  for (let tries = 0; tries < 500; tries += 1) {
    const { state, startTime: now } = processState(pid);
    if (state === undefined || "ZX".includes(state) || now !== startTime) return true;
    await delay(2);
  }
  return false;
}

/**
 * State letter and start time (fields 3 and 22 of /proc/PID/stat). A process that ends loses its command line first and its sockets later;
 * only a zombie has neither.
 */
function processState(pid: number): { state?: string; startTime?: string } {
  const fields = readProc(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, "")
    .split(" ");
  return { state: fields?.[0], startTime: fields?.[19] };
}

function readProc(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
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
