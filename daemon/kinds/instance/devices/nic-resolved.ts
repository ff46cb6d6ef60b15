/** Resolved nics: a nic as its type has it, where it says so itself, and where a network says it. */
import type { Device } from "../../../../sdk/api/common";
import { nicOptions } from "../../../../sdk/api/devices/nic";
import { foreignOptions, saidByNetwork } from "../../../../sdk/api/devices/nic-rules";
import { badRequest } from "../../../../sdk/api/errors";
import type { NetworkRecord } from "../../network/store";

/** What is asked of the networks. */
export interface KnownNetworks {
  find(name: string): Pick<NetworkRecord, "name" | "type" | "config"> | undefined;
}

const types = ["bridged", "p2p", "macvlan", "ipvlan", "routed", "physical", "sriov"] as const;
export type NicTypeName = (typeof types)[number];

/** Keys of a network that stand for the options of its nics. */
const inherited = ["parent", "mtu", "vlan", "gvrp"];

const typeOfNetwork = (type: string): NicTypeName =>
  type === "macvlan" || type === "physical" || type === "sriov" ? type : "bridged";

/** The type of a nic. One whose network is not there counts as one of a bridge. */
export function nicTypeOf(networks: KnownNetworks, options: Device): NicTypeName {
  const type = nicOptions(options).get("nictype");
  if (type !== undefined) return type;
  return typeOfNetwork(networks.find(options.network ?? "")?.type ?? "");
}

/** The options of a nic with those that its network has for it. */
export function resolvedNic(networks: KnownNetworks, options: Device): Device {
  const network = options.network ? networks.find(options.network) : undefined;
  if (network === undefined || typeOfNetwork(network.type) === "bridged") return options;
  const said = inherited.flatMap((key) => (network.config[key] ? [[key, network.config[key]] as const] : []));
  return { ...options, ...Object.fromEntries(said) };
}

/** Refuses options of a nic whose network is of another type than they are for. @throws ApiError BAD_REQUEST */
export function requireOptionsOfNetwork(networks: KnownNetworks, device: string, options: Device): void {
  if (!options.network) return;
  const type = nicTypeOf(networks, options);
  const said = type === "bridged" ? undefined : saidByNetwork.find((option) => options[option]);
  if (said !== undefined)
    throw badRequest(
      `Device validation failed for "${device}": Cannot use "${said}" property in conjunction with "network" property`,
    );
  const [foreign] = foreignOptions(type, options);
  if (foreign !== undefined)
    throw badRequest(
      `Device validation failed for "${device}": Invalid device option "${foreign}": a nic of a network of this type has no such option`,
    );
}

/** The interface of the host that a nic stands on, its VLAN's where it is in one; "" for a nic that stands on none. */
export function hostDeviceOf(networks: KnownNetworks, options: Device): string {
  const type = nicTypeOf(networks, options);
  const { parent = "", vlan = "" } = resolvedNic(networks, options);
  if (type === "bridged" || type === "p2p") return "";
  return vlan === "" || parent === "" || type === "sriov" ? parent : `${parent}.${vlan}`;
}
