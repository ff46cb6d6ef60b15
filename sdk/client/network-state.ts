/** State of networks: typed calls. */
import { NetworkLease, NetworkState } from "../api/network";
import { listOf } from "./answer";
import type { CallOptions } from "./call-options";
import { urlOf } from "./request";
import type { Wire } from "./wire";

export const networkStateCalls = (wire: Wire) => ({
  getNetworkState: (name: string, options?: CallOptions): Promise<NetworkState> =>
    wire.get(urlOf`/1.0/networks/${name}/state`, NetworkState, options),

  /** Addresses that the network gave by DHCP, and its own. */
  getNetworkLeases: (name: string, options?: CallOptions): Promise<NetworkLease[]> =>
    wire.get(urlOf`/1.0/networks/${name}/leases`, listOf(NetworkLease), options),
});
