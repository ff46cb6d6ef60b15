/** Warning: something that the daemon cannot put right by itself (docs/lxd-api.md, Warnings). */
import * as z from "zod";
import { Time } from "./common";
import { means } from "./means";

export const WarningSeverity = z.enum(["low", "moderate", "high"]);
export type WarningSeverity = z.infer<typeof WarningSeverity>;

export const WarningStatus = z.enum(["new", "acknowledged", "resolved"]);
export type WarningStatus = z.infer<typeof WarningStatus>;

/** What a client may change: acknowledge a warning, or make it new again. */
export const WarningPut = z.object({ status: means(z.string().default(""), "`acknowledged` or `new`.") });
export type WarningPut = z.infer<typeof WarningPut>;

export const Warning = z.looseObject({
  uuid: z.string(),
  status: means(z.string(), "`new`, `acknowledged` or `resolved`."),
  severity: means(z.string(), "`low`, `moderate` or `high`."),
  type: means(z.string(), 'What kind it is, in words, such as "Storage pool unavailable".'),
  last_message: z.string(),
  count: means(z.number(), "How often it was seen."),
  first_seen_at: Time,
  last_seen_at: Time,
  entity_url: means(z.string(), "Path of the object that it is about; empty for the server itself."),
  project: z.string(),
  location: z.string(),
});
export type Warning = z.infer<typeof Warning>;
