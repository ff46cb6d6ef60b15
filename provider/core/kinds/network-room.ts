/**
 * Network room: two networks cannot have one subnet. A network that takes over the subnet of the one that it replaces, so that those who use
 * that one can move over, needs it to step aside first.
 */
import type { Config } from "../../../sdk/api/common";
import { networkConfig } from "../../../sdk/api/config/network";
import { ApiError } from "../../../sdk/api/errors";
import { overlaps, parseSubnet } from "../../../sdk/api/ipv4";
import { overlaps6, parseSubnet6 } from "../../../sdk/api/ipv6";
import type { Network } from "../../../sdk/api/network";
import type { Context } from "../engine/core";
import { ifThere, messageOf } from "../engine/failure";
import { withRetry } from "../engine/write";

const families = [
  {
    /** Lies within the subnet. */
    ranges: "ipv4.dhcp.ranges",
    address: "ipv4.address",
    overlap: (a: string, b: string) => both(parseSubnet(a), parseSubnet(b), overlaps),
  },
  {
    ranges: "ipv6.dhcp.ranges",
    address: "ipv6.address",
    overlap: (a: string, b: string) => both(parseSubnet6(a), parseSubnet6(b), overlaps6),
  },
] as const;

const both = <S>(a: S | undefined, b: S | undefined, test: (a: S, b: S) => boolean): boolean =>
  a !== undefined && b !== undefined && test(a, b);

/**
 * Gives the old network other subnets where the new one wants its own; its guests get addresses of those until they move.
 * @param wanted configuration of the new network
 * @returns what gives them back, for when the new one cannot be made
 */
export async function makeRoom(context: Context, wanted: Config, old: string): Promise<() => Promise<void>> {
  const { client, log, signal } = context;
  const before = (await ifThere(client.getNetwork(old, { signal })))?.value;
  const [has, wants] = [networkConfig(before?.config ?? {}), networkConfig(wanted)];
  const met = families.filter(({ address, overlap }) => overlap(has.get(address), wants.get(address)));
  if (before === undefined || met.length === 0) return async () => undefined;
  const rest = Object.fromEntries(
    Object.entries(before.config).filter(([key]) => !met.some(({ ranges }) => ranges === key)),
  );
  const withAddresses = (value: string) => ({
    ...rest,
    ...Object.fromEntries(met.map(({ address }) => [address, value])),
  });
  const subnets = met.map(({ address }) => wants.get(address)).join(" and ");
  try {
    // "auto" keeps the address that a network has.
    await write(context, old, before, withAddresses("none"));
    await write(context, old, before, withAddresses("auto"));
  } catch (error) {
    if (!ApiError.is(error)) throw error;
    throw new ApiError(
      error.code,
      `config["${met[0]?.address}"]: network "${old}", which has the subnet ${subnets}, cannot leave it to this one: ${messageOf(error)} Give this network another subnet.`,
    );
  }
  log(
    `Network "${old}" has left its subnet ${met.map(({ address }) => has.get(address)).join(" and ")} to the one that replaces it.`,
  );
  return () => write({ ...context, signal: AbortSignal.timeout(60_000) }, old, before, before.config);
}

const write = (context: Context, name: string, { description }: Network, config: Network["config"]): Promise<void> =>
  withRetry(context, async () => {
    const { etag } = await context.client.getNetwork(name, { signal: context.signal });
    await context.client.updateNetwork(name, { description, config }, { etag, signal: context.signal });
  });
