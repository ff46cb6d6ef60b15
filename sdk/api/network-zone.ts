/** Network zone: names of instances as a DNS zone, which configured peers may copy (docs/lxd-api.md, Network zones). */
import * as z from "zod";
import { Config, Text, text } from "./common";
import { networkZoneKeys } from "./config/network-zone";
import { dnsNameReason } from "./dns-name";
import { defineKind } from "./kind";
import { means } from "./means";

export const NetworkZoneName = Text.superRefine((name, { addIssue }) => {
  const reason = dnsNameReason(name);
  if (name === "") addIssue({ code: "custom", message: "Name is required" });
  else if (reason !== undefined) addIssue({ code: "custom", message: `Invalid zone name "${name}": ${reason}` });
});

export const NetworkZonePut = z.object({ description: text, config: Config.default({}) });
export type NetworkZonePut = z.infer<typeof NetworkZonePut>;

export const NetworkZonesPost = NetworkZonePut.extend({ name: NetworkZoneName });
export type NetworkZonesPost = z.infer<typeof NetworkZonesPost>;

export const NetworkZone = z.looseObject({
  ...NetworkZonePut.shape,
  name: z.string(),
  used_by: means(z.array(z.string()).nullable().default([]), "Paths of the networks whose instances it names."),
});
export type NetworkZone = z.infer<typeof NetworkZone>;

export const networkZoneKind = defineKind({
  name: "network-zone",
  title: "Network zone",
  path: "/1.0/network-zones",
  put: NetworkZonePut,
  post: NetworkZonesPost,
  shown: NetworkZone,
  tagged: ["name", "description", "config"],
  keys: { table: networkZoneKeys, lxd: [] },
  says: { delete: "Deletes a network zone that no network uses, with its records." },
});
