/** Host entries: one file a nic in dnsmasq.hosts, which dnsmasq reads as soon as it is there (--dhcp-hostsdir). */

import { chmod, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { networkConfig } from "../../../sdk/api/config/network";
import { entries, readText } from "../../platform/folders/files";
import type { NetworkHost, NetworkPlace } from "./driver";
import { noteTags } from "./host-tags";

export const hostsDirOf = (network: NetworkPlace): string => path.join(network.path, "dnsmasq.hosts");

/** Names of projects may hold dots, and the first dot ends the instance's name. Names of devices may hold slashes, and none of them leads out of the folder. */
const prefixOf = (instance: string): string => `${instance.replaceAll(".", "%2E")}.`;

/** Name of a nic's file. */
export const entryOf = (instance: string, device: string): string =>
  `${prefixOf(instance)}${device.replaceAll("/", "%2F")}`;

const fileOf = (network: NetworkPlace, instance: string, device: string): string =>
  path.join(hostsDirOf(network), entryOf(instance, device));

/** dnsmasq's word for nics that are told no MTU. */
export const ownMtuTag = "ownmtu";

/** dnsmasq's words for nics that it does not name, also not by what their guest says of itself; behind the dash comes their name (names.ts). */
export const namelessTag = "nameless";
const dnsNameTag = "set:name-";

/** Line of dnsmasq's dhcp-host files. id:* is for copies of a container: they bring the same client id, and go by their hardware address. */
export const hostLine = (network: NetworkPlace, host: NetworkHost): string =>
  [
    host.hwaddr.toLowerCase(),
    "id:*",
    host.hasOwnMtu ? `set:${ownMtuTag}` : undefined,
    host.ipv4,
    host.ipv6 === undefined ? undefined : `[${host.ipv6}]`,
    ...(host.dnsName !== undefined
      ? [`set:${namelessTag}`, `${dnsNameTag}${encodeURIComponent(host.dnsName)}`]
      : [networkConfig(network.config).get("dns.mode") === "managed" ? host.instance : undefined]),
  ]
    .filter((part) => part !== undefined)
    .join(",");

/** The entries of all instances or of one, as written; leftovers of a write that was cut off do not count. */
export async function listHosts(network: NetworkPlace, instance?: string): Promise<NetworkHost[]> {
  const prefix = instance === undefined ? "" : prefixOf(instance);
  const names = (await namesIn(hostsDirOf(network))).filter((name) => name.startsWith(prefix));
  const hosts = await Promise.all(names.map((name) => readHost(network, name)));
  return hosts.filter((host) => host !== undefined);
}

/** The entry of one nic, or nothing when it has none. */
export async function findHost(
  network: NetworkPlace,
  instance: string,
  device: string,
): Promise<NetworkHost | undefined> {
  return readHost(network, path.basename(fileOf(network, instance, device)));
}

/** Writes the entry in one step. @returns whether anything changed */
export async function writeHost(network: NetworkPlace, host: NetworkHost): Promise<boolean> {
  const file = fileOf(network, host.instance, host.device);
  const text = `${hostLine(network, host)}\n`;
  if ((await readText(file)) === text) return false;
  // dnsmasq passes over names that begin with a dot.
  const unfinished = path.join(path.dirname(file), `.${path.basename(file)}`);
  await noteTags(network, text);
  await writeFile(unfinished, text, { mode: 0o640 });
  // dnsmasq reads it by the folder's group; the umask took that away.
  await chmod(unfinished, 0o640);
  await rename(unfinished, file);
  return true;
}

/** Removes the entry of a nic; a missing one is not an error. */
export async function dropHost(network: NetworkPlace, instance: string, device: string): Promise<void> {
  await rm(fileOf(network, instance, device), { force: true });
}

async function readHost(network: NetworkPlace, file: string): Promise<NetworkHost | undefined> {
  const text = await readText(path.join(hostsDirOf(network), file));
  const [hwaddr, ...rest] = (text ?? "").trim().split(",");
  const dot = file.indexOf(".");
  if (!hwaddr || dot < 1) return undefined;
  const named = rest.find((part) => part.startsWith(dnsNameTag));
  const ipv4 = rest.find((part) => /^[\d.]+$/.test(part));
  const ipv6 = rest.map((part) => /^\[([\da-f:]+)\]$/.exec(part)?.[1]).find((address) => address !== undefined);
  return {
    instance: file.slice(0, dot).replaceAll("%2E", "."),
    device: file.slice(dot + 1).replaceAll("%2F", "/"),
    hwaddr,
    ...(ipv4 === undefined ? {} : { ipv4 }),
    ...(ipv6 === undefined ? {} : { ipv6 }),
    ...(rest.includes(`set:${ownMtuTag}`) ? { hasOwnMtu: true } : {}),
    ...(named === undefined ? {} : { dnsName: decodeURIComponent(named.slice(dnsNameTag.length)) }),
  };
}

const namesIn = async (folder: string): Promise<string[]> =>
  (await entries(folder)).filter((name) => !name.startsWith("."));
