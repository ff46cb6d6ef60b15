/** Network zone record: what a zone says of a name beside what networks make it say (docs/lxd-api.md, Network zones). */
import * as z from "zod";
import { Config, Text, text } from "./common";
import { networkZoneRecordKeys } from "./config/network-zone";
import { dnsNameReason } from "./dns-name";
import { defineKind } from "./kind";
import { means } from "./means";

/** The zone itself, as zone files write it. */
export const apex = "@";

export const NetworkZoneRecordName = Text.superRefine((name, { addIssue }) => {
  const reason = name === apex ? undefined : dnsNameReason(name);
  if (name === "") addIssue({ code: "custom", message: `Name is required; that of the zone itself is "${apex}"` });
  else if (reason !== undefined) addIssue({ code: "custom", message: `Invalid record name "${name}": ${reason}` });
});

/** The most that DNS carries (RFC 2181, 8). */
const maxTtl = 2 ** 31 - 1;

export const NetworkZoneRecordEntry = z.object({
  type: means(Text.default(""), "Type of DNS, such as `A`, `AAAA`, `CNAME`, `MX`, `SRV` or `TXT`."),
  ttl: means(z.int().min(0).max(maxTtl).optional(), "Seconds for which it may be kept; 300 when it is 0 or absent."),
  value: means(Text.default(""), "As a zone file writes it, such as `192.0.2.5` or `10 mail.example.org.`."),
});
export type NetworkZoneRecordEntry = z.infer<typeof NetworkZoneRecordEntry>;

/** As a server tells of one. */
export const NetworkZoneRecordEntryShown = z.looseObject({
  type: z.string(),
  ttl: means(z.int().optional(), "Absent where it says none."),
  value: z.string(),
});

export const NetworkZoneRecordPut = z.object({
  description: text,
  config: Config.default({}),
  entries: z.array(NetworkZoneRecordEntry).default([]),
});
export type NetworkZoneRecordPut = z.infer<typeof NetworkZoneRecordPut>;

export const NetworkZoneRecordsPost = NetworkZoneRecordPut.extend({ name: NetworkZoneRecordName });
export type NetworkZoneRecordsPost = z.infer<typeof NetworkZoneRecordsPost>;

export const NetworkZoneRecord = z.looseObject({
  ...NetworkZoneRecordPut.shape,
  entries: z.array(NetworkZoneRecordEntryShown).nullable().default([]),
  name: z.string(),
});
export type NetworkZoneRecord = z.infer<typeof NetworkZoneRecord>;

export const networkZoneRecordKind = defineKind({
  name: "network-zone-record",
  title: "Network zone record",
  path: "/1.0/network-zones/{zone}/records",
  parent: "zone",
  put: NetworkZoneRecordPut,
  post: NetworkZoneRecordsPost,
  shown: NetworkZoneRecord,
  tagged: ["name", "description", "config", "entries"],
  keys: { table: networkZoneRecordKeys, lxd: [] },
});
