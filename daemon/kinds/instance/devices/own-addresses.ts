/** Own addresses: a container made of an image of OCI has no DHCP client, so its nics get their addresses from us before they come up. */
import type { Config, Devices } from "../../../../sdk/api/common";
import type { OwnAddress } from "../../network/driver";
import type { InstanceHome } from "../home";
import { isOci } from "../spec/oci";
import type { Owner } from "./driver";
import { networkHost } from "./nic-bridged";
import { ownAddressKey, planNics } from "./nic-plan";

export interface OwnAddresses {
  /** The instance's own configuration with the addresses in volatile keys. */
  readonly config: Config;
  /** Content of resolv.conf; nothing where no network gives an address. */
  readonly resolver: string | undefined;
}

/**
 * Asks the networks of the bridged nics.
 * @param owner with its chosen keys @param devices all of the instance @param isAnew which nics are looked at
 * @throws ApiError BAD_REQUEST when a network has no free address
 */
export async function ownAddresses(
  home: InstanceHome,
  owner: Owner,
  devices: Devices,
  isAnew: (device: string) => boolean = () => true,
): Promise<OwnAddresses> {
  const config: Record<string, string> = { ...owner.config };
  const given: OwnAddress[] = [];
  if (!isOci(owner.config)) return { config: owner.config, resolver: undefined };
  const nics = Object.entries(devices).filter(([name, { type }]) => type === "nic" && isAnew(name));
  for (const nic of planNics({ owner, devices: nics.sort(([a], [b]) => (a < b ? -1 : 1)) })) {
    const key = ownAddressKey(nic.device);
    const wanted = config[key]?.split("/")[0];
    delete config[key];
    if (!home.networks.isManaged(nic.bridge)) continue;
    const host = networkHost(owner, { ...nic, own: undefined });
    const address = await home.networks.nics.addWithAddress(nic.bridge, host, wanted);
    if (address === undefined) continue;
    given.push(address);
    config[key] = `${address.ipv4}/${address.bits} ${address.gateway}`;
  }
  return { config, resolver: given.length === 0 ? undefined : resolverOf(given) };
}

/** The C library asks the first three. */
const mostServers = 3;

function resolverOf(given: readonly OwnAddress[]): string {
  const servers = [...new Set(given.map(({ server }) => `nameserver ${server}`))].slice(0, mostServers);
  const domains = [...new Set(given.map(({ domain }) => domain))].join(" ");
  return `${[...servers, ...(domains === "" ? [] : [`search ${domains}`])].join("\n")}\n`;
}
