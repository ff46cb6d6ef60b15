/**
 * Network room: two networks cannot have one subnet. A network that takes over the subnet of the one that it replaces, so that those who use
 * that one can move over, needs it to step aside first.
 */
import { networkConfig } from "../../../sdk/api/config/network";
import { ApiError } from "../../../sdk/api/errors";
import { overlaps, parseSubnet } from "../../../sdk/api/ipv4";
import type { Network } from "../../../sdk/api/network";
import type { Context } from "../engine/core";
import { ifThere, messageOf } from "../engine/failure";
import { withRetry } from "../engine/write";

const addressKey = "ipv4.address";
/** Lies within the subnet. */
const rangesKey = "ipv4.dhcp.ranges";

/**
 * Gives the old network another subnet when the new one wants its own; its guests get addresses of that until they move.
 * @param wanted ipv4.address of the new network
 * @returns what gives it back, for when the new one cannot be made
 */
export async function makeRoom(context: Context, wanted: string, old: string): Promise<() => Promise<void>> {
  const { client, log, signal } = context;
  const before = (await ifThere(client.getNetwork(old, { signal })))?.value;
  const has = networkConfig(before?.config ?? {}).get(addressKey);
  const [have, want] = [parseSubnet(has), parseSubnet(wanted)];
  if (before === undefined || have === undefined || want === undefined || !overlaps(have, want))
    return async () => undefined;
  const { [rangesKey]: _, ...rest } = before.config;
  try {
    // "auto" keeps the address that a network has.
    await write(context, old, before, { ...rest, [addressKey]: "none" });
    await write(context, old, before, { ...rest, [addressKey]: "auto" });
  } catch (error) {
    if (!ApiError.is(error)) throw error;
    throw new ApiError(
      error.code,
      `config["${addressKey}"]: network "${old}", which has the subnet ${wanted}, cannot leave it to this one: ${messageOf(error)} Give this network another subnet.`,
    );
  }
  log(`Network "${old}" has left its subnet ${has} to the one that replaces it.`);
  return () => write({ ...context, signal: AbortSignal.timeout(60_000) }, old, before, before.config);
}

const write = (context: Context, name: string, { description }: Network, config: Network["config"]): Promise<void> =>
  withRetry(context, async () => {
    const { etag } = await context.client.getNetwork(name, { signal: context.signal });
    await context.client.updateNetwork(name, { description, config }, { etag, signal: context.signal });
  });
