/**
 * The drivers of networks that are an interface of the host: macvlan, physical and sriov. There is nothing to make for them: their nics stand on the interface, or
 * are it, or a part of it. They give no addresses.
 */
import { mkdir } from "node:fs/promises";
import type { Config } from "../../../../sdk/api/common";
import { networkConfig } from "../../../../sdk/api/config/network";
import { ApiError, badRequest, notFound } from "../../../../sdk/api/errors";
import type { NetworkLease, NetworkState } from "../../../../sdk/api/network";
import {
  type NetworkDriver,
  type NetworkHost,
  type NetworkPlace,
  type NetworkStart,
  type OnFailure,
  refusedAddress,
  type Surroundings,
} from "../driver";
import { findLink } from "../link";
import { partByPart } from "./part-by-part";

export class ParentDriver implements NetworkDriver {
  constructor(readonly type: "macvlan" | "physical" | "sriov") {}

  unavailable(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }

  missingPrograms(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }

  async plan(name: string, config: Config, { current = {}, others }: Surroundings): Promise<Config> {
    const set = networkConfig(config);
    const parent = set.get("parent");
    const invalid = (option: string, why: string) =>
      badRequest(`Invalid value for network "${name}" option "${option}": ${why}`);
    if (parent === undefined) throw invalid("parent", "Required value");
    const vlan = set.get("vlan");
    if (vlan === "none") throw invalid("vlan", "it must be the number of a VLAN");
    if (vlan !== undefined && this.type !== "sriov" && `${parent}.${vlan}`.length > 15)
      throw invalid(
        "vlan",
        `the interface "${parent}.${vlan}" would have a name of more than 15 characters. Use a shorter parent`,
      );
    const isSame = networkConfig(current).get("parent") === parent && networkConfig(current).get("vlan") === vlan;
    if (isSame) return config;
    // One that a container has at the moment is not there either.
    if ((await findLink(parent)) === undefined)
      throw invalid("parent", `Parent interface "${parent}" not found. Correct it`);
    const rival = others.find((other) => {
      const its = networkConfig(other.config);
      return its.get("parent") === parent && its.get("vlan") === vlan && [other.type, this.type].includes("physical");
    });
    if (rival !== undefined)
      throw invalid("parent", `Parent interface "${parent}" in use by another network, "${rival.name}"`);
    return config;
  }

  async start(network: NetworkPlace): Promise<void> {
    await mkdir(network.path, { recursive: true, mode: 0o700 });
  }

  startAll(starts: readonly NetworkStart[], failed: OnFailure): Promise<void> {
    return partByPart(starts, [{ atOnce: starts.length, work: ({ network }) => this.start(network) }], failed);
  }

  async stop(): Promise<void> {}

  async stopAll(): Promise<void> {}

  async release(): Promise<void> {}

  async applyRules(): Promise<void> {}

  async openPorts(): Promise<void> {}

  async settlePort(): Promise<void> {}

  async keepPorts(): Promise<void> {}

  async openProxy(): Promise<void> {}

  async keepProxies(): Promise<void> {}

  checkHost({ name }: NetworkPlace, host: NetworkHost): void {
    for (const key of ["ipv4", "ipv6"] as const)
      if (host[key] !== undefined) throw refusedAddress(host, key, host[key], `network "${name}" gives no addresses`);
  }

  async addHost(): Promise<void> {}

  async removeHost(): Promise<void> {}

  hosts(): Promise<NetworkHost[]> {
    return Promise.resolve([]);
  }

  leases(): Promise<NetworkLease[]> {
    return Promise.reject(
      new ApiError("NOT_IMPLEMENTED", `Not implemented: networks of the type "${this.type}" give no leases`),
    );
  }

  state({ name }: NetworkPlace): Promise<NetworkState> {
    return Promise.reject(
      notFound(
        `Network interface "${name}" not found: a network of the type "${this.type}" has none of its own. Ask for the state of its parent.`,
      ),
    );
  }
}
