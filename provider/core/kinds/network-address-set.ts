/** Network address set: addresses under a name, which rules of network ACLs use as `$name`. */
import * as z from "zod";
import { Text } from "../../../sdk/api/common";
import { networkAddressSetKeys } from "../../../sdk/api/config/network-address-set";
import { addressesReason, NetworkAddressSetName, networkAddressSetKind } from "../../../sdk/api/network-address-set";
import { plainSet } from "../engine/alike";
import { propertyPath } from "../engine/check";
import type { CheckFailure } from "../engine/core";
import { adopt, configInput, description, endpoint, replacing, timeouts } from "../engine/inputs";
import { type Props, unknownValue } from "../engine/values";
import { namedCore } from "./named";

export const NetworkAddressSetInputs = z.strictObject({
  name: NetworkAddressSetName.meta(replacing("Name of the set; made from the resource's name when absent.")),
  description,
  addresses: z.array(Text).default([]).meta({
    description:
      "Addresses and subnets such as `10.1.2.0/24`, of both families as they come. Their order means nothing.",
  }),
  config: configInput(networkAddressSetKeys),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof NetworkAddressSetInputs>;

const trimmed = (all: readonly string[]): string[] => all.map((one) => one.trim());

const plainAddresses = (all: unknown): unknown =>
  Array.isArray(all) ? plainSet(all.map((one) => (typeof one === "string" ? one.trim() : one))) : all;

/** What is none, or stands twice; what is not known yet may be anything. */
function rules({ addresses }: Props): CheckFailure[] {
  const texts = (Array.isArray(addresses) ? addresses : []).map((one) => (typeof one === "string" ? one.trim() : ""));
  return texts.flatMap((one, at): CheckFailure[] => {
    if (one === unknownValue || typeof (addresses as unknown[])[at] !== "string") return [];
    const property = propertyPath(["addresses", at]);
    const first = texts.indexOf(one);
    if (first < at) return [{ property, reason: `is the same as addresses[${first}]` }];
    if (addressesReason([one]) === undefined) return [];
    return [{ property, reason: "must be an address or a subnet, such as 10.1.2.0/24" }];
  });
}

export const networkAddressSet = namedCore<Inputs, typeof networkAddressSetKind>({
  definition: networkAddressSetKind,
  type: "NetworkAddressSet",
  description:
    "Addresses and subnets under a name, which rules of network ACLs use as `$name`. A change counts at once.",
  inputs: NetworkAddressSetInputs,
  outputs: z.object({}),
  nameMaxLength: 63,
  alike: { addresses: plainAddresses },
  // A PATCH of Incus that names no addresses leaves none.
  patchMayLose: true,
  rules,
  put: ({ addresses }) => ({ addresses: trimmed(addresses) }),
  outs: ({ addresses }) => ({ addresses: addresses ?? [] }),
  culprits: [[/at index (\d+)/, "addresses[$1]"]],
});
