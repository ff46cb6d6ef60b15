/**
 * Names: what DNS knows of nics that dnsmasq cannot name by itself. It takes no dot in a name that it gives with an address, so the name of an
 * instance in a project ("web.lab") follows the leases: one file a nic in dnsmasq.names, which dnsmasq reads as soon as it changes (--hostsdir).
 */
import { type FSWatcher, watch } from "node:fs";
import { chmod, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { networkConfig } from "../../../sdk/api/config/network";
import { ownFolder } from "../../platform/folders/aside";
import { readText } from "../../platform/folders/files";
import { Locks } from "../../platform/locks";
import type { Log } from "../../platform/log";
import { givesIpv6, subnet6Of } from "./config";
import type { NetworkHost, NetworkPlace } from "./driver";
import { entryOf, hostsDirOf, listHosts } from "./hosts";
import { addressText6, ownAddress6 } from "./ipv6";
import { leasesFileOf, readAllLeases } from "./leases";
import { ownerOf6 } from "./stale-leases";

export const namesDirOf = (network: NetworkPlace): string => path.join(network.path, "dnsmasq.names");

/** Makes the network's folders. Names and addresses of guests are for nobody's eyes but ours, and dnsmasq's. */
export function makeFolders(log: Log, network: NetworkPlace): void {
  for (const folder of [network.path, hostsDirOf(network), namesDirOf(network)]) ownFolder(log, folder, 0o700);
}

/** What DNS can carry: labels of letters, digits and dashes. Names of projects may hold more. */
const isDnsName = (name: string): boolean =>
  /^(?!.{200})[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i.test(name);

export class DnsNames {
  readonly #watches = new Map<string, FSWatcher>();
  readonly #locks = new Locks();

  constructor(private readonly log: Log) {}

  /** Brings the names in line with the leases, now and whenever dnsmasq writes them. */
  async follow(network: NetworkPlace): Promise<void> {
    this.stop(network.name);
    // Not persistent: it is not a reason to keep the process.
    const watcher = watch(network.path, { persistent: false }, (_event, file) => {
      if (file === path.basename(leasesFileOf(network))) void this.#orLog(network);
    });
    watcher.on("error", (error) =>
      this.log.error("Cannot watch the leases of a network", { network: network.name, error }),
    );
    this.#watches.set(network.name, watcher);
    await this.#orLog(network);
  }

  /** The names stay as they are. */
  stop(network: string): void {
    this.#watches.get(network)?.close();
    this.#watches.delete(network);
  }

  stopAll(): void {
    for (const network of [...this.#watches.keys()]) this.stop(network);
  }

  async #orLog(network: NetworkPlace): Promise<void> {
    try {
      await this.bring(network);
    } catch (error) {
      this.log.error("Cannot bring names in line with the leases of a network", { network: network.name, error });
    }
  }

  /** Writes the address of each named nic that has a lease or a fixed one. */
  bring(network: NetworkPlace): Promise<void> {
    return this.#locks.run(network.name, async () => {
      const named = (await listHosts(network)).filter(({ dnsName }) => dnsName !== undefined && isDnsName(dnsName));
      if (named.length === 0) return;
      const { ipv4, ipv6 } = await readAllLeases(network);
      const domain = networkConfig(network.config).get("dns.domain");
      for (const host of named) {
        const leased = [
          ...ipv4.filter(({ hwaddr }) => hwaddr === host.hwaddr.toLowerCase()),
          ...ipv6.filter((lease) => ownerOf6(network, lease, [host]) !== undefined),
        ].map(({ address }) => address);
        // A fixed one is known before the guest asks for it.
        const addresses = leased.length > 0 || host.ipv4 === undefined ? leased : [host.ipv4];
        if (addresses.length > 0) await write(network, host, linesOf(addresses, [`${host.dnsName}.${domain}`]));
      }
    });
  }

  /** Names a nic that has its address by itself. */
  async fix(network: NetworkPlace, host: NetworkHost): Promise<void> {
    const set = networkConfig(network.config);
    const { instance, dnsName, ipv4, hwaddr } = host;
    const name = dnsName ?? instance;
    if (set.get("dns.mode") === "none" || ipv4 === undefined || !isDnsName(name)) return;
    // What dnsmasq names by a lease, it knows without its domain too.
    const names = [`${name}.${set.get("dns.domain")}`, ...(dnsName === undefined ? [name] : [])];
    const subnet = subnet6Of(network.config);
    // Nobody inside asks for an address, so its kernel takes the one of SLAAC.
    const ipv6 = subnet && !givesIpv6(network.config) && subnet.bits <= 64 ? ownAddress6(subnet, hwaddr) : undefined;
    const addresses = [ipv4, ...(ipv6 === undefined ? [] : [addressText6(ipv6)])];
    await this.#locks.run(network.name, () => write(network, host, linesOf(addresses, names)));
  }

  /** A missing one is not an error. */
  drop(network: NetworkPlace, instance: string, device: string): Promise<void> {
    return this.#locks.run(network.name, () => rm(fileOf(network, instance, device), { force: true }));
  }
}

const fileOf = (network: NetworkPlace, instance: string, device: string): string =>
  path.join(namesDirOf(network), entryOf(instance, device));

/** As in hosts(5). */
const linesOf = (addresses: readonly string[], names: readonly string[]): string =>
  addresses.map((address) => `${address} ${names.join(" ")}\n`).join("");

async function write(network: NetworkPlace, host: NetworkHost, text: string): Promise<void> {
  const file = fileOf(network, host.instance, host.device);
  if ((await readText(file)) === text) return;
  // dnsmasq passes over names that begin with a dot, and reads it by the folder's group; the umask took that away.
  const unfinished = path.join(path.dirname(file), `.${path.basename(file)}`);
  await writeFile(unfinished, text, { mode: 0o640 });
  await chmod(unfinished, 0o640);
  await rename(unfinished, file);
}
