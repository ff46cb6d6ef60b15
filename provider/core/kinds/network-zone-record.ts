/** Network zone record: what a zone says of a name beside what networks make it say. */
import * as z from "zod";
import { Text } from "../../../sdk/api/common";
import { networkZoneRecordKeys } from "../../../sdk/api/config/network-zone";
import { NetworkZoneName } from "../../../sdk/api/network-zone";
import { NetworkZoneRecordName, networkZoneRecordKind } from "../../../sdk/api/network-zone-record";
import { entryData, entryTypes } from "../../../sdk/api/zone-entry";
import { propertyPath } from "../engine/check";
import type { CheckFailure } from "../engine/core";
import { adopt, configInput, description, endpoint, replacing, timeouts, wordOf } from "../engine/inputs";
import { compact, holdsUnknown, isMap, type Props } from "../engine/values";
import { namedCore } from "./named";

export const NetworkZoneRecordEntry = z
  .strictObject({
    type: wordOf(entryTypes).meta({ description: "Type of DNS, such as `A`, `AAAA`, `CNAME`, `MX`, `SRV` or `TXT`." }),
    value: Text.min(1).meta({
      description:
        "As a zone file writes it, such as `192.0.2.5` or `10 mail.example.org.`; a name that does not end with a dot is one of the zone.",
    }),
    ttl: z
      .int()
      .min(0)
      .max(2 ** 31 - 1)
      .optional()
      .meta({ description: "Seconds for which it may be kept; 300 when absent." }),
  })
  .meta({ id: "NetworkZoneRecordEntry", description: "Something that a zone says of a name." });

export const NetworkZoneRecordInputs = z.strictObject({
  zone: NetworkZoneName.meta(replacing("Zone that the record is of.")),
  name: NetworkZoneRecordName.meta(
    replacing("Name that it is about, without that of the zone; `@` for the zone itself."),
  ),
  description,
  entries: z.array(NetworkZoneRecordEntry).default([]).meta({ description: "What the zone says of the name." }),
  config: configInput(networkZoneRecordKeys),
  adopt,
  endpoint,
  timeouts,
});
type Inputs = z.output<typeof NetworkZoneRecordInputs>;

/** A time of 0 says nothing. */
function plainEntry(entry: unknown): unknown {
  if (!isMap(entry)) return entry;
  const { ttl, ...rest } = compact(entry);
  return ttl === undefined || ttl === 0 ? rest : { ...rest, ttl };
}

const plainEntries = (all: unknown): unknown => (Array.isArray(all) ? all.map(plainEntry) : all);

/** What no single property tells: values that are none of their types, and entries that stand twice. */
function rules({ entries }: Props): CheckFailure[] {
  const seen: string[] = [];
  return (Array.isArray(entries) ? entries : []).flatMap((entry: unknown, at): CheckFailure[] => {
    if (!isMap(entry) || holdsUnknown(entry)) return [];
    const { type, value } = entry;
    if (typeof type !== "string" || typeof value !== "string" || !entryTypes.includes(type)) return [];
    const first = seen.indexOf(`${type} ${value}`);
    seen[at] = `${type} ${value}`;
    if (first >= 0) return [{ property: propertyPath(["entries", at]), reason: `is the same as entries[${first}]` }];
    if (entryData("zone", type, value) !== undefined) return [];
    const reason = `is no value of type ${type}. Write it as a zone file has it`;
    return [{ property: propertyPath(["entries", at, "value"]), reason }];
  });
}

export const networkZoneRecord = namedCore<Inputs, typeof networkZoneRecordKind>({
  definition: networkZoneRecordKind,
  type: "NetworkZoneRecord",
  description: "What a zone says of a name, beside what its networks make it say; deleted together with it.",
  inputs: NetworkZoneRecordInputs,
  outputs: z.object({}),
  hasSlashes: true,
  alike: { entries: plainEntries },
  patchMayLose: true,
  rules,
  outs: ({ entries }) => ({ entries: plainEntries(entries ?? []) }),
  culprits: [[/record entry|Duplicate record/, "entries"]],
});
