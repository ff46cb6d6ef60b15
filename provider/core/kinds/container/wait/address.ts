/** Wait for an address: a global one of either family, of any nic or of a chosen one. */
import type { Devices } from "../../../../../sdk/api/common";
import type { InstanceState } from "../../../../../sdk/api/instance";
import { type Family, globalAddresses, seenOf } from "../addresses";
import { type ConditionKind, failed, runningState, untilTrue, type Watch } from "./watch";

/** Extension of the daemon that answers when the condition holds; LXD sends no event when an address appears. */
const waitExtension = "bothy_instance_wait";

/** The daemon's longest wait, in seconds. */
const longestWaitSeconds = 86_400;
/** What the daemon gets more, so that who gives up first is the one that knows what to say. */
const moreSeconds = 5;

const nicsOf = (devices: Devices): string[] =>
  Object.entries(devices).flatMap(([name, { type }]) => (type === "nic" ? [name] : []));

/** The interface of a chosen nic. @throws Error for a nic that the container does not have */
export function chosenInterface(watch: Watch): string | undefined {
  const { nic } = watch.condition;
  if (nic === undefined) return undefined;
  const names = nicsOf(watch.devices);
  if (names.includes(nic)) return watch.devices[nic]?.name ?? nic;
  const there = names.length === 0 ? "It has none" : `It has ${names.join(", ")}`;
  throw failed(watch, `${watch.path.join(".")}.nic: it has no nic "${nic}". ${there}.`);
}

/** @returns the first global address of the family, of the nic that is meant */
export const addressIn = (watch: Watch, state: InstanceState, family: Family): string | undefined =>
  globalAddresses(state, family, chosenInterface(watch))[0];

async function until(watch: Watch): Promise<void> {
  const { context, name, condition, timeoutSeconds } = watch;
  const { client, server, signal } = context;
  const isKnownToServer = condition.for === "ipv4" && condition.nic === undefined;
  if (isKnownToServer && server.api_extensions.includes(waitExtension)) {
    const seconds = Math.min(timeoutSeconds + moreSeconds, longestWaitSeconds);
    await client.waitInstance(name, { for: "ipv4", timeoutSeconds: seconds }, { signal });
    return;
  }
  const family = condition.for === "ipv6" ? "inet6" : "inet";
  await untilTrue(watch, async () => addressIn(watch, await runningState(watch), family) !== undefined);
}

export const address: ConditionKind = {
  missing: ({ condition: { for: word, nic } }) =>
    `${nic === undefined ? "it" : `its nic "${nic}"`} got no ${word === "ipv6" ? "IPv6" : "IPv4"} address`,
  until,
  seen: async ({ context: { client, signal }, name }) => seenOf(await client.getInstanceState(name, { signal })),
};
