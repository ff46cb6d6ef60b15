/** Proxy in NAT mode: what a container's network is told of it (daemon/kinds/network/nat-proxy.ts). */
import { ApiError, badRequest } from "../../../../sdk/api/errors";
import { hasUsersIds } from "../../../../sdk/host/own-ids";
import { toApiError } from "../../../platform/errors";
import { isIsolated } from "../../network/config";
import { isNatProxy, type NatTarget, natProxyOf, natTargetOf } from "../../network/nat-proxy";
import { keyOf } from "../record";
import type { DeviceDriver, Facts, NamedDevice, PlanFacts } from "./driver";
import type { BeforeStep } from "./step";

const failed = (device: string, cause: string) => badRequest(`Failed to start device "${device}": ${cause}`);

const targetOf = ({ home, all }: Pick<Facts, "home" | "all">, options: NamedDevice[1]): NatTarget | string =>
  natTargetOf(options, all, (bridge) => home.networks.nics.isBridge(bridge));

/** @throws ApiError BAD_REQUEST for a proxy that leads to no fixed address of a nic */
export function requireNatTarget(facts: Facts, [device, options]: NamedDevice): NatTarget {
  if (hasUsersIds)
    throw failed(
      device,
      "NAT mode needs root's daemon: the rules of a user's are in a network of its own, where nobody from outside comes by. Leave \"nat\" out",
    );
  const target = targetOf(facts, options);
  if (typeof target === "string") throw failed(device, target);
  if (isIsolated(facts.home.networks.find(target.network)?.config ?? {}))
    throw failed(device, `network "${target.network}" is isolated: the host forwards nothing to it. Leave "nat" out`);
  return target;
}

/** Its nic's address, which a proxy may leave open. */
export const natPart: NonNullable<DeviceDriver["partOf"]> = (home, options, all) =>
  isNatProxy(options) ? JSON.stringify(targetOf({ home, all }, options)) : "";

/** One that is changed takes the place of the old one in one step. What a container has, which led somewhere when it came, is not judged. */
export function natSteps(facts: PlanFacts, named: NamedDevice): BeforeStep[] {
  const { home, owner, isAnew } = facts;
  const [device, options] = named;
  const target = isAnew(device) ? requireNatTarget(facts, named) : targetOf(facts, options);
  const proxy = typeof target === "string" ? undefined : natProxyOf(keyOf(owner), device, options, target);
  if (typeof target === "string" || proxy === undefined) return [];
  const { network } = target;
  const open = async () => {
    try {
      await home.networks.nics.openProxy(network, proxy);
    } catch (error) {
      const { code, message } = toApiError(error);
      throw new ApiError(code, `Failed to start device "${device}": ${message}`, { cause: error });
    }
  };
  return [
    {
      by: "daemon before",
      about: `proxy ${network} ${device}`,
      run: open,
      undo: () => home.networks.nics.closeProxy(keyOf(owner), device, network),
    },
  ];
}

/** On whatever network it is. */
export const closeNatProxy = ({ home, owner }: Pick<Facts, "home" | "owner">, device: string): Promise<void> =>
  home.networks.nics.closeProxy(keyOf(owner), device);
