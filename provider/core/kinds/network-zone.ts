/** Network zone: names of instances as a DNS zone, which configured peers may copy. */
import * as z from "zod";
import { networkZoneKeys } from "../../../sdk/api/config/network-zone";
import { NetworkZoneName, networkZoneKind } from "../../../sdk/api/network-zone";
import { adopt, configInput, description, endpoint, replacing, timeouts } from "../engine/inputs";
import { namedCore } from "./named";

export const NetworkZoneInputs = z.strictObject({
  name: NetworkZoneName.meta(
    replacing(
      "Name of the zone, a domain such as `lab.example.org`, or one of addresses such as `2.0.192.in-addr.arpa`.",
    ),
  ),
  description,
  config: configInput(networkZoneKeys),
  adopt,
  endpoint,
  timeouts,
});

export const networkZone = namedCore<z.output<typeof NetworkZoneInputs>, typeof networkZoneKind>({
  definition: networkZoneKind,
  type: "NetworkZone",
  description:
    "Names of instances as a DNS zone, which networks take by their keys `dns.zone.forward` and `dns.zone.reverse.*`, and configured peers may copy.",
  inputs: NetworkZoneInputs,
  outputs: z.object({}),
  // LXD 5.0.2 drops each key that a PATCH of a zone does not name.
  patchMayLose: true,
});
